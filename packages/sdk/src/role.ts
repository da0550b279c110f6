import type { Call, CallOptions } from './call.ts';
import type { Permission, PermissionInput, PermissionUpdate, Role, RoleInput, RoleUpdate } from './openapi.gen.ts';
import type { Ended } from './receipt.ts';

/** Workspace roles: named sets of permissions. */
export interface Roles {
  create(input: RoleInput, options?: CallOptions): Promise<Role>;
  /** By the id of a custom role, or the name of a built-in one. */
  get(id: string, options?: CallOptions): Promise<Role>;
  list(options?: CallOptions): Promise<readonly Role[]>;
  /** For everybody who has it. Fields that are absent stay as they are. */
  update(id: string, change: RoleUpdate, options?: CallOptions): Promise<Role>;
  /** Of a role that nobody has. */
  delete(id: string, options?: CallOptions): Promise<Ended>;
}

/** The permission catalogue: built in, and registered for the organization's own APIs. */
export interface Permissions {
  create(input: PermissionInput, options?: CallOptions): Promise<Permission>;
  list(options?: CallOptions): Promise<readonly Permission[]>;
  update(name: string, change: PermissionUpdate, options?: CallOptions): Promise<Permission>;
  /** Of a permission that no role holds. */
  delete(name: string, options?: CallOptions): Promise<Ended>;
}

export function roles(call: Call): Roles {
  return {
    async create(input, options) {
      return (await call('POST /api/v1/roles', { body: input, keyed: true }, options)).body;
    },

    async get(role, options) {
      return (await call('GET /api/v1/roles/{role}', { path: { role } }, options)).body;
    },

    async list(options) {
      return (await call('GET /api/v1/roles', {}, options)).body.items;
    },

    async update(role, change, options) {
      return (await call('PATCH /api/v1/roles/{role}', { path: { role }, body: change }, options)).body;
    },

    async delete(role, options) {
      const { receipt } = await call('DELETE /api/v1/roles/{role}', { path: { role }, ends: true }, options);
      return { receipt };
    },
  };
}

export function permissions(call: Call): Permissions {
  return {
    async create(input, options) {
      return (await call('POST /api/v1/permissions', { body: input, keyed: true }, options)).body;
    },

    async list(options) {
      return (await call('GET /api/v1/permissions', {}, options)).body.items;
    },

    async update(name, change, options) {
      return (await call('PATCH /api/v1/permissions/{name}', { path: { name }, body: change }, options)).body;
    },

    async delete(name, options) {
      const { receipt } = await call('DELETE /api/v1/permissions/{name}', { path: { name }, ends: true }, options);
      return { receipt };
    },
  };
}
