import {
  createServiceAccount,
  DomainError,
  deleteServiceAccount,
  disableServiceAccount,
  enableServiceAccount,
  formatTime,
  ORGANIZATION_ROLES,
  OWNERS_MAX,
  parseId,
  parseTime,
  requireRecentSignIn,
  type ServiceAccount,
  type ServiceAccountId,
  updateServiceAccount,
} from '@postern/core';
import type { FastifyInstance } from 'fastify';
import Type from 'typebox';
import { created, gone, ok } from './answer.ts';
import { parsePageQuery, parseSort, representPage } from './page.ts';
import { representReceipt, representTime } from './represent.ts';
import { declareRoute } from './route.ts';
import {
  Closed,
  Creator,
  Description,
  LIST_FIELDS,
  Name,
  Nullable,
  OneOf,
  PageOf,
  Receipt,
  RefTo,
  SEARCH_FIELD,
  SortField,
  Time,
} from './schema.ts';
import type { Server } from './server.ts';

const FIELDS = {
  id: Type.String(),
  displayName: Type.String(),
  description: Type.String(),
  status: OneOf(['active', 'disabled']),
  organizationRole: OneOf(ORGANIZATION_ROLES),
  owners: Type.Array(Type.String(), { description: 'The people to ask about it: ids of members' }),
  externalId: Nullable(Type.String({ description: "The caller's own unique key" })),
  tokenCount: Type.Integer({ description: 'Tokens that were not deleted, expired ones included' }),
  lastUsedAt: Nullable(Time()),
  createdAt: Time(),
  createdBy: RefTo(Creator),
  updatedAt: Time(),
};

const ServiceAccountSchema = Closed(FIELDS, { $id: 'ServiceAccount' });
const DisabledServiceAccount = Closed(
  { ...FIELDS, receipt: RefTo(Receipt) },
  { $id: 'DisabledServiceAccount', description: 'The account, and how far its end has reached' },
);
const ServiceAccountPage = PageOf(ServiceAccountSchema, 'ServiceAccountPage');

const INPUT_FIELDS = {
  displayName: Name(),
  description: Type.Optional(Description()),
  organizationRole: OneOf(ORGANIZATION_ROLES),
  owners: Type.Optional(
    Type.Array(Type.String({ maxLength: 64 }), { maxItems: OWNERS_MAX, description: 'Ids of members who have joined' }),
  ),
  externalId: Type.Optional(Nullable(Name({ description: 'Unique in the organization, for declarative tools' }))),
};

const ServiceAccountInput = Closed(INPUT_FIELDS, { $id: 'ServiceAccountInput' });
const ServiceAccountUpdate = Closed(
  {
    ...INPUT_FIELDS,
    displayName: Type.Optional(INPUT_FIELDS.displayName),
    organizationRole: Type.Optional(INPUT_FIELDS.organizationRole),
  },
  { $id: 'ServiceAccountUpdate', description: 'Fields that are absent stay as they are' },
);

const ServiceAccountFilters = Closed({
  ...LIST_FIELDS,
  ...SEARCH_FIELD,
  status: Type.Optional(FIELDS.status),
  organizationRole: Type.Optional(FIELDS.organizationRole),
  unusedSince: Type.Optional(Time({ description: 'Not used since then, and made before' })),
  sort: SortField(['name', 'lastUsedAt', 'createdAt']),
});

export const SERVICE_ACCOUNT_SCHEMAS = [
  ServiceAccountSchema,
  DisabledServiceAccount,
  ServiceAccountPage,
  ServiceAccountInput,
  ServiceAccountUpdate,
];

const URL = '/api/v1/service-accounts';
const TAG = 'Service accounts';
const ACCOUNT = { description: 'The account', body: ServiceAccountSchema };

