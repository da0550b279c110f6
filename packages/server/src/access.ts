import {
  type AccessReport,
  type Authorized,
  DomainError,
  formatTime,
  type HeldPermission,
  ORGANIZATION,
  PERMISSION_USES_MAX,
  type Permission,
  type PermissionName,
  type PrincipalId,
  type PrincipalRecord,
  parseId,
  type Restrictions,
  reportAccess,
  subjectOfPrincipal,
} from '@postern/core';
import type { FastifyInstance } from 'fastify';
import Type from 'typebox';
import { ok } from './answer.ts';
import { BecauseSchema, DECISION_FIELDS, decideAt, GROUP_ROLES, representDecision, WithheldBy } from './decision.ts';
import { findWorkspaceOf, parsePrincipalId } from './place.ts';
import { declareRoute } from './route.ts';
import { Closed, IdText, NamedRef, Nullable, OneOf, PermissionText, RefTo, Time, WorkspaceText } from './schema.ts';
import type { Server } from './server.ts';
import { parseServiceAccountId } from './service-account.ts';

/** What principals may do, and why. */

const AccessCheck = Closed(
  {
    principalId: IdText(),
    permission: PermissionText(),
    workspace: Type.Optional(WorkspaceText({ description: 'Where, by id or name; absent = in the organization' })),
  },
  { $id: 'AccessCheck' },
);
const AccessDecision = Closed(DECISION_FIELDS, { $id: 'AccessDecision' });

const HeldPermissionSchema = Closed(
  {
    permission: Type.String(),
    because: Type.Array(RefTo(BecauseSchema), { description: 'Every source of it' }),
    withheldBy: WithheldBy,
    lastUsedAt: Nullable(
      Time({
        description: `When it was last asked about and allowed, wherever that was; null: not since \`usageRecordedSince\`, or not among the ${PERMISSION_USES_MAX} that were used last`,
      }),
    ),
  },
  { $id: 'HeldPermission', description: 'A permission that the account holds' },
);
const HELD = Type.Array(RefTo(HeldPermissionSchema));
export const AccessReportSchema = Closed(
  {
    organization: Type.Array(RefTo(HeldPermissionSchema), {
      description: 'In the organization as a whole; of an admin, that is everything, in every workspace and group',
    }),
    groups: Type.Array(Closed({ id: Type.String(), name: Type.String(), role: OneOf(GROUP_ROLES), permissions: HELD })),
    workspaces: Type.Array(Closed({ id: Type.String(), name: Type.String(), permissions: HELD }), {
      description: 'Those in which it has a role, of its own or through a group',
    }),
    usageRecordedSince: Time({ description: 'Since when the use of permissions is recorded' }),
    usageCompleteUntil: Time({ description: 'Up to when all use is known' }),
  },
  { $id: 'AccessReport', description: 'All that an account may do, with every source' },
);
const Memberships = Closed(
  {
    groups: Type.Array(Closed({ id: Type.String(), name: Type.String(), role: OneOf(GROUP_ROLES) })),
    workspaces: Type.Array(Closed({ id: Type.String(), name: Type.String(), role: RefTo(NamedRef) }), {
      description: 'Those in which it has a role of its own',
    }),
  },
  { $id: 'Memberships' },
);

export const ACCESS_SCHEMAS = [AccessCheck, AccessDecision, HeldPermissionSchema, AccessReportSchema, Memberships];

const TAG = 'Access';
const ACCOUNT_URL = '/api/v1/service-accounts/:id';

