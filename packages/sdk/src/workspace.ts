import type { Call, CallOptions } from './call.ts';
import { type List, listOf } from './list.ts';
import type {
  Operations,
  Role,
  Workspace,
  WorkspaceGroup,
  WorkspaceInput,
  WorkspaceMember,
  WorkspaceRoleInput,
  WorkspaceUpdate,
} from './openapi.gen.ts';
import type { Ended } from './receipt.ts';

export type WorkspaceQuery = NonNullable<Operations['GET /api/v1/workspaces']['query']>;
export type WorkspaceMemberQuery = NonNullable<Operations['GET /api/v1/workspaces/{workspace}/members']['query']>;
export type WorkspaceGroupQuery = NonNullable<Operations['GET /api/v1/workspaces/{workspace}/groups']['query']>;

/** A workspace stands everywhere by its id or its name. */
export interface Workspaces {
  create(input: WorkspaceInput, options?: CallOptions): Promise<Workspace>;
  get(workspace: string, options?: CallOptions): Promise<Workspace>;
  /** Those that the caller may read. */
  list(query?: WorkspaceQuery, options?: CallOptions): List<Workspace>;
  /** Fields that are absent stay as they are. */
  update(workspace: string, change: WorkspaceUpdate, options?: CallOptions): Promise<Workspace>;
  /** Deletes the workspace, and all access to it. */
  delete(workspace: string, options?: CallOptions): Promise<Ended>;
  /** Those that the caller can give there. */
  roles(workspace: string, options?: CallOptions): Promise<readonly Role[]>;
  readonly members: WorkspaceMembers;
  readonly groups: WorkspaceGroups;
}

/** Who has a role of their own in a workspace; principals are named by their ids. */
export interface WorkspaceMembers {
  list(workspace: string, query?: WorkspaceMemberQuery, options?: CallOptions): List<WorkspaceMember>;
  /** The role is the name of a built-in one or the id of a custom one; `member` when it is absent. */
  set(
    workspace: string,
    principal: string,
    input?: WorkspaceRoleInput,
    options?: CallOptions,
  ): Promise<WorkspaceMember>;
  remove(workspace: string, principal: string, options?: CallOptions): Promise<Ended>;
}

/** Which groups carry a role in a workspace; groups are named by their ids. */
export interface WorkspaceGroups {
  list(workspace: string, query?: WorkspaceGroupQuery, options?: CallOptions): List<WorkspaceGroup>;
  set(workspace: string, group: string, input?: WorkspaceRoleInput, options?: CallOptions): Promise<WorkspaceGroup>;
  remove(workspace: string, group: string, options?: CallOptions): Promise<Ended>;
}

export function workspaces(call: Call): Workspaces {
  return {
    async create(input, options) {
      return (await call('POST /api/v1/workspaces', { body: input, keyed: true }, options)).body;
    },

    async get(workspace, options) {
      return (await call('GET /api/v1/workspaces/{workspace}', { path: { workspace } }, options)).body;
    },

    list: (query, options) =>
      listOf(query, async (paged) => (await call('GET /api/v1/workspaces', { query: paged }, options)).body),

    async update(workspace, change, options) {
      return (await call('PATCH /api/v1/workspaces/{workspace}', { path: { workspace }, body: change }, options)).body;
    },

    async delete(workspace, options) {
      const path = { workspace };
      const { receipt } = await call('DELETE /api/v1/workspaces/{workspace}', { path, ends: true }, options);
      return { receipt };
    },

    async roles(workspace, options) {
      return (await call('GET /api/v1/workspaces/{workspace}/roles', { path: { workspace } }, options)).body.items;
    },

    members: workspaceMembers(call),
    groups: workspaceGroups(call),
  };
}

function workspaceMembers(call: Call): WorkspaceMembers {
  return {
    list: (workspace, query, options) =>
      listOf(
        query,
        async (paged) =>
          (await call('GET /api/v1/workspaces/{workspace}/members', { path: { workspace }, query: paged }, options))
            .body,
      ),

    async set(workspace, principal, input = {}, options) {
      const request = { path: { workspace, principal }, body: input };
      return (await call('PUT /api/v1/workspaces/{workspace}/members/{principal}', request, options)).body;
    },

    async remove(workspace, principal, options) {
      const request = { path: { workspace, principal }, ends: true };
      const { receipt } = await call('DELETE /api/v1/workspaces/{workspace}/members/{principal}', request, options);
      return { receipt };
    },
  };
}

function workspaceGroups(call: Call): WorkspaceGroups {
  return {
    list: (workspace, query, options) =>
      listOf(
        query,
        async (paged) =>
          (await call('GET /api/v1/workspaces/{workspace}/groups', { path: { workspace }, query: paged }, options))
            .body,
      ),

    async set(workspace, groupId, input = {}, options) {
      const request = { path: { workspace, groupId }, body: input };
      return (await call('PUT /api/v1/workspaces/{workspace}/groups/{groupId}', request, options)).body;
    },

    async remove(workspace, groupId, options) {
      const request = { path: { workspace, groupId }, ends: true };
      const { receipt } = await call('DELETE /api/v1/workspaces/{workspace}/groups/{groupId}', request, options);
      return { receipt };
    },
  };
}
