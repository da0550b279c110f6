import { queryOptions } from '@tanstack/react-query';
import { postern } from '../postern.ts';

export const groupQuery = (id: string) =>
  queryOptions({
    queryKey: ['groups', 'one', id],
    queryFn: ({ signal }) => postern.groups.get(id, { signal }),
  });

export const GROUP_ROLES = [
  { value: 'member', label: 'Member' },
  { value: 'manager', label: 'Group manager' },
] as const;

export function groupRoleLabel(role: string): string {
  return GROUP_ROLES.find(({ value }) => value === role)?.label ?? role;
}
