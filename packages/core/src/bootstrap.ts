import type { RandomBytes } from './clock.ts';
import { type AuditEventId, newId } from './id.ts';
import type { Plan } from './organization.ts';
import type { SecretKeys } from './secret-key.ts';
import type { Bootstrap, FirstAdmin, Storage } from './storage.ts';
import { digestToken } from './token-digest.ts';
import { type TokenValue, tokenHint } from './token-value.ts';

export interface BootstrapInput {
  readonly organizationName: string;
  /** The value that the first admin token shall have; null = there is none, and nobody in the organization yet. */
  readonly value: TokenValue | null;
}

interface BootstrapDomain {
  readonly storage: Storage;
  readonly keys: SecretKeys;
  readonly random: RandomBytes;
}

/** How the account and the token that an organization begins with are described to its people. */
export interface FirstPrincipal {
  readonly accountDescription: string;
  readonly tokenDescription: string;
}

const FIRST: FirstPrincipal = {
  accountDescription: 'Made at the first start. Create an account of your own, then delete this one.',
  tokenDescription: 'The token of the first start.',
};

/**
 * The first start of an installation: an organization, and, with a value, in it the service account `bootstrap` with the
 * organization role admin, holding one token of that value that never expires. Happens once in the life of a database,
 * whatever was deleted since: false when it has happened before.
 */
export async function bootstrap(
  domain: BootstrapDomain,
  { organizationName: name, value }: BootstrapInput,
): Promise<boolean> {
  return domain.storage.bootstrap(
    foundation(domain, { name, plan: 'enterprise' }, value && firstAdmin(domain, value, FIRST)),
  );
}

/** What an organization begins with. */
export function foundation(
  { storage, random }: BootstrapDomain,
  organization: { readonly name: string; readonly plan: Plan },
  admin: FirstAdmin | null,
): Bootstrap {
  const at = storage.now();
  const clock = { now: () => at };
  const eventId = (): AuditEventId => newId('audit_event', clock, random);
  return {
    eventIds: [eventId(), eventId(), eventId()],
    organization: { id: newId('organization', clock, random), ...organization },
    admin,
    at,
  };
}

/** An admin, and a token with this value that never expires. */
export function firstAdmin(
  { storage, keys, random }: BootstrapDomain,
  value: TokenValue,
  { accountDescription, tokenDescription }: FirstPrincipal,
): FirstAdmin {
  const accountId = newId('service_account', storage, random);
  return {
    account: {
      id: accountId,
      displayName: 'bootstrap',
      description: accountDescription,
      organizationRole: 'admin',
      owners: [],
      externalId: null,
    },
    token: {
      id: newId('token', storage, random),
      accountId,
      name: 'bootstrap',
      description: tokenDescription,
      digest: digestToken(value, keys.current),
      hint: tokenHint(value),
      expiresAt: null,
      restrictions: null,
    },
  };
}
