import { createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isTokenText } from './token-checksum.ts';
import { createTokenHash } from './token-hash.ts';

test('is the SHA-256 of salt and value', () => {
  const salt = randomBytes(64);
  const hash = createTokenHash(salt);
  const text = fc.string({ unit: 'binary-ascii', minLength: 53, maxLength: 53 });
  fc.assert(
    fc.property(text, (value) => {
      const bytes = Buffer.alloc(32);
      const hashed = hash(value) ?? '';
      for (let index = 0; index < hashed.length; index += 1) bytes.writeUInt16BE(hashed.charCodeAt(index), 2 * index);
      expect(bytes.toString('hex')).toBe(createHash('sha256').update(salt).update(value).digest('hex'));
    }),
  );
});

test('is not of what cannot be a value: another length, or characters beyond ASCII that would pass for others', () => {
  const hash = createTokenHash(randomBytes(64));
  expect(hash('x'.repeat(52))).toBeUndefined();
  expect(hash('x'.repeat(54))).toBeUndefined();
  expect(hash(`${'x'.repeat(52)}\u0178`)).toBeUndefined();
  expect(hash(`\u0178${'x'.repeat(52)}`)).toBeUndefined();
});

test('the checksum agrees with the published vectors', () => {
  const path = new URL('../../../docs/reference/token-vectors.json', import.meta.url);
  const { vectors } = JSON.parse(readFileSync(path, 'utf8')) as { vectors: { value: string; valid: boolean }[] };
  expect(new Set(vectors.map(({ valid }) => valid)).size).toBe(2);
  expect(vectors.filter(({ value, valid }) => isTokenText(value) !== valid)).toEqual([]);
});
