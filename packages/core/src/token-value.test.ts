import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { inspect } from 'node:util';
import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  encodeTokenValue,
  mintTokenValue,
  parseTokenShape,
  parseTokenValue,
  TOKEN_LENGTH,
  TOKEN_PATTERN,
  tokenHint,
} from './token-value.ts';

/** The vectors that other languages test against too; docs/reference/token-format.md describes their fields. */
type Vector = { note: string; value: string } & (
  | { valid: true; secretHex: string; hint: string }
  | { valid: false; reason: 'checksum' | 'prefix' | 'length' | 'alphabet' }
);

const { vectors } = JSON.parse(
  readFileSync(new URL('../../../docs/reference/token-vectors.json', import.meta.url), 'utf8'),
) as { vectors: Vector[] };
const valid = vectors.filter((vector) => vector.valid);
const invalid = vectors.filter((vector) => !vector.valid);

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const secrets = fc.uint8Array({ minLength: 32, maxLength: 32 });
const values = secrets.map((secret) => encodeTokenValue(secret).reveal());

describe('the golden vectors', () => {
  test('show every kind of refusal', () => {
    expect(valid.length).toBeGreaterThan(10);
    expect(new Set(invalid.map(({ reason }) => reason))).toEqual(new Set(['checksum', 'prefix', 'length', 'alphabet']));
  });

  test.each(valid)('encode: $note', ({ secretHex, value, hint }) => {
    const encoded = encodeTokenValue(Buffer.from(secretHex, 'hex'));
    expect(encoded.reveal()).toBe(value);
    expect(tokenHint(encoded)).toBe(hint);
    expect(parseTokenValue(value)?.reveal()).toBe(value);
  });

  test.each(invalid)('refuse ($reason): $note', ({ value, reason }) => {
    expect(parseTokenValue(value)).toBeUndefined();
    // Shape and checksum are two steps: only what has the shape ever gets as far as its checksum.
    expect(parseTokenShape(value) !== undefined).toBe(reason === 'checksum');
  });
});

describe('any value', () => {
  test('that was minted is parsed as itself and found in text', () => {
    fc.assert(
      fc.property(secrets, fc.string(), fc.string(), (secret, before, after) => {
        const value = encodeTokenValue(secret).reveal();
        expect(value).toHaveLength(TOKEN_LENGTH);
        expect(parseTokenValue(value)?.reveal()).toBe(value);
        expect(TOKEN_PATTERN.test(`${before} ${value} ${after}`)).toBe(true);
      }),
    );
  });

  test('carries its 32 bytes, and the CRC-32 that zlib computes', () => {
    fc.assert(
      fc.property(secrets, (secret) => {
        const value = encodeTokenValue(secret).reveal();
        expect(number(value.slice(4, 47))).toBe(BigInt(`0x${Buffer.from(secret).toString('hex')}`));
        expect(number(value.slice(47))).toBe(BigInt(crc32(value.slice(0, 47))));
      }),
    );
  });

  test('is refused when any one character is another', () => {
    fc.assert(
      fc.property(
        values,
        fc.nat(TOKEN_LENGTH - 1),
        fc.constantFrom(...ALPHABET, '_', '-', ' ', '\n', 'é', '0\u0300'),
        (value, index, other) => {
          fc.pre(value[index] !== other);
          expect(parseTokenValue(value.slice(0, index) + other + value.slice(index + 1))).toBeUndefined();
        },
      ),
      { numRuns: 2_000 },
    );
    const [value] = fc.sample(values, 1) as [string];
    for (let index = 0; index < TOKEN_LENGTH; index += 1) {
      for (const other of ALPHABET) {
        if (value[index] === other) continue;
        expect(parseTokenValue(value.slice(0, index) + other + value.slice(index + 1))).toBeUndefined();
      }
    }
  });

  test('is refused when a character is lost, added or has changed places with its neighbour', () => {
    fc.assert(
      fc.property(values, fc.nat(TOKEN_LENGTH - 2), fc.constantFrom(...ALPHABET), (value, index, other) => {
        expect(parseTokenValue(value.slice(0, index) + value.slice(index + 1))).toBeUndefined();
        expect(parseTokenValue(value.slice(0, index) + other + value.slice(index))).toBeUndefined();
        const [one, two] = [value.charAt(index), value.charAt(index + 1)];
        fc.pre(one !== two);
        expect(parseTokenValue(value.slice(0, index) + two + one + value.slice(index + 2))).toBeUndefined();
      }),
    );
  });

  test('prints as redacted, wherever it is printed', () => {
    const value = mintTokenValue(randomBytes);
    const secret = value.reveal();
    const printed = [
      String(value),
      `${value}`,
      JSON.stringify({ value, list: [value] }),
      inspect(value),
      inspect({ deep: { value } }, { depth: 9, showHidden: true }),
      new Error(`refused ${value}`).stack ?? '',
      Object.entries(value).flat().join(),
    ];
    for (const text of printed) {
      expect(text).not.toContain(secret);
      expect(text).not.toContain(secret.slice(4, 47));
    }
    expect(String(value)).toBe('[redacted]');
    expect(JSON.stringify(value)).toBe('"[redacted]"');
    expect(inspect(value)).toBe('[redacted]');
    expect(structuredClone({ value })).toEqual({ value: {} });
  });
});

test('text that is no token value never becomes one', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 80 }), (text) => {
      expect(parseTokenValue(text)).toBeUndefined();
    }),
  );
});

test('two minted values are never the same, and take their bytes from the source handed in', () => {
  expect(mintTokenValue(randomBytes).reveal()).not.toBe(mintTokenValue(randomBytes).reveal());
  const fixed = mintTokenValue((size) => Buffer.alloc(size, 7));
  expect(fixed.reveal()).toBe(encodeTokenValue(new Uint8Array(32).fill(7)).reveal());
});

test('a secret of another size is refused', () => {
  for (const size of [0, 31, 33]) expect(() => encodeTokenValue(new Uint8Array(size))).toThrow(RangeError);
});

/** Base62 digits as a number, computed apart from the code under test. */
function number(digits: string): bigint {
  return [...digits].reduce((sum, digit) => sum * 62n + BigInt(ALPHABET.indexOf(digit)), 0n);
}
