import type { Me } from '@postern/sdk';
import { queryOptions, useSuspenseQuery } from '@tanstack/react-query';
import { postern } from '../postern.ts';

/** Who is signed in, and what they may do: the server's own answer, which decides what can be clicked. */
export const meQuery = queryOptions({ queryKey: ['me'], queryFn: ({ signal }) => postern.me({ signal }) });

export function useMe(): Me {
  return useSuspenseQuery(meQuery).data;
}

/** Whether the signed-in person holds a permission in this workspace, from whatever source. */
export function useMayIn(workspaceId: string, permission: string): boolean {
  const { permissions, workspaces } = useMe();
  const held = workspaces.find(({ id }) => id === workspaceId)?.permissions ?? [];
  return permissions.includes(permission) || held.includes(permission);
}

/** Whether the signed-in person holds a permission in the organization as a whole. */
export function useMay(permission: string): boolean {
  return useMe().permissions.includes(permission);
}
