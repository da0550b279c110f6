import {
  type ChangeSink,
  type CleanupBatch,
  type Clock,
  type Committed,
  NotReady,
  type OrganizationId,
  type RandomBytes,
  type Receipt,
  type RestoreSummary,
  type Storage,
  type StorageStats,
  type VerificationStorage,
} from '@postern/core';
import { isRefusal } from './engine.ts';
import type { Commit } from './mutation.ts';
import type { MUTATIONS, OperationCall, READINGS, RECORDINGS } from './operation.ts';
import type { RevocationKeeper } from './revocation-keeper.ts';
import { createSignInStorage, type DatabaseStorage } from './sign-in-storage.ts';

/** What opening a storage needs, whatever the engine. */
export interface StorageOptions {
  /** The verification cache that this process answers from: told of every change before an answer may depend on it. */
  readonly cache: ChangeSink;
  readonly clock: Clock;
  readonly random: RandomBytes;
  /** The directory of the revocation journal; absent = none is kept. */
  readonly journal?: string | undefined;
  /** Whether the database may be brought to its present form; throws DatabaseOutdated where it may not, and has another. Default true. */
  readonly migrates?: boolean | undefined;
  /** Told how long the answer of each mutation waited after its commit, and how many processes were waited out. */
  readonly onConfirmed?: ((ms: number, expired: number) => void) | undefined;
}

/** What the two engines do differently behind the port. */
export interface Backend {
  readonly engine: Storage['engine'];
  readonly verification: VerificationStorage;
  now(): number;
  nonce(): string;
  /** Under which id this process's use is known to be complete. */
  nodeId(): string;
  /** Runs an operation. */
  call(call: OperationCall): Promise<unknown>;
  /** Called right after a commit, or a look at what is: waits until no process answers from older memory. Never fails. */
  confirm(): Promise<Omit<Receipt, 'position'>>;
  ping(): Promise<void>;
  stats(): Pick<StorageStats, 'leaseRemainingMs' | 'pools'>;
  readNodeLag(): ReturnType<Storage['readNodeLag']>;
  close(): Promise<void>;
}

type Arguments<Operation> = Operation extends (lead: never, ...args: infer Args) => unknown ? Args : never;
type Result<Operation> = Operation extends (...args: never) => Promise<infer Value> ? Value : never;
type CommittedResult<Operation> = Result<Operation> extends Commit<infer Value> ? Committed<Value> : never;

