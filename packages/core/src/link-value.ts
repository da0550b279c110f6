import type { RandomBytes } from './clock.ts';
import { Secret } from './secret.ts';
import { keyedHash, type SecretKey } from './secret-key.ts';

/** What stands behind the # of a link that lets somebody in: 256 random bits, base64url. Works once, within its time. */
export class LinkValue extends Secret {}

/** What a link is for: the value of one opens nothing of another. */
export type LinkPurpose = 'invitation' | 'setup';

const VALUE_BYTES = 32;
const VALUE_PATTERN = /^[A-Za-z0-9_-]{43}$/;

export function mintLinkValue(random: RandomBytes): LinkValue {
  return new LinkValue(random(VALUE_BYTES).toString('base64url'));
}

/** Undefined when the text cannot be one. */
export function parseLinkValue(text: string): LinkValue | undefined {
  return VALUE_PATTERN.test(text) ? new LinkValue(text) : undefined;
}

/** What the database knows the link by: neither reading nor writing it makes one. */
export function digestLink(purpose: LinkPurpose, value: LinkValue, key: SecretKey): string {
  return keyedHash(key.subkeys.digest, purpose, value.reveal());
}
