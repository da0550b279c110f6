import { type Authorized, type Domain, type MutationOptions, mutationContext } from './command.ts';
import { invalidField } from './error.ts';
import type { LeakResponse, Organization } from './organization.ts';
import type { Committed } from './storage.ts';
import type { OrganizationChange } from './storage-access.ts';
import { parseName } from './text.ts';
import { LIFETIME_DAYS_MAX, POLICY_GROUPS_MAX, type TokenPolicy } from './token-policy.ts';

export interface OrganizationInput {
  readonly name?: string;
  readonly tokenPolicy?: TokenPolicy;
  readonly leakResponse?: LeakResponse;
}

export async function updateOrganization(
  domain: Domain,
  caller: Authorized<'organization.update'>,
  input: OrganizationInput,
  options: MutationOptions = {},
): Promise<Committed<Organization>> {
  const change: OrganizationChange = {
    ...(input.name !== undefined && { name: parseName(input.name, '/name') }),
    ...(input.tokenPolicy !== undefined && { tokenPolicy: parseTokenPolicy(input.tokenPolicy) }),
    ...(input.leakResponse !== undefined && { leakResponse: input.leakResponse }),
  };
  return domain.storage.updateOrganization(mutationContext(domain, caller, options), change);
}

/** Throws `request.invalid`. Whether the groups exist is checked under the lock. */
export function parseTokenPolicy(policy: TokenPolicy): TokenPolicy {
  const { creation, maxLifetimeDays } = policy;
  if (typeof creation === 'object' && creation.groupIds.length > POLICY_GROUPS_MAX) {
    throw invalidField('/tokenPolicy/creation/groupIds', `must name at most ${POLICY_GROUPS_MAX} groups`);
  }
  if (
    maxLifetimeDays !== null &&
    !(Number.isInteger(maxLifetimeDays) && maxLifetimeDays >= 1 && maxLifetimeDays <= LIFETIME_DAYS_MAX)
  ) {
    throw invalidField('/tokenPolicy/maxLifetimeDays', `must be a whole number of days from 1 to ${LIFETIME_DAYS_MAX}`);
  }
  return policy;
}
