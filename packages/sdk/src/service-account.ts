import type { Call, CallOptions } from './call.ts';
import { type List, listOf } from './list.ts';
import type {
  AccessReport,
  DisabledServiceAccount,
  Memberships,
  Operations,
  ServiceAccount,
  ServiceAccountInput,
  ServiceAccountUpdate,
} from './openapi.gen.ts';
import type { Ended } from './receipt.ts';
import { type ServiceAccountTokens, serviceAccountTokens } from './token.ts';

export type ServiceAccountQuery = NonNullable<Operations['GET /api/v1/service-accounts']['query']>;

export interface ServiceAccounts {
  create(input: ServiceAccountInput, options?: CallOptions): Promise<ServiceAccount>;
  get(id: string, options?: CallOptions): Promise<ServiceAccount>;
  list(query?: ServiceAccountQuery, options?: CallOptions): List<ServiceAccount>;
  /** Fields that are absent stay as they are. */
  update(id: string, change: ServiceAccountUpdate, options?: CallOptions): Promise<ServiceAccount>;
  /** Deletes all tokens of the account for good, and keeps the account. */
  disable(id: string, options?: CallOptions): Promise<DisabledServiceAccount>;
  /** The account may have tokens again. None of the old ones comes back. */
  enable(id: string, options?: CallOptions): Promise<ServiceAccount>;
  /** Deletes the account and all its tokens for good. */
  delete(id: string, options?: CallOptions): Promise<Ended>;
  /** Its groups, and its own roles in workspaces. */
  memberships(id: string, options?: CallOptions): Promise<Memberships>;
  /** All that it may do, with every source; with `tokenId`, what the restrictions of that token take away. */
  access(id: string, query?: { readonly tokenId?: string }, options?: CallOptions): Promise<AccessReport>;
  readonly tokens: ServiceAccountTokens;
}

export function serviceAccounts(call: Call): ServiceAccounts {
  return {
    async create(input, options) {
      return (await call('POST /api/v1/service-accounts', { body: input, keyed: true }, options)).body;
    },

    async get(id, options) {
      return (await call('GET /api/v1/service-accounts/{id}', { path: { id } }, options)).body;
    },

    list: (query, options) =>
      listOf(query, async (paged) => (await call('GET /api/v1/service-accounts', { query: paged }, options)).body),

    async update(id, change, options) {
      return (await call('PATCH /api/v1/service-accounts/{id}', { path: { id }, body: change }, options)).body;
    },

    async disable(id, options) {
      return (await call('POST /api/v1/service-accounts/{id}/disable', { path: { id } }, options)).body;
    },

    async enable(id, options) {
      return (await call('POST /api/v1/service-accounts/{id}/enable', { path: { id } }, options)).body;
    },

    async delete(id, options) {
      const { receipt } = await call('DELETE /api/v1/service-accounts/{id}', { path: { id }, ends: true }, options);
      return { receipt };
    },

    async memberships(id, options) {
      return (await call('GET /api/v1/service-accounts/{id}/memberships', { path: { id } }, options)).body;
    },

    async access(id, query = {}, options) {
      return (await call('GET /api/v1/service-accounts/{id}/access', { path: { id }, query }, options)).body;
    },

    tokens: serviceAccountTokens(call),
  };
}
