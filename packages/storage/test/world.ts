import { randomBytes } from 'node:crypto';
import {
  type Actor,
  type AuditEventId,
  type Bootstrap,
  digestToken,
  type FirstAdmin,
  generateSecretKey,
  type MutationContext,
  mintTokenValue,
  type NewGeneration,
  type NewGroup,
  type NewJoinedMember,
  type NewMember,
  type NewPermission,
  type NewRole,
  type NewServiceAccount,
  type NewToken,
  type NewWorkspace,
  newId,
  ORGANIZATION,
  type OrganizationId,
  type Permission,
  type Place,
  parseSecretKey,
  type SecretKey,
  type ServiceAccount,
  type ServiceAccountId,
  type SignInUser,
  type Token,
  type TokenDigest,
  type TokenRecord,
  type TokenValue,
  tokenHint,
} from '@postern/core';
import type { TestDatabase } from './engines.ts';

/** What a bootstrapped storage holds, and shortcuts to write into it. */
export interface World {
  readonly organizationId: OrganizationId;
  readonly accountId: ServiceAccountId;
  readonly token: NewToken;
  /** The first token as an actor. */
  readonly admin: Actor;
  context(options?: ContextOptions): MutationContext;
  /** The same of the operator. */
  operatorContext(): MutationContext;
  createAccount(fields?: Partial<NewServiceAccount>): Promise<ServiceAccount>;
  createToken(accountId: ServiceAccountId, fields?: Partial<NewToken>): Promise<{ token: Token; digest: TokenDigest }>;
  generation(expiresAt?: number | null): NewGeneration;
  newToken(accountId: ServiceAccountId, fields?: Partial<NewToken>): NewToken;
  newAccount(fields?: Partial<NewServiceAccount>): NewServiceAccount;
  /** Somebody with an e-mail of that name. */
  newMember(name: string): NewMember & NewJoinedMember;
  newSignInUser(name: string): SignInUser;
  /** One of each of what access hangs on. */
  newPlaces(name?: string): {
    readonly group: NewGroup;
    readonly workspace: NewWorkspace;
    readonly role: NewRole;
    readonly permission: NewPermission;
  };
  find(digest: TokenDigest): Promise<TokenRecord | undefined>;
}

export interface ContextOptions {
  readonly actor?: Actor;
  readonly permission?: Permission | null;
  readonly place?: Place;
  readonly ifMatch?: number | null;
  readonly idempotency?: MutationContext['idempotency'];
  readonly requestId?: string;
}

export const key: SecretKey = parseSecretKey(generateSecretKey('k1', randomBytes)) as SecretKey;
export const OPERATOR: Actor = { kind: 'operator' };

export function newBootstrap(now: number, name = 'Acme'): Bootstrap & { readonly admin: FirstAdmin } {
  const clock = { now: () => now };
  const accountId = newId('service_account', clock, randomBytes);
  const eventId = (): AuditEventId => newId('audit_event', clock, randomBytes);
  return {
    eventIds: [eventId(), eventId(), eventId()],
    organization: { id: newId('organization', clock, randomBytes), name, plan: 'enterprise' },
    admin: {
      account: {
        id: accountId,
        displayName: 'bootstrap',
        description: '',
        organizationRole: 'admin',
        owners: [],
        externalId: null,
      },
      token: newToken(now, accountId, { name: 'bootstrap' }),
    },
    at: now,
  };
}

/** Makes the first organization, account and token. */
export async function createWorld(database: TestDatabase): Promise<World> {
  const input = newBootstrap(database.clock.now());
  await database.storage.bootstrap(input);
  return worldOf(database, input);
}

/** An organization beside the first. */
export async function createOtherWorld(database: TestDatabase): Promise<World> {
  const input = newBootstrap(database.clock.now(), 'Other');
  await database.storage.createOrganization(input);
  return worldOf(database, input);
}

function worldOf(
  database: TestDatabase,
  { organization, admin: { account, token } }: ReturnType<typeof newBootstrap>,
): World {
  const { clock } = database;
  const admin: Actor = { kind: 'token', accountId: account.id, tokenId: token.id, generation: 1 };
  const world: World = {
    organizationId: organization.id,
    accountId: account.id,
    token,
    admin,
    context: ({
      actor = admin,
      permission = 'organization.read',
      place = ORGANIZATION,
      ifMatch = null,
      idempotency = null,
      requestId,
    } = {}) => ({
      organizationId: organization.id,
      actor,
      permission,
      place,
      request: { requestId: requestId ?? 'req_test', address: '192.0.2.1', userAgent: 'test' },
      eventId: newId('audit_event', clock, randomBytes),
      at: clock.now(),
      ifMatch,
      idempotency,
    }),
    operatorContext: () => ({ ...world.context({ actor: OPERATOR }), permission: null }),
    newAccount: (fields = {}) => ({
      id: newId('service_account', clock, randomBytes),
      displayName: 'Nightly export',
      description: '',
      organizationRole: 'member',
      owners: [],
      externalId: null,
      ...fields,
    }),
    newToken: (accountId, fields = {}) => newToken(clock.now(), accountId, fields),
    generation,
    async createAccount(fields = {}) {
      return (await database.storage.createServiceAccount(world.context(), world.newAccount(fields))).result;
    },
    async createToken(accountId, fields = {}) {
      const made = world.newToken(accountId, fields);
      return { token: (await database.storage.createToken(world.context(), made)).result, digest: made.digest };
    },
    newMember: (name) => ({
      id: newId('member', clock, randomBytes),
      email: `${name}@example.com`,
      organizationRole: 'member',
      user: world.newSignInUser(name),
    }),
    newSignInUser: (name) => ({
      id: newId('user', clock, randomBytes),
      email: `${name}@example.com`,
      name,
      passwordHash: 'hash',
    }),
    newPlaces: (name = 'first') => ({
      group: { id: newId('group', clock, randomBytes), name: `Group ${name}`, description: '', externalId: null },
      workspace: {
        id: newId('workspace', clock, randomBytes),
        name,
        displayName: name,
        description: '',
        externalId: null,
      },
      role: {
        id: newId('role', clock, randomBytes),
        name: `Role ${name}`,
        permissions: [`${name}.read`, 'workspace.read'],
      },
      permission: { name: `${name}.read`, description: '' },
    }),
    async find(digest) {
      return database.storage.verification.findRecord([digest]);
    },
  };
  return world;
}

function newToken(now: number, accountId: ServiceAccountId, fields: Partial<NewToken> = {}): NewToken {
  return {
    id: newId('token', { now: () => now }, randomBytes),
    accountId,
    name: 'nightly',
    description: '',
    restrictions: null,
    ...generation(),
    ...fields,
  };
}

function generation(expiresAt: number | null = null): NewGeneration {
  const value: TokenValue = mintTokenValue(randomBytes);
  return { digest: digestToken(value, key), hint: tokenHint(value), expiresAt };
}
