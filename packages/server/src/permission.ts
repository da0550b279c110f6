import {
  createPermission,
  deletePermission,
  isPermissionName,
  PERMISSION_NAMES,
  PERMISSIONS,
  type RegisteredPermission,
  updatePermission,
} from '@postern/core';
import type { FastifyInstance } from 'fastify';
import Type from 'typebox';
import { created, gone, ok } from './answer.ts';
import { declareRoute } from './route.ts';
import { Closed, Description, OneOf, PermissionText, RefTo } from './schema.ts';
import type { Server } from './server.ts';

const PermissionSchema = Closed(
  {
    name: Type.String({ description: 'noun.verb' }),
    description: Type.String(),
    scope: OneOf(['organization', 'group', 'workspace'], { description: 'Where it is held' }),
    builtIn: Type.Boolean(),
  },
  { $id: 'Permission' },
);
const PermissionList = Closed(
  { items: Type.Array(RefTo(PermissionSchema)) },
  { $id: 'PermissionList', description: "The built-in ones first, then the organization's own by name" },
);
const PermissionInput = Closed(
  {
    name: PermissionText({ description: 'noun.verb, of an API of your own' }),
    description: Type.Optional(Description()),
  },
  { $id: 'PermissionInput' },
);
const PermissionUpdate = Closed({ description: Description() }, { $id: 'PermissionUpdate' });

export const PERMISSION_SCHEMAS = [PermissionSchema, PermissionList, PermissionInput, PermissionUpdate];

const URL = '/api/v1/permissions';
const PERMISSION_URL = `${URL}/:name` as const;
const TAG = 'Roles and permissions';
const PERMISSION = { description: 'The permission', body: PermissionSchema };

export function permissionRoutes(app: FastifyInstance, server: Server): void {
  declareRoute(app, server, {
    method: 'POST',
    url: URL,
    operation: 'createPermission',
    tag: TAG,
    summary: "Register a permission of one of the organization's own APIs",
    description: 'It is a workspace permission: custom roles may hold it, and the built-in manager holds it.',
    permission: 'permission.create',
    audit: { action: 'permission.create', target: () => null },
    idempotent: true,
    body: PermissionInput,
    answers: { 201: PERMISSION },
    async act({ caller, body, options }) {
      const { result, receipt } = await createPermission(server, caller, body, options);
      return created(`${URL}/${result.name}`, representRegistered(result), { version: result.version, receipt });
    },
  });

  declareRoute(app, server, {
    method: 'GET',
    url: URL,
    operation: 'listPermissions',
    tag: TAG,
    summary: 'The permission catalogue',
    permission: 'permission.read',
    answers: { 200: { description: 'All permissions', body: PermissionList } },
    async act({ caller }) {
      const registered = await server.storage.listPermissions(caller.record.organization.id);
      return ok({ items: [...BUILT_IN, ...registered.map(representRegistered)] });
    },
  });

  declareRoute(app, server, {
    method: 'PATCH',
    url: PERMISSION_URL,
    operation: 'updatePermission',
    tag: TAG,
    summary: 'Describe a registered permission anew',
    permission: 'permission.update',
    audit: { action: 'permission.update', target: permissionTarget },
    conditional: true,
    body: PermissionUpdate,
    answers: { 200: PERMISSION },
    async act({ caller, params, body, options }) {
      const { result, receipt } = await updatePermission(server, caller, params.name, body, options);
      return ok(representRegistered(result), { version: result.version, receipt });
    },
  });

  declareRoute(app, server, {
    method: 'DELETE',
    url: PERMISSION_URL,
    operation: 'deletePermission',
    tag: TAG,
    summary: 'Remove a registered permission that no role holds',
    permission: 'permission.delete',
    audit: { action: 'permission.delete', target: permissionTarget },
    conditional: true,
    answers: { 204: { description: 'It is gone', body: null } },
    async act({ caller, params, options }) {
      const { receipt } = await deletePermission(server, caller, params.name, options);
      return gone({ receipt });
    },
  });
}

/** Text that is no permission name is not written into the audit log. */
function permissionTarget({ name }: { readonly name: string }) {
  return isPermissionName(name) ? { kind: 'permission' as const, id: name, displayName: null } : null;
}

const BUILT_IN: readonly Type.Static<typeof PermissionSchema>[] = PERMISSION_NAMES.map((name) => ({
  name,
  ...PERMISSIONS[name],
  builtIn: true,
}));

function representRegistered({ name, description }: RegisteredPermission): Type.Static<typeof PermissionSchema> {
  return { name, description, scope: 'workspace', builtIn: false };
}
