import type { Permission, Role } from '@postern/sdk';
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

export const roleQuery = (id: string) =>
  queryOptions({
    queryKey: ['roles', 'one', id],
    queryFn: ({ signal }) => postern.roles.get(id, { signal }),
  });
