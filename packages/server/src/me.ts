import {
  deleteOwnToken,
  ORGANIZATION_ROLES,
  type OrganizationFacts,
  PLANS,
  type PrincipalFacts,
  type TokenRecord,
} from '@postern/core';
import type { FastifyInstance } from 'fastify';
import Type from 'typebox';
import { gone, ok } from './answer.ts';
import { membersOf, onceAsJson, tokenMembers } from './represent.ts';
import { declareRoute } from './route.ts';
import { Closed, Nullable, OneOf, RefTo, Time } from './schema.ts';
import type { Server } from './server.ts';

const OrganizationSummary = Closed(
  { id: Type.String(), name: Type.String(), plan: OneOf(PLANS) },
  { $id: 'OrganizationSummary' },
);
const GroupMembership = Closed(
  { id: Type.String(), name: Type.String(), role: OneOf(['member', 'manager']) },
  { $id: 'GroupMembership' },
);
const WorkspaceMembership = Closed(
  { id: Type.String(), name: Type.String(), role: Type.String(), permissions: Type.Array(Type.String()) },
  { $id: 'WorkspaceMembership' },
);
const PresentedToken = Closed(
  {
    id: Type.String(),
    name: Type.String(),
    expiresAt: Nullable(Time({ description: 'The first instant at which the presented value is no longer valid' })),
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
      target: (_params, { record }) => ({ kind: 'token', id: record.token.id, displayName: record.token.name }),
    },
    answers: { 204: { description: 'It is gone', body: null } },
    async act({ caller }) {
      const { receipt } = await deleteOwnToken(server, caller);
      return gone({ receipt });
    },
  });
}

// The hot path of programs that ask who they are: written by hand, from parts that are shared.
function representMe({ principal, organization, token }: TokenRecord): string {
  return (
    `{${membersOf(NAME(principal))},"organization":${ORGANIZATION(organization)},${membersOf(STANDING(principal))},` +
    `"token":{${tokenMembers(token)}}}`
  );
}

const NAME = onceAsJson(({ id, kind, displayName }: PrincipalFacts) => ({ id, kind, displayName }));
const ORGANIZATION = onceAsJson(({ id, name, plan }: OrganizationFacts) => ({ id, name, plan }));
const STANDING = onceAsJson(({ organizationRole }: PrincipalFacts) => ({
  organizationRole,
  groups: [],
  workspaces: [],
}));