export function serviceAccountRoutes(app: FastifyInstance, server: Server): void {
  declareRoute(app, server, {
    method: 'POST',
    url: URL,
    operation: 'createServiceAccount',
    tag: TAG,
    summary: 'Create a service account',
    permission: 'service_account.create',
    audit: { action: 'service_account.create', target: () => null },
    idempotent: true,
    body: ServiceAccountInput,
    answers: { 201: ACCOUNT },
    async act({ caller, body, options }) {
      if (body.organizationRole === 'admin') requireRecentSignIn(caller, server.storage.now());
      const { result, receipt } = await createServiceAccount(server, caller, body, options);
      return created(`${URL}/${result.id}`, representServiceAccount(result), { version: result.version, receipt });
    },
  });

  declareRoute(app, server, {
    method: 'GET',
    url: URL,
    operation: 'listServiceAccounts',
    tag: TAG,
    summary: 'List service accounts',
    permission: 'service_account.read',
    query: ServiceAccountFilters,
    answers: { 200: { description: 'A page of accounts', body: ServiceAccountPage } },
    async act({ caller, query }) {
      const scope = { organizationId: caller.record.organization.id, list: 'service-accounts' };
      const page = await server.storage.listServiceAccounts(scope.organizationId, {
        ...parsePageQuery(query, scope, server.keys),
        ...parseSort(query.sort, 'name'),
        search: query.search ?? null,
        status: query.status ?? null,
        organizationRole: query.organizationRole ?? null,
        unusedSince: query.unusedSince === undefined ? null : parseTime(query.unusedSince, '/unusedSince'),
      });
      return ok(representPage(page, representServiceAccount, query, scope, server.keys));
    },
  });

  declareRoute(app, server, {
    method: 'GET',
    url: `${URL}/:id`,
    operation: 'getServiceAccount',
    tag: TAG,
    summary: 'Read a service account',
    permission: 'service_account.read',
    answers: { 200: ACCOUNT },
    async act({ caller, params }) {
      const id = parseServiceAccountId(params.id);
      const account = await server.storage.findServiceAccount(caller.record.organization.id, id);
      if (!account) throw new DomainError('service_account.not_found');
      return ok(representServiceAccount(account), { version: account.version });
    },
  });

  declareRoute(app, server, {
    method: 'PATCH',
    url: `${URL}/:id`,
    operation: 'updateServiceAccount',
    tag: TAG,
    summary: 'Change a service account',
    permission: 'service_account.update',
    audit: { action: 'service_account.update', target: serviceAccountTarget },
    conditional: true,
    body: ServiceAccountUpdate,
    answers: { 200: ACCOUNT },
    async act({ caller, params, body, options }) {
      const id = parseServiceAccountId(params.id);
      if (body.organizationRole === 'admin') requireRecentSignIn(caller, server.storage.now());
      const { result, receipt } = await updateServiceAccount(server, caller, id, body, options);
      return ok(representServiceAccount(result), { version: result.version, receipt });
    },
  });

  declareRoute(app, server, {
    method: 'POST',
    url: `${URL}/:id/disable`,
    operation: 'disableServiceAccount',
    tag: TAG,
    summary: 'Disable a service account',
    description: 'All its tokens are deleted for good; the account stays.',
    permission: 'service_account.disable',
    audit: { action: 'service_account.disable', target: serviceAccountTarget },
    conditional: true,
    answers: { 200: { description: 'The disabled account', body: DisabledServiceAccount } },
    async act({ caller, params, options }) {
      const id = parseServiceAccountId(params.id);
      const { result, receipt } = await disableServiceAccount(server, caller, id, options);
      const body = { ...representServiceAccount(result), receipt: representReceipt(receipt) };
      return ok(body, { version: result.version, receipt });
    },
  });

  declareRoute(app, server, {
    method: 'POST',
    url: `${URL}/:id/enable`,
    operation: 'enableServiceAccount',
    tag: TAG,
    summary: 'Enable a service account',
    description: 'It may have tokens again; none of its old ones comes back.',
    permission: 'service_account.enable',
    audit: { action: 'service_account.enable', target: serviceAccountTarget },
    conditional: true,
    answers: { 200: ACCOUNT },
    async act({ caller, params, options }) {
      const id = parseServiceAccountId(params.id);
      const { result, receipt } = await enableServiceAccount(server, caller, id, options);
      return ok(representServiceAccount(result), { version: result.version, receipt });
    },
  });

  declareRoute(app, server, {
    method: 'DELETE',
    url: `${URL}/:id`,
    operation: 'deleteServiceAccount',
    tag: TAG,
    summary: 'Delete a service account and all its tokens for good',
    permission: 'service_account.delete',
    audit: { action: 'service_account.delete', target: serviceAccountTarget },
    conditional: true,
    answers: { 204: { description: 'It is gone', body: null } },
    async act({ caller, params, options }) {
      const id = parseServiceAccountId(params.id);
      const { receipt } = await deleteServiceAccount(server, caller, id, options);
      return gone({ receipt });
    },
  });
}

/** What cannot be an id names nothing: the same answer as for an unknown one. */
export function parseServiceAccountId(text: string): ServiceAccountId {
  const id = parseId('service_account', text);
  if (!id) throw new DomainError('service_account.not_found');
  return id;
}

/** The account that a path names, for the audit log; text that is no id is not written there. */
export function serviceAccountTarget({ id }: { readonly id: string }) {
  const parsed = parseId('service_account', id);
  return parsed ? { kind: 'service_account' as const, id: parsed, displayName: null } : null;
}

function representServiceAccount(account: ServiceAccount): Type.Static<typeof ServiceAccountSchema> {
  return {
    id: account.id,
    displayName: account.displayName,
    description: account.description,
    status: account.status,
    organizationRole: account.organizationRole,
    owners: [...account.owners],
    externalId: account.externalId,
    tokenCount: account.tokenCount,
    lastUsedAt: representTime(account.lastUsedAt),
    createdAt: formatTime(account.createdAt),
    createdBy: account.createdBy,
    updatedAt: formatTime(account.updatedAt),
  };
}
