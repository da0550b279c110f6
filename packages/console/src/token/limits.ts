import type { Organization } from '@postern/sdk';
import { queryOptions, useQuery } from '@tanstack/react-query';
import { postern } from '../postern.ts';
import type { ExpiryLimits } from './expiry-field.tsx';

export const organizationQuery = queryOptions({
  queryKey: ['organization'],
  queryFn: ({ signal }): Promise<Organization> => postern.organization.get({ signal }),
});

/** What the organization's policy allows a new value; nothing is limited until that is known, and the server checks anyway. */
export function useExpiryLimits(): ExpiryLimits {
  const { data } = useQuery(organizationQuery);
  return {
    maxLifetimeDays: data?.tokenPolicy.maxLifetimeDays ?? null,
    requireExpiry: data?.tokenPolicy.requireExpiry ?? false,
  };
}
