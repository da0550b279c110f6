import type { Call, CallOptions } from './call.ts';
import { type List, listOf } from './list.ts';
import type {
  Group,
  GroupInput,
  GroupMember,
  GroupMemberInput,
  GroupUpdate,
  GroupWorkspaces,
  Operations,
} from './openapi.gen.ts';
import type { Ended } from './receipt.ts';

export type GroupQuery = NonNullable<Operations['GET /api/v1/groups']['query']>;
export type GroupMemberQuery = NonNullable<Operations['GET /api/v1/groups/{group}/members']['query']>;

export interface Groups {
  create(input: GroupInput, options?: CallOptions): Promise<Group>;
  get(id: string, options?: CallOptions): Promise<Group>;
  list(query?: GroupQuery, options?: CallOptions): List<Group>;
  /** Fields that are absent stay as they are. */
  update(id: string, change: GroupUpdate, options?: CallOptions): Promise<Group>;
  /** Deletes the group, and with it the access that it gave. */
  delete(id: string, options?: CallOptions): Promise<Ended>;
  readonly members: GroupMembers;
  /** The workspace roles that the group carries. */
  workspaces(id: string, options?: CallOptions): Promise<GroupWorkspaces['items']>;
}

/** Who is in a group; principals are named by their ids. */
export interface GroupMembers {
  list(group: string, query?: GroupMemberQuery, options?: CallOptions): List<GroupMember>;
  /** Puts the principal into the group, or changes its group role. */
  set(group: string, principal: string, input: GroupMemberInput, options?: CallOptions): Promise<GroupMember>;
  remove(group: string, principal: string, options?: CallOptions): Promise<Ended>;
}

export function groups(call: Call): Groups {
  return {
    async create(input, options) {
      return (await call('POST /api/v1/groups', { body: input, keyed: true }, options)).body;
    },

    async get(group, options) {
      return (await call('GET /api/v1/groups/{group}', { path: { group } }, options)).body;
    },

    list: (query, options) =>
      listOf(query, async (paged) => (await call('GET /api/v1/groups', { query: paged }, options)).body),

    async update(group, change, options) {
      return (await call('PATCH /api/v1/groups/{group}', { path: { group }, body: change }, options)).body;
    },

    async delete(group, options) {
      const { receipt } = await call('DELETE /api/v1/groups/{group}', { path: { group }, ends: true }, options);
      return { receipt };
    },

    members: groupMembers(call),

    async workspaces(group, options) {
      return (await call('GET /api/v1/groups/{group}/workspaces', { path: { group } }, options)).body.items;
    },
  };
}

function groupMembers(call: Call): GroupMembers {
  return {
    list: (group, query, options) =>
      listOf(
        query,
        async (paged) =>
          (await call('GET /api/v1/groups/{group}/members', { path: { group }, query: paged }, options)).body,
      ),

    async set(group, principal, input, options) {
      const path = { group, principal };
      return (await call('PUT /api/v1/groups/{group}/members/{principal}', { path, body: input }, options)).body;
    },

    async remove(group, principal, options) {
      const path = { group, principal };
      const { receipt } = await call(
        'DELETE /api/v1/groups/{group}/members/{principal}',
        { path, ends: true },
        options,
      );
      return { receipt };
    },
  };
}
