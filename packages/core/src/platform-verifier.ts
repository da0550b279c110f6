import { type Domain, plainContext } from './command.ts';
import { DomainError } from './error.ts';
import { type AuditEventId, newId, type OrganizationId, type ServiceAccountId } from './id.ts';
import type { ServiceAccount } from './service-account.ts';
import type { Page, PagePosition, Storage } from './storage.ts';
import { parseName } from './text.ts';
import { digestToken } from './token-digest.ts';
import { mintTokenValue, type TokenValue, tokenHint } from './token-value.ts';

/**
 * Platform verifiers: credentials of services whose callers belong to many organizations. They are accounts of an
 * organization that is nobody's and that no list shows, so that they are verified, remembered and revoked like all others.
 */

/** Where they are. An id that no organization is ever given: it would have been made in 1970. */
export const PLATFORM_ORGANIZATION = `org_${'0'.repeat(26)}` as OrganizationId;

const ROLE = 'verifier';
/** Narrower than the role: what a platform verifier may do is this, and to see and revoke itself. */
const RESTRICTIONS = { permissions: ['token.introspect'] };
const PAGE = 200;

export interface PlatformVerifier {
  readonly id: ServiceAccountId;
  readonly name: string;
  readonly createdAt: number;
  readonly lastUsedAt: number | null;
}

/** Throws `request.invalid` for the name. The value is nowhere else. */
export async function createPlatformVerifier(
  domain: Domain,
  input: { readonly name: string },
): Promise<{ readonly verifier: PlatformVerifier; readonly value: TokenValue }> {
  const { storage, keys, random } = domain;
  const displayName = parseName(input.name, '/name');
  await requireOrganization(domain);
  const account = {
    id: newId('service_account', storage, random),
    displayName,
    description: 'Verifies tokens of every organization.',
    organizationRole: ROLE,
    owners: [],
    externalId: null,
  } as const;
  const { result } = await storage.createServiceAccount(contextOf(domain), account);
  const value = mintTokenValue(random);
  await storage.createToken(contextOf(domain), {
    id: newId('token', storage, random),
    accountId: account.id,
    name: displayName,
    description: '',
    digest: digestToken(value, keys.current),
    hint: tokenHint(value),
    expiresAt: null,
    restrictions: RESTRICTIONS,
  });
  return { verifier: toVerifier(result), value };
}

/** By name. */
export async function listPlatformVerifiers(
  storage: Pick<Storage, 'listServiceAccounts'>,
): Promise<readonly PlatformVerifier[]> {
  const filters = { search: null, status: null, organizationRole: null, unusedSince: null } as const;
  const all: PlatformVerifier[] = [];
  let after: PagePosition | null = null;
  do {
    const query = { ...filters, sort: 'name', descending: false, limit: PAGE, after } as const;
    const page: Page<ServiceAccount> = await storage.listServiceAccounts(PLATFORM_ORGANIZATION, query);
    all.push(...page.items.map(toVerifier));
    after = page.next;
  } while (after);
  return all;
}

/** Its credential is refused by every process once this is done. False where there is none with that id. */
export async function deletePlatformVerifier(
  domain: Pick<Domain, 'storage' | 'random'>,
  id: ServiceAccountId,
): Promise<boolean> {
  if (!(await domain.storage.findServiceAccount(PLATFORM_ORGANIZATION, id))) return false;
  await domain.storage.deleteServiceAccount(contextOf(domain), id);
  return true;
}

function contextOf(domain: Pick<Domain, 'storage' | 'random'>) {
  return plainContext(domain, PLATFORM_ORGANIZATION, { kind: 'operator' });
}

/** Made with the first verifier; of two at once one makes it. */
async function requireOrganization({ storage, random }: Domain): Promise<void> {
  if (await storage.findOrganization(PLATFORM_ORGANIZATION)) return;
  const eventId = (): AuditEventId => newId('audit_event', storage, random);
  try {
    await storage.createOrganization({
      eventIds: [eventId(), eventId(), eventId()],
      organization: { id: PLATFORM_ORGANIZATION, name: 'Platform', plan: 'enterprise' },
      admin: null,
      at: storage.now(),
    });
  } catch (error) {
    const isThere = error instanceof DomainError && (await storage.findOrganization(PLATFORM_ORGANIZATION));
    if (!isThere) throw error;
  }
}

function toVerifier({ id, displayName, createdAt, lastUsedAt }: ServiceAccount): PlatformVerifier {
  return { id, name: displayName, createdAt, lastUsedAt };
}
