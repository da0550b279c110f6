import { parseAddress } from '@postern/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isAddress } from './address.ts';

describe('an address', () => {
  test.each([
    '203.0.113.7',
    '0.0.0.0',
    '::',
    '::1',
    '2001:DB8::1',
    '1:2:3:4:5:6:7:8',
    'fe80::1%eth0',
    '::ffff:203.0.113.7',
    '1:2:3:4:5:6:1.2.3.4',
  ])('is %s', (text) => expect(isAddress(text)).toBe(true));

  test.each([
    '',
    'unknown',
    '203.0.113',
    '203.0.113.7:443',
    '203.0.113.07',
    '256.0.0.1',
    '[::1]',
    ':::',
    '1::2::3',
    '1:2:3:4:5:6:7:8:9',
    '1:2:3:4:5:6:7:1.2.3.4',
    '1.2.3.4::',
    '1.2.3.4:5:6:7:8:9:10',
    '::12345',
    `::1%${'z'.repeat(70)}`,
  ])('is not %j', (text) => expect(isAddress(text)).toBe(false));

  test('is what Postern takes for one', () => {
    const part = fc.constantFrom('', ':', '::', '0', 'ff', '1.2.3.4', '01.2.3.4', '12345', '.', '%', 'g', '::ffff:');
    fc.assert(
      fc.property(fc.array(part, { maxLength: 18 }), (parts) => {
        const text = parts.join('');
        expect(isAddress(text)).toBe(text.length <= 64 && parseAddress(text) !== undefined);
      }),
      { numRuns: 5_000 },
    );
  });
});
