import {
  DomainError,
  formatTime,
  invalidField,
  LEAK_RESPONSES,
  LIFETIME_DAYS_MAX,
  type Organization,
  PLANS,
  POLICY_GROUPS_MAX,
  parseId,
  parseTokenPolicy,
  requireRecentSignIn,
  type TokenPolicy,
  updateOrganization,
} from '@postern/core';
import type { FastifyInstance } from 'fastify';
import Type from 'typebox';
import { ok } from './answer.ts';
import { declareRoute } from './route.ts';
import { Closed, IdText, Name, Nullable, OneOf, RefTo, Time } from './schema.ts';
import type { Server } from './server.ts';
import { representToken, TokenSchema } from './token.ts';

const GroupsOnly = Closed(
  { groupIds: Type.Array(IdText(), { maxItems: POLICY_GROUPS_MAX }) },
  { $id: 'GroupsOnly', description: 'Accounts in one of these groups' },
);
const TokenPolicySchema = Closed(
  {
    creation: Type.Unsafe<'everyone' | 'nobody' | { groupIds: string[] }>(
      Type.Union([OneOf(['everyone', 'nobody']), RefTo(GroupsOnly)], {
        description: 'Who may have tokens. The tokens of others do not work, and work again once they may',
      }),
    ),
    maxLifetimeDays: Type.Optional(
      Nullable(
        Type.Integer({
          minimum: 1,
          maximum: LIFETIME_DAYS_MAX,
          description: 'No value works for longer, existing ones included; null or absent = no maximum',
        }),
      ),
    ),
    requireExpiry: Type.Boolean({ description: 'Tokens that never expire do not work' }),
  },
  { $id: 'TokenPolicy' },
);
export const OrganizationSchema = Closed(
  {
    id: Type.String(),
    name: Type.String(),
    plan: OneOf(PLANS),
    tokenPolicy: RefTo(TokenPolicySchema),
    leakResponse: OneOf(LEAK_RESPONSES),
    quarantine: Nullable(
      OneOf(['releasable', 'delete_only'], {
        description:
          'After a restore tokens wait until an admin has released them, or deleted them all; null = they do not',
      }),
    ),
    createdAt: Time(),
  },
  { $id: 'Organization' },
);
const OrganizationUpdate = Closed(
  {
    name: Type.Optional(Name()),
    tokenPolicy: Type.Optional(RefTo(TokenPolicySchema)),
    leakResponse: Type.Optional(
      OneOf(LEAK_RESPONSES, {
        description: 'What becomes of a token whose value is reported as leaked: it ends, or is noted in the audit log',
      }),
    ),
  },
  { $id: 'OrganizationUpdate', description: 'Fields that are absent stay as they are' },
);
const TokenPolicyPreview = Closed(
  {
    affected: Type.Integer({ description: 'Tokens that work now and would not under this policy' }),
    usedInLast30Days: Type.Integer({ description: 'How many of them were' }),
    tokens: Type.Array(RefTo(TokenSchema), { description: 'The first 200 of them' }),
  },
  { $id: 'TokenPolicyPreview' },
);
const OrganizationOrPreview = Type.Union([RefTo(OrganizationSchema), RefTo(TokenPolicyPreview)], {
  $id: 'OrganizationOrPreview',
});

export const ORGANIZATION_SCHEMAS = [
  GroupsOnly,
  TokenPolicySchema,
  OrganizationSchema,
  OrganizationUpdate,
  TokenPolicyPreview,
  OrganizationOrPreview,
];

const URL = '/api/v1/organization';
const TAG = 'Organization';

export function organizationRoutes(app: FastifyInstance, server: Server): void {
  declareRoute(app, server, {
    method: 'GET',
    url: URL,
    operation: 'getOrganization',
    tag: TAG,
    summary: "Read the caller's organization",
    permission: 'organization.read',
    answers: { 200: { description: 'The organization', body: OrganizationSchema } },
    async act({ caller }) {
      const organization = await server.storage.findOrganization(caller.record.organization.id);
      if (!organization) throw new DomainError('internal', { internal: "the caller's organization is not there" });
      return ok(representOrganization(organization), { version: organization.version });
    },
  });

  declareRoute(app, server, {
    method: 'PATCH',
    url: URL,
    operation: 'updateOrganization',
    tag: TAG,
    summary: 'Rename the organization, or change who may have tokens, for how long, and what becomes of leaked ones',
    description: 'With `dryRun` nothing is done: the answer tells which tokens the new policy would touch.',
    permission: 'organization.update',
    audit: {
      action: 'organization.update',
      target: (_params, { record }) => ({ kind: 'organization', id: record.organization.id, displayName: null }),
      when: ({ query }) => query.dryRun !== true,
    },
    conditional: true,
    query: Closed({ dryRun: Type.Optional(Type.Boolean({ default: false })) }),
    body: OrganizationUpdate,
    answers: {
      200: { description: 'The organization; with `dryRun`, what would be touched', body: OrganizationOrPreview },
    },
    async act({ caller, query, body, options }) {
      const { name, tokenPolicy, leakResponse } = body;
      const policy = tokenPolicy && toTokenPolicy(tokenPolicy);
      if (query.dryRun) return ok(await preview(server, caller.record.organization.id, policy));
      if (policy || leakResponse !== undefined) requireRecentSignIn(caller, server.storage.now());
      const change = {
        ...(name !== undefined && { name }),
        ...(policy && { tokenPolicy: policy }),
        ...(leakResponse !== undefined && { leakResponse }),
      };
      const { result, receipt } = await updateOrganization(server, caller, change, options);
      return ok(representOrganization(result), { version: result.version, receipt });
    },
  });
}

async function preview(server: Server, organizationId: Organization['id'], policy: TokenPolicy | undefined) {
  if (!policy) return { affected: 0, usedInLast30Days: 0, tokens: [] };
  const found = await server.storage.previewTokenPolicy(organizationId, parseTokenPolicy(policy));
  const now = server.storage.now();
  const known = await server.storage.findUsageCompleteness(organizationId);
  return { ...found, tokens: found.tokens.map((token) => representToken(token, now, known)) };
}

function toTokenPolicy(input: Type.Static<typeof TokenPolicySchema>): TokenPolicy {
  const { creation, maxLifetimeDays = null, requireExpiry } = input;
  if (typeof creation === 'string') return { creation, maxLifetimeDays, requireExpiry };
  const groupIds = creation.groupIds.map((text, index) => {
    const id = parseId('group', text);
    if (!id) throw invalidField(`/tokenPolicy/creation/groupIds/${index}`, 'is not a group');
    return id;
  });
  return { creation: { groupIds: [...new Set(groupIds)] }, maxLifetimeDays, requireExpiry };
}

export function representOrganization(organization: Organization): Type.Static<typeof OrganizationSchema> {
  const { id, name, plan, leakResponse, quarantine, createdAt } = organization;
  const { creation, maxLifetimeDays, requireExpiry } = organization.tokenPolicy;
  return {
    id,
    name,
    plan,
    tokenPolicy: {
      creation: typeof creation === 'string' ? creation : { groupIds: [...creation.groupIds] },
      maxLifetimeDays,
      requireExpiry,
    },
    leakResponse,
    quarantine,
    createdAt: formatTime(createdAt),
  };
}