/** The port over a backend. */
export function createStorage(
  backend: Backend,
  keeper?: RevocationKeeper,
  onConfirmed: StorageOptions['onConfirmed'] = () => undefined,
): DatabaseStorage {
  function reading<Name extends keyof typeof READINGS>(name: Name) {
    type Reading = (typeof READINGS)[Name];
    return async (...args: Arguments<Reading>): Promise<Result<Reading>> =>
      (await backend.call({ kind: 'reading', name, now: backend.now(), args })) as Result<Reading>;
  }

  function recording<Name extends keyof typeof RECORDINGS>(name: Name) {
    return async (...args: Arguments<(typeof RECORDINGS)[Name]>): Promise<void> => {
      await backend.call({ kind: 'recording', name, args });
    };
  }

  function mutation<Name extends keyof typeof MUTATIONS>(name: Name) {
    type Mutation = (typeof MUTATIONS)[Name];
    return async (...args: Arguments<Mutation>): Promise<CommittedResult<Mutation>> => {
      const journaled = keeper !== undefined;
      const call = { kind: 'mutation', name, nonce: backend.nonce(), journaled, args } as const;
      const organizationId = (args[0] as { readonly organizationId?: OrganizationId }).organizationId;
      const settle = async (): Promise<void> => {
        if (organizationId !== undefined) await keeper?.settle(organizationId);
      };
      const { position, revocation, ...commit } = await attempt(backend, call, settle);
      const journal = revocation ? keeper?.keep(revocation) : commit.changed ? undefined : settle();
      // A journal that fails is no reason not to wait: nobody may be left to answer from older memory.
      const committedAt = performance.now();
      const [receipt, kept] = await Promise.allSettled([backend.confirm(), journal]);
      if (kept.status === 'rejected') throw kept.reason;
      if (receipt.status === 'rejected') throw receipt.reason;
      if (commit.changed) onConfirmed(performance.now() - committedAt, receipt.value.expired);
      return { ...commit, receipt: { position, ...receipt.value } } as CommittedResult<Mutation>;
    };
  }

  let closing: Promise<void> | undefined;

  return {
    engine: backend.engine,
    verification: backend.verification,
    async ping() {
      try {
        await backend.ping();
      } catch (error) {
        if (error instanceof NotReady) throw error;
        throw new NotReady('database_unreachable', error instanceof Error ? error.message : String(error));
      }
    },
    stats: () => ({ ...backend.stats(), ...(keeper?.stats() ?? { journalPending: 0, journalFailures: 0 }) }),
    readNodeLag: backend.readNodeLag,
    now: backend.now,
    close() {
      // The keeper tells the database what the journal has, before that is closed.
      closing ??= Promise.resolve(keeper?.close()).then(backend.close);
      return closing;
    },

    bootstrap: async (input) =>
      (await backend.call({ kind: 'beginning', name: 'bootstrap', nonce: backend.nonce(), args: [input] })) as boolean,
    hasBootstrapped: reading('hasBootstrapped'),
    listSecretKeyChecks: reading('listSecretKeyChecks'),
    addSecretKeyCheck: recording('addSecretKeyCheck'),
    listSecretKeyUse: reading('listSecretKeyUse'),

    createOrganization: mutation('createOrganization'),
    findOrganization: reading('findOrganization'),
    listOrganizations: reading('listOrganizations'),
    updateOrganization: mutation('updateOrganization'),
    setOrganizationPlan: mutation('setOrganizationPlan'),
    releaseOrganization: mutation('releaseOrganization'),
    deleteQuarantinedTokens: mutation('deleteQuarantinedTokens'),
    findInstallation: reading('findInstallation'),
    async restore(restoration) {
      const done = await backend.call({
        kind: 'beginning',
        name: 'restore',
        nonce: backend.nonce(),
        args: [restoration],
      });
      await backend.confirm();
      return done as RestoreSummary;
    },
    previewTokenPolicy: reading('previewTokenPolicy'),

    createServiceAccount: mutation('createServiceAccount'),
    findServiceAccount: reading('findServiceAccount'),
    listServiceAccounts: reading('listServiceAccounts'),
    updateServiceAccount: mutation('updateServiceAccount'),
    disableServiceAccount: mutation('disableServiceAccount'),
    enableServiceAccount: mutation('enableServiceAccount'),
    deleteServiceAccount: mutation('deleteServiceAccount'),

    createToken: mutation('createToken'),
    findToken: reading('findToken'),
    listTokens: reading('listTokens'),
    updateToken: mutation('updateToken'),
    refreshToken: mutation('refreshToken'),
    endTokenOverlap: mutation('endTokenOverlap'),
    deleteToken: mutation('deleteToken'),
    deleteTokens: mutation('deleteTokens'),
    reportLeakedToken: mutation('reportLeakedToken'),
    revokeTokens: mutation('revokeTokens'),
    listRevocableTokens: reading('listRevocableTokens'),

    listTokenCallers: reading('listTokenCallers'),
    listTokenUsage: reading('listTokenUsage'),
    findUsageCompleteness: reading('findUsageCompleteness'),
    recordUsage: (batch) => recording('recordUsage')({ ...batch, nodeId: backend.nodeId() }),

    recordUsageReport: recording('recordUsageReport'),
    claimCleanup: (ms) =>
      backend.call({ kind: 'recording', name: 'claimCleanup', args: [backend.now(), ms] }) as Promise<boolean>,
    cleanUp: (part, limits = {}) =>
      backend.call({
        kind: 'recording',
        name: 'cleanUp',
        args: [backend.now(), part, limits],
      }) as Promise<CleanupBatch>,

    inviteMember: mutation('inviteMember'),
    resendInvitation: mutation('resendInvitation'),
    findInvitation: reading('findInvitation'),
    joinMember: mutation('joinMember'),
    createMember: mutation('createMember'),
    findMember: reading('findMember'),
    listMembers: reading('listMembers'),
    updateMember: mutation('updateMember'),
    deleteMember: mutation('deleteMember'),
    findMemberOfUser: reading('findMemberOfUser'),
    findUnpeopledOrganization: reading('findUnpeopledOrganization'),
    createSetupLink: mutation('createSetupLink'),
    findSetup: reading('findSetup'),
    completeSetup: mutation('completeSetup'),
    recordSignIn: recording('recordSignIn'),

    createGroup: mutation('createGroup'),
    findGroup: reading('findGroup'),
    listGroups: reading('listGroups'),
    updateGroup: mutation('updateGroup'),
    deleteGroup: mutation('deleteGroup'),
    listGroupMembers: reading('listGroupMembers'),
    setGroupMember: mutation('setGroupMember'),
    removeGroupMember: mutation('removeGroupMember'),
    listGroupWorkspaces: reading('listGroupWorkspaces'),

    createWorkspace: mutation('createWorkspace'),
    findWorkspace: reading('findWorkspace'),
    listWorkspaces: reading('listWorkspaces'),
    updateWorkspace: mutation('updateWorkspace'),
    deleteWorkspace: mutation('deleteWorkspace'),
    listWorkspaceMembers: reading('listWorkspaceMembers'),
    setWorkspaceMember: mutation('setWorkspaceMember'),
    removeWorkspaceMember: mutation('removeWorkspaceMember'),
    listWorkspaceGroups: reading('listWorkspaceGroups'),
    setWorkspaceGroup: mutation('setWorkspaceGroup'),
    removeWorkspaceGroup: mutation('removeWorkspaceGroup'),

    createRole: mutation('createRole'),
    findRole: reading('findRole'),
    listRoles: reading('listRoles'),
    updateRole: mutation('updateRole'),
    deleteRole: mutation('deleteRole'),
    createPermission: mutation('createPermission'),
    listPermissions: reading('listPermissions'),
    updatePermission: mutation('updatePermission'),
    deletePermission: mutation('deletePermission'),

    findPrincipal: reading('findPrincipal'),
    listPrincipals: reading('listPrincipals'),
    listPermissionUses: reading('listPermissionUses'),

    async listChanges(organizationId, after) {
      const page = await reading('listChanges')(organizationId, after);
      // What is told of is asserted: whoever asks any process after this answer must find it applied.
      if (page.changes === undefined || page.changes.length > 0) await backend.confirm();
      return page;
    },

    listNodes: (organizationId) =>
      reading('listNodes')(organizationId, { nodeId: backend.nodeId(), leased: backend.engine === 'postgres' }),

    listAuditEvents: reading('listAuditEvents'),
    async recordRefusedMutation(refused) {
      // It may have been refused for what was read alone: that it is not there, for one.
      await Promise.all([
        recording('recordRefusedMutation')(refused),
        backend.confirm(),
        keeper?.settle(refused.organizationId),
      ]);
    },

    signIn: createSignInStorage(backend),
  };
}

/**
 * A refusal tells how things are: not there, ended, changed meanwhile. It may stand in for a writer that died after its
 * commit, so it waits like an answer that says "done".
 */
async function attempt(backend: Backend, call: OperationCall, settle: () => Promise<void>): Promise<Commit<unknown>> {
  try {
    return (await backend.call(call)) as Commit<unknown>;
  } catch (error) {
    if (isRefusal(error)) await Promise.all([backend.confirm(), settle()]);
    throw error;
  }
}
