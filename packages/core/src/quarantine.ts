import { type Authorized, type Domain, type MutationOptions, mutationContext, plainContext } from './command.ts';
import type { OrganizationId } from './id.ts';
import type { Organization } from './organization.ts';
import type { Committed } from './storage.ts';

/** What becomes of an organization's tokens after a restore: an admin who is signed in says it, or the operator. */

/** Throws `quarantine.delete_only`. */
export async function releaseOrganization(
  domain: Domain,
  caller: Authorized<'organization.update'>,
  options: MutationOptions = {},
): Promise<Committed<Organization>> {
  return domain.storage.releaseOrganization(mutationContext(domain, caller, options));
}

export async function deleteQuarantinedTokens(
  domain: Domain,
  caller: Authorized<'organization.update'>,
  options: MutationOptions = {},
): Promise<Committed<number>> {
  return domain.storage.deleteQuarantinedTokens(mutationContext(domain, caller, options));
}

/** The operator's way. Undefined where there is no such organization. Throws `quarantine.delete_only`. */
export async function endQuarantine(
  domain: Pick<Domain, 'storage' | 'random'>,
  organizationId: OrganizationId,
  how: 'release' | 'delete_tokens',
): Promise<Committed<Organization | number> | undefined> {
  const { storage } = domain;
  if (!(await storage.findOrganization(organizationId))) return undefined;
  const context = plainContext(domain, organizationId, { kind: 'operator' });
  return how === 'release' ? storage.releaseOrganization(context) : storage.deleteQuarantinedTokens(context);
}
