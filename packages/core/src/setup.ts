import { HOUR_MS } from './clock.ts';
import { type Domain, plainContext } from './command.ts';
import { DomainError } from './error.ts';
import { newId } from './id.ts';
import { digestLink, type LinkValue, mintLinkValue } from './link-value.ts';
import type { Member } from './member.ts';
import type { Committed, RequestFacts } from './storage.ts';
import type { FoundSetup, SignInUser } from './storage-member.ts';

/** How an installation gets its first person: by a link that whoever starts the server is shown. */

export const SETUP_LIFETIME_MS = HOUR_MS;

/**
 * A link for the first person, while nobody is there who could let anybody in: no person, no service account. Links that
 * another process has shown meanwhile stay good. Undefined where there is no need of one.
 */
export async function openSetup(domain: Domain): Promise<LinkValue | undefined> {
  const organization = await domain.storage.findUnpeopledOrganization();
  if (!organization || organization.hasPrincipals) return undefined;
  return createLink(domain, organization.id, false);
}

/** The same at the operator's wish, beside service accounts too. Links before it end. */
export async function renewSetup(domain: Domain): Promise<LinkValue | undefined> {
  const organization = await domain.storage.findUnpeopledOrganization();
  return organization && createLink(domain, organization.id, true);
}

/** Throws `setup.link_invalid`: used, over, or never made. */
export async function findSetup(domain: Domain, value: LinkValue): Promise<FoundSetup> {
  const found = await domain.storage.findSetup(digestLink('setup', value, domain.keys.current));
  if (!found) throw new DomainError('setup.link_invalid');
  return found;
}

/**
 * Whoever holds the link becomes the first admin, and names the organization; all links end. Of several at once one does.
 * Throws `setup.link_invalid`.
 */
export async function completeSetup(
  domain: Domain,
  value: LinkValue,
  input: { readonly organizationName: string; readonly user: SignInUser },
  request: RequestFacts,
): Promise<Committed<Member>> {
  const { organizationId } = await findSetup(domain, value);
  const memberId = newId('member', domain.storage, domain.random);
  const context = plainContext(domain, organizationId, { kind: 'invited', memberId }, request);
  return domain.storage.completeSetup(context, {
    digest: digestLink('setup', value, domain.keys.current),
    memberId,
    ...input,
  });
}

async function createLink(
  domain: Domain,
  organizationId: FoundSetup['organizationId'],
  endsOthers: boolean,
): Promise<LinkValue> {
  const context = plainContext(domain, organizationId, { kind: 'operator' });
  const value = mintLinkValue(domain.random);
  await domain.storage.createSetupLink(context, {
    digest: digestLink('setup', value, domain.keys.current),
    expiresAt: context.at + SETUP_LIFETIME_MS,
    endsOthers,
  });
  return value;
}
