import type { RandomBytes } from './clock.ts';
import { type AuditEventId, newId } from './id.ts';
import type { SecretKeys } from './secret-key.ts';
import type { Storage } from './storage.ts';
import { digestToken } from './token-digest.ts';
import { mintTokenValue, type TokenValue, tokenHint } from './token-value.ts';

export interface BootstrapInput {
  readonly organizationName: string;
  /** The value that the first admin token shall have; absent = a new one. */
  readonly value?: TokenValue;
}

/**
 * The first start of an installation: an organization, and in it the service account `bootstrap` with the organization
 * role admin, holding one token that never expires. Happens once in the life of a database, whatever was deleted since:
 * undefined when it has happened before.
 */
export async function bootstrap(
  domain: { readonly storage: Storage; readonly keys: SecretKeys; readonly random: RandomBytes },
  input: BootstrapInput,
): Promise<{ readonly value: TokenValue } | undefined> {
  const { storage, random } = domain;
  const at = storage.now();
  const clock = { now: () => at };
  const value = input.value ?? mintTokenValue(random);
  const accountId = newId('service_account', clock, random);
  const eventId = (): AuditEventId => newId('audit_event', clock, random);
  const made = await storage.bootstrap({
    eventIds: [eventId(), eventId(), eventId()],
    organization: { id: newId('organization', clock, random), name: input.organizationName, plan: 'enterprise' },
    account: {
      id: accountId,
      displayName: 'bootstrap',
      description: 'Made at the first start. Create an account of your own, then delete this one.',
      organizationRole: 'admin',
      externalId: null,
    },
    token: {
      id: newId('token', clock, random),
      accountId,
      name: 'bootstrap',
      description: 'The token of the first start.',
      digest: digestToken(value, domain.keys.current),
      hint: tokenHint(value),
      expiresAt: null,
      restrictions: null,
    },
    at,
  });
  return made ? { value } : undefined;
}
