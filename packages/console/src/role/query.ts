import { NotFound, type Permission, type Role } from '@postern/sdk';
import { queryOptions } from '@tanstack/react-query';
import { postern } from '../postern.ts';

export const rolesQuery = queryOptions({
  queryKey: ['roles'],
  queryFn: ({ signal }): Promise<readonly Role[]> => postern.roles.list({ signal }),
});

/** Those that the signed-in person can give in the workspace. */
export const grantableRolesQuery = (workspaceId: string) =>
  queryOptions({
    queryKey: ['roles', 'grantable', workspaceId],
    queryFn: ({ signal }) => postern.workspaces.roles(workspaceId, { signal }),
  });

export const permissionsQuery = queryOptions({
  queryKey: ['permissions'],
  queryFn: ({ signal }): Promise<readonly Permission[]> => postern.permissions.list({ signal }),
});

export const permissionQuery = (name: string) =>
  queryOptions({
    queryKey: ['permissions', 'one', name],
    queryFn: ({ signal }) => readPermission(name, signal),
  });

/** As it is now. The API answers all of them together: one has no address to be read at. */
export async function readPermission(name: string, signal?: AbortSignal): Promise<Permission> {
  const all = await postern.permissions.list(signal && { signal });
  const found = all.find((permission) => permission.name === name);
  if (!found) throw new NotFound({ code: 'permission.not_found', status: null, title: 'There is no such permission' });
  return found;
}

export const roleQuery = (id: string) =>
  queryOptions({
    queryKey: ['roles', 'one', id],
    queryFn: ({ signal }) => postern.roles.get(id, { signal }),
  });
