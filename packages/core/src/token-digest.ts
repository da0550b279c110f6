import { createHmac, hash } from 'node:crypto';
import type { RandomBytes } from './clock.ts';
import type { Id } from './id.ts';
import type { SecretKey, SecretKeys } from './secret-key.ts';
import type { TokenValue } from './token-value.ts';

/** What the database knows a value by: HMAC-SHA-256 of the value under the digest subkey, base64url, and that key's id. */
export interface TokenDigest {
  readonly digest: Id<'token_digest'>;
  readonly keyId: string;
}

/** The digests that a value may be stored under: the current key's first, then the previous key's, if there is one. */
export type TokenDigests = readonly [TokenDigest, ...TokenDigest[]];

/** What memory knows a value by: a one-shot hash under a salt of this process. Worthless outside it. */
export type TokenCacheKey = Id<'token_cache_key'>;

/** The digest under which a new value is stored. Here the secret ends. */
export function digestToken(value: TokenValue, key: SecretKey): TokenDigest {
  const digest = createHmac('sha256', key.subkeys.digest).update(value.reveal()).digest('base64url');
  return { digest: digest as Id<'token_digest'>, keyId: key.kid };
}

/** All digests under which the value may be found. */
export function digestTokenForLookup(value: TokenValue, keys: SecretKeys): TokenDigests {
  const current = digestToken(value, keys.current);
  return keys.previous ? [current, digestToken(value, keys.previous)] : [current];
}

/** A function from values to cache keys, salted anew for each process. */
export function createTokenCacheKey(random: RandomBytes): (value: TokenValue) => TokenCacheKey {
  const salt = random(16).toString('hex');
  return (value) => hash('sha256', salt + value.reveal(), 'binary') as TokenCacheKey;
}
