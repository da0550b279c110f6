import type { Permission, Role } from '@postern/sdk';
import { queryOptions } from '@tanstack/react-query';
import { postern } from '../postern.ts';

export const rolesQuery = queryOptions({
  queryKey: ['roles'],
  queryFn: ({ signal }): Promise<readonly Role[]> => postern.roles.list({ signal }),
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
