import type { RandomBytes } from './clock.ts';
import { type Domain, plainContext } from './command.ts';
import { DomainError } from './error.ts';
import { newId } from './id.ts';
import type { Member } from './member.ts';
import { Secret } from './secret.ts';
import { keyedHash, type SecretKey } from './secret-key.ts';
import type { Committed, RequestFacts } from './storage.ts';
import type { FoundSetup, SignInUser } from './storage-member.ts';
import { parseEmail, parseName } from './text.ts';

/** Who is the first person of an installation: whoever follows the link that the first start prints. */

/** What the link holds: 256 random bits, base64url. Whoever has it becomes the first admin, once, within its hour. */
export class SetupCode extends Secret {}

export const SETUP_LIFETIME_MS = 3_600_000;

const CODE_BYTES = 32;
const CODE_PATTERN = /^[A-Za-z0-9_-]{43}$/;

function mintSetupCode(random: RandomBytes): SetupCode {
  return new SetupCode(random(CODE_BYTES).toString('base64url'));
}

/** Undefined when the text cannot be one. */
export function parseSetupCode(text: string): SetupCode | undefined {
  return CODE_PATTERN.test(text) ? new SetupCode(text) : undefined;
}

function digestSetup(code: SetupCode, key: SecretKey): string {
  return keyedHash(key.subkeys.digest, 'setup', code.reveal());
}

/**
 * A new link, while no person has ever been in the database; the one before ends. Undefined where somebody has been, or,
 * without `renew`, where a link is still good.
 */
export async function offerSetup(
  domain: Domain,
  { renew }: { readonly renew: boolean },
): Promise<SetupCode | undefined> {
  const { storage, random, keys } = domain;
  const organizationId = await storage.findUnpeopledOrganization();
  if (!organizationId) return undefined;
  const code = mintSetupCode(random);
  const context = plainContext(domain, organizationId, { kind: 'operator' });
  const offer = { digest: digestSetup(code, keys.current), expiresAt: context.at + SETUP_LIFETIME_MS, renew };
  const { result: offered } = await storage.offerSetup(context, offer);
  return offered ? code : undefined;
}

/** Throws `setup.invalid` when the link is not, or no longer, good. */
export async function inspectSetup({ storage, keys }: Domain, code: SetupCode): Promise<FoundSetup> {
  const found = await storage.findSetup(digestSetup(code, keys.current));
  if (!found) throw new DomainError('setup.invalid');
  return found;
}

export interface SetupInput {
  readonly organizationName: string;
  readonly email: string;
  readonly user: Omit<SignInUser, 'email'>;
}

/**
 * The first person, an admin, and the organization's name; the link ends. Of two at once one gets `setup.invalid`, and
 * nothing of theirs is left. Throws `request.invalid`, too.
 */
export async function completeSetup(
  domain: Domain,
  code: SetupCode,
  input: SetupInput,
  request: RequestFacts,
): Promise<Committed<Member>> {
  const { storage, keys, random } = domain;
  const digest = digestSetup(code, keys.current);
  const organizationName = parseName(input.organizationName, '/organizationName');
  const user = { ...input.user, email: parseEmail(input.email, '/email') };
  const { organizationId } = await inspectSetup(domain, code);
  const context = plainContext(domain, organizationId, { kind: 'operator' }, request);
  const id = newId('member', storage, random);
  return storage.completeSetup(context, { digest, organizationName, member: { id, organizationRole: 'admin', user } });
}
