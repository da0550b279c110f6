import {
  BUILT_IN_ROLES,
  type BuiltInRole,
  createRole,
  DEFAULT_WORKSPACE_ROLE,
  DomainError,
  deleteRole,
  PERMISSIONS_MAX,
  parseId,
  type Role,
  type RoleId,
  updateRole,
} from '@postern/core';
import type { FastifyInstance } from 'fastify';
import Type from 'typebox';
import { created, gone, ok } from './answer.ts';
import { declareRoute } from './route.ts';
import { Closed, Name, PermissionText, RefTo } from './schema.ts';
import type { Server } from './server.ts';

const RoleSchema = Closed(
  {
    id: Type.String({ description: 'Of a built-in role: its name' }),
    name: Type.String(),
    builtIn: Type.Boolean(),
    permissions: Type.Array(Type.String()),
  },
  { $id: 'Role', description: 'A workspace role: a named set of workspace permissions' },
);
export const RoleList = Closed(
  { items: Type.Array(RefTo(RoleSchema)) },
  { $id: 'RoleList', description: 'The built-in ones first, then by name' },
);

const INPUT_FIELDS = {
  name: Name({ description: 'Unique in the organization, compared without regard to case, width and spaces' }),
  permissions: Type.Array(PermissionText(), {
    maxItems: PERMISSIONS_MAX,
    description: 'Workspace permissions, registered ones included',
  }),
};
const RoleInput = Closed(INPUT_FIELDS, { $id: 'RoleInput' });
const RoleUpdate = Closed(
  { name: Type.Optional(INPUT_FIELDS.name), permissions: Type.Optional(INPUT_FIELDS.permissions) },
  { $id: 'RoleUpdate', description: 'Fields that are absent stay as they are' },
);

export const ROLE_SCHEMAS = [RoleSchema, RoleList, RoleInput, RoleUpdate];

const URL = '/api/v1/roles';
const ROLE_URL = `${URL}/:role` as const;
const TAG = 'Roles and permissions';
const ROLE = { description: 'The role', body: RoleSchema };

export function roleRoutes(app: FastifyInstance, server: Server): void {
  declareRoute(app, server, {
    method: 'POST',
    url: URL,
    operation: 'createRole',
    tag: TAG,
    summary: 'Create a custom workspace role',
    permission: 'role.create',
    audit: { action: 'role.create', target: () => null },
    idempotent: true,
    body: RoleInput,
    answers: { 201: ROLE },
    async act({ caller, body, options }) {
      const { result, receipt } = await createRole(server, caller, body, options);
      return created(`${URL}/${result.id}`, representRole(result), { version: result.version, receipt });
    },
  });

  declareRoute(app, server, {
    method: 'GET',
    url: URL,
    operation: 'listRoles',
    tag: TAG,
    summary: 'List the workspace roles',
    permission: 'role.read',
    answers: { 200: { description: 'All roles', body: RoleList } },
    async act({ caller }) {
      const roles = await server.storage.listRoles(caller.record.organization.id);
      return ok({ items: roles.map(representRole) });
    },
  });

  declareRoute(app, server, {
    method: 'GET',
    url: ROLE_URL,
    operation: 'getRole',
    tag: TAG,
    summary: 'Read a workspace role',
    permission: 'role.read',
    answers: { 200: ROLE },
    async act({ caller, params }) {
      const role = await server.storage.findRole(caller.record.organization.id, parseRoleReference(params.role));
      if (!role) throw new DomainError('role.not_found');
      return ok(representRole(role), { version: role.version });
    },
  });

  declareRoute(app, server, {
    method: 'PATCH',
    url: ROLE_URL,
    operation: 'updateRole',
    tag: TAG,
    summary: 'Change a custom workspace role, for everybody who has it',
    permission: 'role.update',
    audit: { action: 'role.update', target: roleTarget },
    conditional: true,
    body: RoleUpdate,
    answers: { 200: ROLE },
    async act({ caller, params, body, options }) {
      const { result, receipt } = await updateRole(server, caller, parseRoleId(params.role), body, options);
      return ok(representRole(result), { version: result.version, receipt });
    },
  });

  declareRoute(app, server, {
    method: 'DELETE',
    url: ROLE_URL,
    operation: 'deleteRole',
    tag: TAG,
    summary: 'Delete a custom workspace role that nobody has',
    permission: 'role.delete',
    audit: { action: 'role.delete', target: roleTarget },
    conditional: true,
    answers: { 204: { description: 'It is gone', body: null } },
    async act({ caller, params, options }) {
      const { receipt } = await deleteRole(server, caller, parseRoleId(params.role), options);
      return gone({ receipt });
    },
  });
}

/** The name of a built-in role, or the id of a custom one; absent = the default role. Throws `role.not_found`. */
export function parseRoleReference(text: string = DEFAULT_WORKSPACE_ROLE): BuiltInRole | RoleId {
  return Object.hasOwn(BUILT_IN_ROLES, text) ? (text as BuiltInRole) : parseRoleId(text);
}

/** Built-in roles are read only, and not found where something is changed. */
function parseRoleId(text: string): RoleId {
  const id = parseId('role', text);
  if (!id) throw new DomainError('role.not_found');
  return id;
}

function roleTarget({ role }: { readonly role: string }) {
  const id = parseId('role', role);
  return id ? { kind: 'role' as const, id, displayName: null } : null;
}

export function representRole({ id, name, builtIn, permissions }: Role): Type.Static<typeof RoleSchema> {
  return { id, name, builtIn, permissions: [...permissions] };
}
