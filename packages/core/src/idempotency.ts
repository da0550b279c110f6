import { createCipheriv, createDecipheriv, createHmac, hkdfSync, type KeyObject } from 'node:crypto';
import type { RandomBytes } from './clock.ts';
import { DomainError } from './error.ts';
import type { OrganizationId, TokenId } from './id.ts';
import { Secret } from './secret.ts';
import { findSecretKey, keyedHash, type SecretKey, type SecretKeys } from './secret-key.ts';
import { parseTokenValue, type TokenValue } from './token-value.ts';

/**
 * Answers that can be asked for again. A client that lost the answer repeats its request under the same key and gets the
 * same answer, the token value included; yet what is stored opens only with both the server's key and the client's.
 */

const KEY_PATTERN = /^[A-Za-z0-9_-]{22,128}$/;
const SALT_BYTES = 16;
const IV_BYTES = 12;
const TAG_BYTES = 16;

/** For how long an answer can be asked for again. */
export const IDEMPOTENCY_TTL_MS = 86_400_000;

/** A client's Idempotency-Key; a secret like a token. */
export class IdempotencyKey extends Secret {
  declare readonly step: 'idempotency_key';
}

/** Throws `idempotency.key_invalid`. */
export function parseIdempotencyKey(text: string): IdempotencyKey {
  if (!KEY_PATTERN.test(text)) throw new DomainError('idempotency.key_invalid');
  return new IdempotencyKey(text);
}

/** What makes two requests the same request. */
export interface IdempotentRequest {
  readonly key: IdempotencyKey;
  readonly method: string;
  readonly path: string;
  readonly ifMatch: string | null;
  /** The parsed body as JSON text. */
  readonly body: string;
}

/** Under one key of the server, where an answer is kept, and of which request it is. */
export interface IdempotencyBinding {
  readonly rowKey: string;
  readonly fingerprint: string;
}

/** A key bound to its organization, principal and request, under the server's current key. */
export interface BoundIdempotencyKey extends IdempotencyBinding {
  /** The same under the other key that is loaded, with which an answer may have been kept; null where there is none. */
  readonly previous: IdempotencyBinding | null;
  readonly key: IdempotencyKey;
}

/** Which generation a sealed value belongs to. */
export interface SealedGeneration {
  readonly tokenId: TokenId;
  readonly generation: number;
}

export function bindIdempotencyKey(
  request: IdempotentRequest,
  owner: { readonly organizationId: OrganizationId; readonly principalId: string },
  keys: SecretKeys,
): BoundIdempotencyKey {
  const bindUnder = ({ subkeys }: SecretKey): IdempotencyBinding => ({
    rowKey: keyedHash(subkeys.lookup, owner.organizationId, owner.principalId, request.key.reveal()),
    fingerprint: keyedHash(subkeys.fingerprint, request.method, request.path, request.ifMatch ?? '', request.body),
  });
  return {
    ...bindUnder(keys.current),
    previous: keys.previous ? bindUnder(keys.previous) : null,
    key: request.key,
  };
}

/** The value under AES-256-GCM, as `kid.base64url(salt, iv, ciphertext, tag)`; bound to row, fingerprint, token, generation and kid. */
export function sealTokenValue(
  value: TokenValue,
  bound: BoundIdempotencyKey,
  generation: SealedGeneration,
  keys: SecretKeys,
  random: RandomBytes,
): string {
  const salt = random(SALT_BYTES);
  const iv = random(IV_BYTES);
  const cipher = createCipheriv('aes-256-gcm', sealKey(keys.current, bound.key, salt), iv);
  cipher.setAAD(context(bound, generation, keys.current.kid));
  const sealed = Buffer.concat([salt, iv, cipher.update(value.reveal(), 'utf8'), cipher.final(), cipher.getAuthTag()]);
  return `${keys.current.kid}.${sealed.toString('base64url')}`;
}

/** The value again. Throws `idempotency.superseded` when the key that sealed it is no longer loaded, or anything does not match. */
export function openTokenValue(
  sealed: string,
  bound: BoundIdempotencyKey,
  generation: SealedGeneration,
  keys: SecretKeys,
): TokenValue {
  const dot = sealed.lastIndexOf('.');
  const key = findSecretKey(keys, sealed.slice(0, dot));
  const binding = key === keys.current ? bound : bound.previous;
  if (!key || !binding)
    throw new DomainError('idempotency.superseded', { internal: 'the key that sealed the answer is not loaded' });
  const bytes = Buffer.from(sealed.slice(dot + 1), 'base64url');
  const salt = bytes.subarray(0, SALT_BYTES);
  const iv = bytes.subarray(SALT_BYTES, SALT_BYTES + IV_BYTES);
  try {
    const decipher = createDecipheriv('aes-256-gcm', sealKey(key, bound.key, salt), iv);
    decipher.setAAD(context(binding, generation, key.kid));
    decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
    const text = Buffer.concat([
      decipher.update(bytes.subarray(SALT_BYTES + IV_BYTES, -TAG_BYTES)),
      decipher.final(),
    ]).toString('utf8');
    const value = parseTokenValue(text);
    if (value) return value;
  } catch {
    // Falls through: authentication failed, so the row was not written by the request that claims it.
  }
  throw new DomainError('idempotency.superseded', { internal: 'a sealed answer did not open' });
}

/** HKDF (RFC 5869) over HMAC(seal subkey; client's key): neither side's key alone gives it. */
function sealKey(key: SecretKey, clientKey: IdempotencyKey, salt: Buffer): Buffer {
  const shared = hmac(key.subkeys.seal, clientKey.reveal());
  return Buffer.from(hkdfSync('sha256', shared, salt, 'postern/sealed-answer/1', 32));
}

function hmac(key: KeyObject, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

function context({ rowKey, fingerprint }: IdempotencyBinding, generation: SealedGeneration, kid: string): Buffer {
  return Buffer.from(JSON.stringify([rowKey, fingerprint, generation.tokenId, generation.generation, kid]));
}
