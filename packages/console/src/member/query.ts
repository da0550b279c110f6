import type { QueryClient } from '@tanstack/react-query';

export async function refreshMembers(queryClient: QueryClient): Promise<void> {
  await queryClient.invalidateQueries({ queryKey: ['members'] });
}

export const MEMBER_ROLES = [
  { value: 'member', label: 'Member' },
  { value: 'admin', label: 'Admin' },
] as const;

export type MemberRole = (typeof MEMBER_ROLES)[number]['value'];
