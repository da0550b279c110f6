import type { RandomBytes } from './clock.ts';
import { Secret } from './secret.ts';
import { keyedHash, type SecretKey } from './secret-key.ts';

/** What the link of an invitation holds: 256 random bits, base64url. Whoever has it may join once, within its time. */
export class InvitationValue extends Secret {}

const VALUE_BYTES = 32;
const VALUE_PATTERN = /^[A-Za-z0-9_-]{43}$/;

export function mintInvitationValue(random: RandomBytes): InvitationValue {
  return new InvitationValue(random(VALUE_BYTES).toString('base64url'));
}

/** Undefined when the text cannot be one. */
export function parseInvitationValue(text: string): InvitationValue | undefined {
  return VALUE_PATTERN.test(text) ? new InvitationValue(text) : undefined;
}

/** What the database knows the link by: neither reading nor writing it makes one. */
export function digestInvitation(value: InvitationValue, key: SecretKey): string {
  return keyedHash(key.subkeys.digest, 'invitation', value.reveal());
}
