import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { DomainError } from './error.ts';
import type { OrganizationId, TokenId } from './id.ts';
import { bindIdempotencyKey, openTokenValue, parseIdempotencyKey, sealTokenValue } from './idempotency.ts';
import { generateSecretKey, parseSecretKey, type SecretKey, type SecretKeys } from './secret-key.ts';
import { mintTokenValue } from './token-value.ts';

const keys: SecretKeys = { current: secretKey('k1') };
const owner = { organizationId: 'org_1' as OrganizationId, principalId: 'sa_1' };
const generation = { tokenId: 'tok_1' as TokenId, generation: 1 };
const request = { key: parseIdempotencyKey('k'.repeat(22)), method: 'POST', path: '/a', ifMatch: null, body: '{}' };

function secretKey(kid: string): SecretKey {
  const key = parseSecretKey(generateSecretKey(kid, randomBytes));
  if (!key) throw new Error('a generated key should parse');
  return key;
}

function codeOf(run: () => unknown): string | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    return error instanceof DomainError ? error.code : 'not a domain error';
  }
}

describe('an idempotency key', () => {
  test.each(['', 'k'.repeat(21), 'k'.repeat(129), `${'k'.repeat(22)} `, `${'k'.repeat(22)}.`, 'ü'.repeat(22)])(
    'refuses %j',
    (text) => {
      expect(codeOf(() => parseIdempotencyKey(text))).toBe('idempotency.key_invalid');
    },
  );

  test('is another row for another organization, principal or key', () => {
    const rows = [
      bindIdempotencyKey(request, owner, keys),
      bindIdempotencyKey(request, { ...owner, organizationId: 'org_2' as OrganizationId }, keys),
      bindIdempotencyKey(request, { ...owner, principalId: 'sa_2' }, keys),
      bindIdempotencyKey({ ...request, key: parseIdempotencyKey('l'.repeat(22)) }, owner, keys),
    ].map((bound) => bound.rowKey);
    expect(new Set(rows).size).toBe(4);
    expect(rows.join()).not.toContain('k'.repeat(22));
  });

  test('is also the row and the fingerprint that it was under the other key that is loaded', () => {
    const old = bindIdempotencyKey(request, owner, keys);
    const rotated = bindIdempotencyKey(request, owner, { current: secretKey('k2'), previous: keys.current });
    expect(old.previous).toBeNull();
    expect(rotated.previous).toEqual({ rowKey: old.rowKey, fingerprint: old.fingerprint });
    expect([rotated.rowKey, rotated.fingerprint]).not.toEqual([old.rowKey, old.fingerprint]);
  });

  test('has another fingerprint for another method, path, If-Match or body', () => {
    const prints = [
      request,
      { ...request, method: 'PUT' },
      { ...request, path: '/b' },
      { ...request, ifMatch: '"1"' },
      { ...request, body: '{"a":1}' },
      // Parts must not run into each other.
      { ...request, path: '/a{', body: '}' },
    ].map((each) => bindIdempotencyKey(each, owner, keys).fingerprint);
    expect(new Set(prints).size).toBe(6);
  });
});

describe('a sealed value', () => {
  const value = mintTokenValue(randomBytes);
  const bound = bindIdempotencyKey(request, owner, keys);
  const sealed = sealTokenValue(value, bound, generation, keys, randomBytes);

  test('opens for the request that sealed it, also under the previous key', () => {
    expect(openTokenValue(sealed, bound, generation, keys).reveal()).toBe(value.reveal());
    const rotated = { current: secretKey('k2'), previous: keys.current };
    const again = bindIdempotencyKey(request, owner, rotated);
    expect(openTokenValue(sealed, again, generation, rotated).reveal()).toBe(value.reveal());
    const notYet = { current: keys.current, previous: rotated.current };
    const sealedAfter = sealTokenValue(value, again, generation, rotated, randomBytes);
    const before = bindIdempotencyKey(request, owner, notYet);
    expect(openTokenValue(sealedAfter, before, generation, notYet).reveal()).toBe(value.reveal());
  });

  test.each([
    ['another client key', { ...bound, key: parseIdempotencyKey('l'.repeat(22)) }, generation, keys],
    ['another row', { ...bound, rowKey: 'other' }, generation, keys],
    ['another fingerprint', { ...bound, fingerprint: 'other' }, generation, keys],
    ['another token', bound, { ...generation, tokenId: 'tok_2' as TokenId }, keys],
    ['another generation', bound, { ...generation, generation: 2 }, keys],
    ['another server key of the same name', bound, generation, { current: secretKey('k1') }],
    ['a server that no longer has the key', bound, generation, { current: secretKey('k2') }],
  ])('does not open with %s', (_, otherBound, otherGeneration, otherKeys) => {
    expect(codeOf(() => openTokenValue(sealed, otherBound, otherGeneration, otherKeys))).toBe('idempotency.superseded');
  });

  test('does not open when a single character of it was changed, and is never the same twice', () => {
    // But for the very last one, of which base64url leaves some bits unused.
    for (let at = sealed.indexOf('.') + 1; at < sealed.length - 1; at += 1) {
      const changed = sealed.slice(0, at) + (sealed[at] === 'A' ? 'B' : 'A') + sealed.slice(at + 1);
      expect(codeOf(() => openTokenValue(changed, bound, generation, keys))).toBe('idempotency.superseded');
    }
    expect(codeOf(() => openTokenValue('k1.AAAA', bound, generation, keys))).toBe('idempotency.superseded');
    expect(sealTokenValue(value, bound, generation, keys, randomBytes)).not.toBe(sealed);
    expect(sealed).not.toContain(value.reveal().slice(4, 20));
  });
});
