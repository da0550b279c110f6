import {
  type AdmittedCaller,
  deleteOwnToken,
  heldPermissions,
  ORGANIZATION_ROLES,
  type OrganizationFacts,
  PLANS,
  type PrincipalFacts,
  subjectOf,
} from '@postern/core';
import type { FastifyInstance } from 'fastify';
import Type from 'typebox';
import { gone, ok } from './answer.ts';
import { GROUP_ROLES } from './decision.ts';
import { membersOf, onceAsJson, tokenMembers } from './represent.ts';
import { RestrictionsSchema, representRestrictions } from './restriction.ts';
import { declareRoute } from './route.ts';
import { Closed, Nullable, OneOf, RefTo, Time } from './schema.ts';
import type { Server } from './server.ts';

const OrganizationSummary = Closed(
  { id: Type.String(), name: Type.String(), plan: OneOf(PLANS) },
  { $id: 'OrganizationSummary' },
);
const GroupMembership = Closed(
  { id: Type.String(), name: Type.String(), role: OneOf(GROUP_ROLES) },
  { $id: 'GroupMembership' },
);
const WorkspaceMembership = Closed(
  {
    id: Type.String(),
    name: Type.String(),
    role: Type.String({ description: 'The name of the role given directly; else of the first that a group carries' }),
    permissions: Type.Array(Type.String(), { description: 'From all sources, as far as the token is not restricted' }),
  },
  { $id: 'WorkspaceMembership' },
);
const PresentedToken = Closed(
  {
    id: Type.String(),
    name: Type.String(),
    expiresAt: Nullable(Time({ description: 'The first instant at which the presented value is no longer valid' })),
    restrictions: Nullable(RefTo(RestrictionsSchema)),
  },
  { $id: 'PresentedToken', description: 'The token that the call was made with' },
);
const Me = Closed(
  {
    id: Type.String(),
    kind: OneOf(['service_account', 'member']),
    displayName: Type.String(),
    organization: RefTo(OrganizationSummary),
    organizationRole: OneOf(ORGANIZATION_ROLES),
    permissions: Type.Array(Type.String(), {
      description: 'In the organization as a whole, as far as the token is not restricted',
    }),
    groups: Type.Array(RefTo(GroupMembership)),
    workspaces: Type.Array(RefTo(WorkspaceMembership)),
    token: Type.Optional(RefTo(PresentedToken)),
  },
  { $id: 'Me', description: 'Who calls' },
);

export const ME_SCHEMAS = [OrganizationSummary, GroupMembership, WorkspaceMembership, PresentedToken, Me];

const TAG = 'Me';

export function meRoutes(app: FastifyInstance, server: Server): void {
  declareRoute(app, server, {
    method: 'GET',
    url: '/api/v1/me',
    operation: 'getMe',
    tag: TAG,
    summary: 'Who am I?',
    permission: null,
    reason: 'A credential may always ask whose it is.',
    hot: true,
    answers: { 200: { description: 'Who calls', body: Me } },
    act: ({ caller }) => ok(representMe(caller.record)),
  });

  declareRoute(app, server, {
    method: 'DELETE',
    url: '/api/v1/me/token',
    operation: 'deleteOwnToken',
    tag: TAG,
    summary: 'End the token that this call is made with',
    permission: null,
    reason: 'Whoever holds a token may end it.',
    audit: {
      action: 'token.delete',
      target: (_params, { record: { token } }) => token && { kind: 'token', id: token.id, displayName: token.name },
    },
    answers: { 204: { description: 'It is gone', body: null } },
    async act({ caller }) {
      const { receipt } = await deleteOwnToken(server, caller);
      return gone({ receipt });
    },
  });
}

// The hot path of programs that ask who they are: written by hand, from parts that are shared.
function representMe(record: AdmittedCaller): string {
  const { principal, organization, token } = record;
  const presented = token
    ? `,"token":{${tokenMembers(token)},"restrictions":${token.restrictions ? RESTRICTIONS(token.restrictions) : 'null'}}`
    : '';
  return `{${membersOf(NAME(principal))},"organization":${ORGANIZATION(organization)},${membersOf(standing(record))}${presented}}`;
}

const NAME = onceAsJson(({ id, kind, displayName }: PrincipalFacts) => ({ id, kind, displayName }));
const ORGANIZATION = onceAsJson(({ id, name, plan }: OrganizationFacts) => ({ id, name, plan }));
const RESTRICTIONS = onceAsJson(representRestrictions);

/** What all tokens of a principal share is written once; that of a restricted token is its own. */
function standing(record: AdmittedCaller): string {
  const owner = record.token?.restrictions ? record.token : record.principal;
  let text = STANDINGS.get(owner);
  if (text === undefined) {
    text = JSON.stringify(representStanding(record));
    STANDINGS.set(owner, text);
  }
  return text;
}

const STANDINGS = new WeakMap<object, string>();

function representStanding(record: AdmittedCaller) {
  const { organizationRole, groups, grants } = record.principal;
  const subject = subjectOf(record);
  const first = new Map(grants.toReversed().map((grant) => [grant.workspaceId, grant]));
  return {
    organizationRole,
    permissions: heldPermissions(subject),
    groups: groups.map(({ id, name, role }) => ({ id, name, role })),
    workspaces: [...first.values()].toReversed().flatMap(({ workspaceId: id, workspaceName: name, role }) => {
      const permissions = heldPermissions(subject, { kind: 'workspace', id });
      return permissions.length === 0 ? [] : [{ id, name, role: role.name, permissions }];
    }),
  };
}
