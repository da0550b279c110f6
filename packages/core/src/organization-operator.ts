import { type FirstPrincipal, firstAdmin, foundation } from './bootstrap.ts';
import { type Domain, plainContext } from './command.ts';
import type { OrganizationId } from './id.ts';
import type { Organization, Plan } from './organization.ts';
import { PLATFORM_ORGANIZATION } from './platform-verifier.ts';
import type { Committed, Page, PagePosition, Storage } from './storage.ts';
import type { OrganizationSummary } from './storage-organization.ts';
import { parseName } from './text.ts';
import { mintTokenValue, type TokenValue } from './token-value.ts';

/** What the operator does with organizations, on the server's machine: no credential reaches any of this. */

const FIRST: FirstPrincipal = {
  accountDescription: 'Made with the organization. Create an account of your own, then delete this one.',
  tokenDescription: 'The token that the organization was made with.',
};
const PAGE = 200;

/**
 * An organization, and in it the service account `bootstrap` with the organization role admin, holding one token that never
 * expires. Throws `request.invalid` for the name.
 */
export async function createOrganization(
  domain: Domain,
  input: { readonly name: string; readonly plan: Plan },
): Promise<{ readonly organization: Organization; readonly value: TokenValue }> {
  const value = mintTokenValue(domain.random);
  const organization = { name: parseName(input.name, '/name'), plan: input.plan };
  const { result } = await domain.storage.createOrganization(
    foundation(domain, organization, firstAdmin(domain, value, FIRST)),
  );
  return { organization: result, value };
}

/** Every organization, the oldest first. */
export async function listAllOrganizations(
  storage: Pick<Storage, 'listOrganizations'>,
): Promise<readonly OrganizationSummary[]> {
  const all: OrganizationSummary[] = [];
  let after: PagePosition | null = null;
  do {
    const page: Page<OrganizationSummary> = await storage.listOrganizations({ limit: PAGE, after });
    all.push(...page.items);
    after = page.next;
  } while (after);
  return all;
}

/** Undefined where there is no such organization. */
export async function setOrganizationPlan(
  domain: Pick<Domain, 'storage' | 'random'>,
  organizationId: OrganizationId,
  plan: Plan,
): Promise<Committed<Organization> | undefined> {
  const { storage } = domain;
  if (organizationId === PLATFORM_ORGANIZATION || !(await storage.findOrganization(organizationId))) return undefined;
  return storage.setOrganizationPlan(plainContext(domain, organizationId, { kind: 'operator' }), plan);
}