export function accessRoutes(app: FastifyInstance, server: Server): void {
  declareRoute(app, server, {
    method: 'POST',
    url: '/api/v1/access/check',
    operation: 'checkAccess',
    tag: TAG,
    summary: 'May this principal do that there, and why?',
    permission: 'access.check',
    alsoFails: [404],
    body: AccessCheck,
    answers: { 200: { description: 'The decision', body: AccessDecision } },
    async act({ caller, body }) {
      const { workspace, permission } = body;
      const record = await findPrincipal(server, caller, parsePrincipalId(body.principalId));
      const place = workspace === undefined ? ORGANIZATION : await findWorkspaceOf(server, record, workspace);
      return ok(representDecision(decideAt(subjectOfPrincipal(record), permission, place)));
    },
  });

  declareRoute(app, server, {
    method: 'GET',
    url: `${ACCOUNT_URL}/access`,
    operation: 'getServiceAccountAccess',
    tag: TAG,
    summary: 'All that a service account may do, with every source of it',
    description: 'With `tokenId`, `withheldBy` says what the restrictions of that token take away.',
    permission: 'service_account.read',
    query: Closed({ tokenId: Type.Optional(IdText()) }),
    answers: { 200: { description: 'Its access', body: AccessReportSchema } },
    async act({ caller, params, query }) {
      const id = parseServiceAccountId(params.id);
      const record = await findAccount(server, caller, id);
      const restrictions =
        query.tokenId === undefined ? null : await findRestrictions(server, caller, id, query.tokenId);
      return ok(representReport(reportAccess(record, restrictions), await findUse(server, caller, id)));
    },
  });

  declareRoute(app, server, {
    method: 'GET',
    url: `${ACCOUNT_URL}/memberships`,
    operation: 'listServiceAccountMemberships',
    tag: TAG,
    summary: 'The groups and workspaces of a service account',
    permission: 'service_account.read',
    answers: { 200: { description: 'Its groups, and its own roles in workspaces', body: Memberships } },
    async act({ caller, params }) {
      const { principal } = await findAccount(server, caller, parseServiceAccountId(params.id));
      const direct = principal.grants.filter(({ group }) => group === null);
      return ok({
        groups: principal.groups.map(({ id, name, role }) => ({ id, name, role })),
        workspaces: direct.map(({ workspaceId, workspaceName, role }) => ({
          id: workspaceId,
          name: workspaceName,
          role: { id: role.id, name: role.name },
        })),
      });
    },
  });
}

/** Throws `principal.not_found`. */
async function findPrincipal(
  { storage }: Server,
  caller: Authorized<Permission>,
  id: PrincipalId,
): Promise<PrincipalRecord> {
  const record = await storage.findPrincipal(caller.record.organization.id, id);
  if (!record) throw new DomainError('principal.not_found');
  return record;
}

async function findAccount(
  { storage }: Server,
  caller: Authorized<'service_account.read'>,
  id: PrincipalId,
): Promise<PrincipalRecord> {
  const record = await storage.findPrincipal(caller.record.organization.id, id);
  if (!record) throw new DomainError('service_account.not_found');
  return record;
}

async function findRestrictions(
  { storage }: Server,
  caller: Authorized<'service_account.read'>,
  accountId: PrincipalId,
  text: string,
): Promise<Restrictions | null> {
  const tokenId = parseId('token', text);
  const token = tokenId && (await storage.findToken(caller.record.organization.id, { accountId, tokenId }));
  if (!token) throw new DomainError('token.not_found');
  return token.restrictions;
}

/** When a principal last used what. */
interface Use {
  readonly lastUsedAt: ReadonlyMap<PermissionName, number>;
  readonly recordedSince: number;
  readonly completeUntil: number;
}

export async function findUse({ storage }: Server, caller: Authorized<Permission>, id: PrincipalId): Promise<Use> {
  // First: what is written after it was read is use that it does not promise.
  const { until: completeUntil } = await storage.findUsageCompleteness(caller.record.organization.id);
  const { recordedSince, uses } = await storage.listPermissionUses(caller.record.organization.id, id);
  return {
    lastUsedAt: new Map(uses.map(({ permission, lastAt }) => [permission, lastAt])),
    recordedSince,
    completeUntil,
  };
}

export function representReport(
  { organization, groups, workspaces }: AccessReport,
  { lastUsedAt, recordedSince, completeUntil }: Use,
): Type.Static<typeof AccessReportSchema> {
  const represent = (held: readonly HeldPermission[]) =>
    held.map(({ permission, because, withheldBy }) => {
      const at = lastUsedAt.get(permission);
      return {
        permission,
        because: [...because],
        withheldBy,
        lastUsedAt: at === undefined ? null : formatTime(at),
      };
    });
  return {
    organization: represent(organization),
    groups: groups.map((group) => ({ ...group, permissions: represent(group.permissions) })),
    workspaces: workspaces.map((workspace) => ({ ...workspace, permissions: represent(workspace.permissions) })),
    usageRecordedSince: formatTime(recordedSince),
    usageCompleteUntil: formatTime(completeUntil),
  };
}
