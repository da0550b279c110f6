import { createHmac, createSecretKey, hkdfSync, type KeyObject, timingSafeEqual } from 'node:crypto';
import type { RandomBytes } from './clock.ts';

/**
 * The server's secret key: `kid:base64url(32 bytes)`. HKDF-SHA-256 (RFC 5869) gives one subkey per purpose, so that no
 * two uses share a key. Two keys may be valid at a time: the current one writes, the previous one is still understood.
 */

export type KeyPurpose = 'digest' | 'lookup' | 'fingerprint' | 'seal' | 'cursor' | 'session' | 'check';

const PURPOSES: readonly KeyPurpose[] = ['digest', 'lookup', 'fingerprint', 'seal', 'cursor', 'session', 'check'];
const KEY_BYTES = 32;
const KID_PATTERN = /^[A-Za-z0-9_-]{1,32}$/;
const ENCODED_KEY_PATTERN = /^[A-Za-z0-9_-]{43}=?$/;

export interface SecretKey {
  readonly kid: string;
  readonly subkeys: Readonly<Record<KeyPurpose, KeyObject>>;
}

export interface SecretKeys {
  readonly current: SecretKey;
  readonly previous?: SecretKey;
}

/** The key written as `kid:base64url(32 bytes)`, or undefined when the text is not one. */
export function parseSecretKey(text: string): SecretKey | undefined {
  const colon = text.indexOf(':');
  const kid = text.slice(0, colon);
  const encoded = text.slice(colon + 1);
  if (colon < 1 || !KID_PATTERN.test(kid) || !ENCODED_KEY_PATTERN.test(encoded)) return undefined;
  const bytes = Buffer.from(encoded, 'base64url');
  if (bytes.length !== KEY_BYTES) return undefined;
  const subkeys = Object.fromEntries(
    PURPOSES.map((purpose) => [
      purpose,
      createSecretKey(Buffer.from(hkdfSync('sha256', bytes, Buffer.alloc(0), `postern/${purpose}/1`, KEY_BYTES))),
    ]),
  ) as Record<KeyPurpose, KeyObject>;
  bytes.fill(0);
  return { kid, subkeys };
}

/** The text of a new random key, ready for POSTERN_SECRET_KEY. */
export function generateSecretKey(kid: string, random: RandomBytes): string {
  return `${kid}:${random(KEY_BYTES).toString('base64url')}`;
}

/** HMAC-SHA-256 over parts that cannot run into each other (each is preceded by its length), as base64url. */
export function keyedHash(key: KeyObject, ...parts: readonly string[]): string {
  const hmac = createHmac('sha256', key);
  for (const part of parts) hmac.update(`${Buffer.byteLength(part)}:`).update(part);
  return hmac.digest('base64url');
}

/** What a database stores so that a start with another key of the same name is noticed. It reveals nothing of the key. */
export function secretKeyCheck(key: SecretKey): string {
  return keyedHash(key.subkeys.check, key.kid);
}

/** Whether the stored check value was made by this key. */
export function matchesSecretKeyCheck(key: SecretKey, stored: string): boolean {
  const expected = Buffer.from(secretKeyCheck(key));
  const found = Buffer.from(stored);
  return expected.length === found.length && timingSafeEqual(expected, found);
}

/** The loaded key of that name. */
export function findSecretKey(keys: SecretKeys, kid: string): SecretKey | undefined {
  if (keys.current.kid === kid) return keys.current;
  return keys.previous?.kid === kid ? keys.previous : undefined;
}
