import { randomBytes } from 'node:crypto';
import { isIP } from 'node:net';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { networkOf, parseAddress, throttleUnit } from './address.ts';
import { openCursor, sealCursor } from './cursor.ts';
import { DomainError } from './error.ts';
import { createIdSource, idTime, newId, type OrganizationId, parseId } from './id.ts';
import { isInNetworks, parseNetwork } from './network.ts';
import { Secret } from './secret.ts';
import { generateSecretKey, matchesSecretKeyCheck, parseSecretKey, secretKeyCheck } from './secret-key.ts';
import { nameKey, parseDescription, parseName } from './text.ts';
import { formatTime, parseTime } from './time.ts';

describe('a time', () => {
  test.each([
    ['2026-11-23T20:00:00.000Z', '2026-11-23T20:00:00.000Z'],
    ['2026-11-23T20:00:00Z', '2026-11-23T20:00:00.000Z'],
    ['2026-11-23T20:00:00.123456789+02:30', '2026-11-23T17:30:00.123Z'],
    ['2028-02-29T00:00:00Z', '2028-02-29T00:00:00.000Z'],
    ['9999-12-31T23:59:59.999Z', '9999-12-31T23:59:59.999Z'],
  ])('reads %s', (text, canonical) => {
    expect(formatTime(parseTime(text, '/at'))).toBe(canonical);
  });

  test.each([
    '2026-11-23T20:00:00',
    '2026-11-23',
    '2026-11-23t20:00:00z',
    '2026-11-23 20:00:00Z',
    '2026-02-31T00:00:00Z',
    '2026-13-01T00:00:00Z',
    '2026-11-23T24:00:00Z',
    '2026-11-23T20:00:60Z',
    '10000-01-01T00:00:00Z',
    '9999-12-31T23:59:59.999-01:00',
    '1969-12-31T23:59:59Z',
    '0000-01-01T00:00:00Z',
    '1795464000000',
    ' 2026-11-23T20:00:00Z',
    '',
  ])('refuses %j', (text) => {
    expect(() => parseTime(text, '/at')).toThrow(DomainError);
  });
});

describe('a name', () => {
  test.each([
    ['  nightly import ', 'nightly import'],
    ['e\u0301te\u0301', 'été'],
    ['Zoë 🚀', 'Zoë 🚀'],
    ['حساب', 'حساب'],
    ['x'.repeat(200), 'x'.repeat(200)],
  ])('reads %j', (text, name) => {
    expect(parseName(text, '/name')).toBe(name);
  });

  test.each(['', '   ', '\u0000', 'a\nb', 'a\u202eb', 'a\u2066b', 'a\u2028b', 'a\ufeffb', 'x'.repeat(201), '\ud800'])(
    'refuses %j',
    (text) => {
      expect(() => parseName(text, '/name')).toThrow(DomainError);
    },
  );

  test('is compared without regard to case, width and spaces', () => {
    expect(nameKey('Ａdmin  Role')).toBe(nameKey('admin role'));
    expect(nameKey('ADMİN')).not.toBe(nameKey('admin'));
  });

  test('descriptions may have lines, and nothing else that steers a terminal', () => {
    expect(parseDescription('one\ntwo\tthree', '/description')).toBe('one\ntwo\tthree');
    expect(() => parseDescription('a\u001b[2J', '/description')).toThrow(DomainError);
    expect(() => parseDescription('x'.repeat(2_001), '/description')).toThrow(DomainError);
  });
});

