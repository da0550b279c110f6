import { expect, test } from 'vitest';
import { parseDuration, parseEnd, parsePast, relativeTime } from './duration.ts';
import { type Column, plain, toTable } from './output.ts';

const NOW = Date.parse('2026-11-24T12:00:00.000Z');

interface Thing {
  readonly name: string;
  readonly at: string | null;
}
const columns: readonly Column<Thing>[] = [
  { name: 'name', of: ({ name }) => name },
  { name: 'used', of: ({ at }) => at, time: true },
];

test('a table is aligned, its times relative, and names cannot speak to the terminal', () => {
  const things = [
    { name: 'ci', at: '2026-11-21T12:00:00.000Z' },
    { name: '夜', at: null },
    { name: '\u001b[2Jx\u202e', at: '2026-11-24T14:00:00.000Z' },
  ];
  expect(toTable(things, columns, NOW).split('\n')).toEqual([
    'name    used',
    'ci      3 d ago',
    '夜      -',
    ' [2Jx   in 2 h',
  ]);
  expect(plain('a\u0007\r\nb\u2028c')).toBe('a   b c');
});

test('durations and times', () => {
  expect(['45s', '30m', '24h', '90d', '2w'].map((text) => parseDuration(text, 'x'))).toEqual([
    45, 1_800, 86_400, 7_776_000, 1_209_600,
  ]);
  for (const text of ['', '0d', '-1d', '1', '1y', '1.5h', 'd', ' 1d']) {
    expect(() => parseDuration(text, 'x'), text).toThrow('--x must be a duration');
  }
  expect(parseEnd('never', 'x', NOW)).toBe(null);
  expect(parseEnd('24h', 'x', NOW)).toBe('2026-11-25T12:00:00.000Z');
  expect(parseEnd('2027-01-01', 'x', NOW)).toBe('2027-01-01T00:00:00.000Z');
  expect(parsePast('24h', 'x', NOW)).toBe('2026-11-23T12:00:00.000Z');
  expect(() => parseEnd('9999999d', 'x', NOW)).toThrow('too far away');
});

test('relative times round down, and say which way', () => {
  const at = (ms: number) => relativeTime(new Date(NOW + ms).toISOString(), NOW);
  expect([at(0), at(-1_000), at(-59_999), at(-60_000), at(-86_400_000), at(3_600_000)]).toEqual([
    'now',
    '1 s ago',
    '59 s ago',
    '1 min ago',
    '1 d ago',
    'in 1 h',
  ]);
});
