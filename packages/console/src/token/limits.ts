import type { Organization, OwnTokenPolicy } from '@postern/sdk';
import { queryOptions, useQuery } from '@tanstack/react-query';
import { postern } from '../postern.ts';
import type { ExpiryLimits } from './expiry-field.tsx';
import type { TokenResource } from './resource.ts';

export const organizationQuery = queryOptions({
  queryKey: ['organization'],
  queryFn: ({ signal }): Promise<Organization> => postern.organization.get({ signal }),
});

/** What somebody may know of the policy who may not read the organization. */
export const ownPolicyQuery = queryOptions({
  queryKey: ['me', 'token-policy'],
  queryFn: ({ signal }): Promise<OwnTokenPolicy> => postern.me.tokens.policy({ signal }),
});

/** What the organization's policy allows a new value; nothing is limited until that is known, and the server checks anyway. */
export function useExpiryLimits({ accountId }: Pick<TokenResource, 'accountId'>): ExpiryLimits {
  const isOwn = accountId === null;
  const own = useQuery({ ...ownPolicyQuery, enabled: isOwn });
  const organization = useQuery({ ...organizationQuery, enabled: !isOwn });
  const policy = isOwn ? own.data : organization.data?.tokenPolicy;
  return { maxLifetimeDays: policy?.maxLifetimeDays ?? null, requireExpiry: policy?.requireExpiry ?? false };
}