describe('an address', () => {
  test.each([
    ['10.2.3.4', '10.2.3.4', '10.2.3.0/24', '10.2.3.4'],
    ['::ffff:10.2.3.4', '10.2.3.4', '10.2.3.0/24', '10.2.3.4'],
    ['2001:DB8:1:2::7', '2001:db8:1:2::7', '2001:db8:1::/48', '2001:db8:1:2::/64'],
    ['fe80::1%eth0', 'fe80::1', 'fe80:0:0::/48', 'fe80:0:0:0::/64'],
    ['::1', '::1', '0:0:0::/48', '0:0:0:0::/64'],
    ['64:ff9b::192.0.2.33', '64:ff9b::192.0.2.33', '64:ff9b:0::/48', '64:ff9b:0:0::/64'],
  ])('reads %s', (text, address, network, unit) => {
    expect(parseAddress(text)).toBe(address);
    expect(networkOf(address)).toBe(network);
    expect(throttleUnit(address)).toBe(unit);
  });

  test.each([
    '',
    '10.2.3',
    '10.2.3.256',
    '10.2.3.4.5',
    '1:2:3:4:5:6:7',
    '1::2::3',
    ':::',
    'localhost',
    '::ffff:999.1.1.1',
    '12345::',
    '010.2.3.4',
    '1.2.3.4::',
    '::1.2.3.4:5',
    '1:2:3:4:5:1.2.3.4:6',
    '1.2.3.4:1:2:3:4:5:6',
    '1.2.3.4::1.2.3.4',
  ])('refuses %j', (text) => {
    expect(parseAddress(text)).toBeUndefined();
  });

  test('is one where Node finds one, and lies in the network of itself', () => {
    const text = fc.oneof(
      fc.ipV4(),
      fc.ipV6(),
      fc.array(fc.constantFrom('0', '1', 'ab', '255', '256', '1.2.3.4', ':', '::', '.')).map((parts) => parts.join('')),
    );
    fc.assert(
      fc.property(text, (address) => {
        expect(parseAddress(address) !== undefined).toBe(isIP(address) !== 0);
        const network = parseNetwork(address);
        expect(network !== undefined).toBe(isIP(address) !== 0);
        if (network) expect(isInNetworks(address, [network])).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('an id', () => {
  test('has its prefix, sorts by time, and parses as its own kind only', () => {
    const ids = [1, 2, 3, 1_800_000_000_000].map((now) => newId('token', { now: () => now }, randomBytes));
    expect(ids.toSorted()).toEqual(ids);
    for (const id of ids) {
      expect(parseId('token', id)).toBe(id);
      expect(parseId('service_account', id)).toBeUndefined();
    }
    expect(parseId('token', 'tok_')).toBeUndefined();
    expect(parseId('token', `${ids[0]}0`)).toBeUndefined();
  });
});

test('an id is its time and its random bytes in base 32', () => {
  const bytes = Buffer.from('00112233445566778899', 'hex');
  const id = newId('token', { now: () => 1_795_542_157_629 }, () => bytes);
  expect(id).toBe('tok_01m87ae29x008j4ct4ank7f24s');
  expect(idTime(id)).toBe(1_795_542_157_629);
});

test('ids of a source are of their time, and all different, over more randomness than is drawn at once', () => {
  let now = 1_795_542_157_629;
  let drawn = 0;
  const next = createIdSource('request', { now: () => now }, (size) => {
    drawn += 1;
    return randomBytes(size);
  });
  const ids = Array.from({ length: 1_000 }, next);
  expect(drawn).toBe(2);
  expect(new Set(ids).size).toBe(1_000);
  for (const id of ids) expect([parseId('request', id), idTime(id)]).toEqual([id, now]);
  now += 1;
  expect(idTime(next())).toBe(now);
});

describe('a secret', () => {
  test('prints as redacted wherever it is printed', () => {
    const secret = new Secret('hunter2');
    expect(
      [
        String(secret),
        `${secret}`,
        JSON.stringify({ secret }),
        inspect(secret),
        inspect({ a: [secret] }, { depth: 9, showHidden: true }),
      ].join(),
    ).not.toContain('hunter2');
    expect(inspect(secret)).toBe('[redacted]');
    expect(secret.reveal()).toBe('hunter2');
  });
});

describe('a secret key', () => {
  test.each([
    '',
    'k1',
    'k1:',
    ':AAAA',
    `k1:${'A'.repeat(42)}`,
    `k1:${'A'.repeat(44)}`,
    `k 1:${'A'.repeat(43)}`,
    `k1:${'+'.repeat(43)}`,
  ])('refuses %j', (text) => {
    expect(parseSecretKey(text)).toBeUndefined();
  });

  test('knows its own check value and no other', () => {
    const [one, other] = [generateSecretKey('k1', randomBytes), generateSecretKey('k1', randomBytes)].map(
      parseSecretKey,
    );
    if (!one || !other) throw new Error('generated keys should parse');
    expect(matchesSecretKeyCheck(one, secretKeyCheck(one))).toBe(true);
    expect(matchesSecretKeyCheck(other, secretKeyCheck(one))).toBe(false);
    expect(matchesSecretKeyCheck(one, '')).toBe(false);
  });
});

describe('a cursor', () => {
  const key = parseSecretKey(generateSecretKey('k1', randomBytes));
  if (!key) throw new Error('a generated key should parse');
  const keys = { current: key };
  const scope = { organizationId: 'org_1' as OrganizationId, list: 'tokens', filters: { search: 'a' } };

  test('opens where it was sealed, and nowhere else', () => {
    const text = sealCursor({ key: 'naïve', id: 'tok_1' }, scope, keys);
    expect(openCursor(text, scope, keys)).toEqual({ key: 'naïve', id: 'tok_1' });
    for (const other of [
      { ...scope, organizationId: 'org_2' as OrganizationId },
      { ...scope, list: 'accounts' },
      { ...scope, filters: { search: 'b' } },
    ]) {
      expect(() => openCursor(text, other, keys)).toThrow(DomainError);
    }
  });

  test('refuses all other text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(() => openCursor(text, scope, keys)).toThrow(DomainError);
      }),
    );
  });
});
