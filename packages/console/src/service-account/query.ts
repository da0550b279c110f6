import type { ServiceAccount, Token } from '@postern/sdk';
import { type QueryClient, queryOptions } from '@tanstack/react-query';
import { postern } from '../postern.ts';

export const accountQuery = (id: string) =>
  queryOptions({
    queryKey: ['service-account', id],
    queryFn: ({ signal }) => postern.serviceAccounts.get(id, { signal }),
  });

export const membershipsQuery = (id: string) =>
  queryOptions({
    queryKey: ['service-account', id, 'memberships'],
    queryFn: ({ signal }) => postern.serviceAccounts.memberships(id, { signal }),
  });

export const accessQuery = (id: string) =>
  queryOptions({
    queryKey: ['service-account', id, 'access'],
    queryFn: ({ signal }) => postern.serviceAccounts.access(id, {}, { signal }),
  });

/** The event that disabled it last; undefined where the log has none. */
export const disablingQuery = (id: string) =>
  queryOptions({
    queryKey: ['service-account', id, 'disabling'],
    queryFn: async ({ signal }) => {
      const action = 'service_account.disable';
      const { items } = await postern.audit.list({ targetId: id, action, limit: 5 }, { signal }).page();
      return items.find(({ outcome }) => outcome === 'done') ?? null;
    },
  });

/** What says something of accounts, their tokens, or where they belong. */
const OF_ACCOUNTS = ['service-accounts', 'service-account', 'attention', 'groups', 'workspaces', 'audit-events'];

/** Whatever is shown of accounts and their tokens is asked for again: after every change of either. */
export async function refreshAccounts(queryClient: QueryClient): Promise<void> {
  await Promise.all(OF_ACCOUNTS.map((key) => queryClient.invalidateQueries({ queryKey: [key] })));
}

/** How roles of the organization are called, and what they mean, for choosing one. */
export const ACCOUNT_ROLES: readonly {
  readonly value: ServiceAccount['organizationRole'];
  readonly label: string;
  readonly description: string;
}[] = [
  { value: 'member', label: 'Member', description: 'Can do what its groups and workspaces let it do.' },
  { value: 'verifier', label: 'Verifier', description: 'Checks other people’s tokens for an API. Nothing else.' },
  {
    value: 'admin',
    label: 'Admin',
    description: 'Can do everything in this organization, including creating accounts.',
  },
];

export function roleLabel(role: string): string {
  return ACCOUNT_ROLES.find(({ value }) => value === role)?.label ?? role;
}

export function isRetiring(token: Token): boolean {
  return token.previous !== undefined && new Date(token.previous.validUntil).getTime() > Date.now();
}
