import { expect, test } from 'vitest';
import { drawGrowth, printGrowth } from './growth.ts';
import type { Results, Row } from './table.ts';

const route = { name: 'verify', title: '`POST /api/v1/tokens/verify`' } as const;

function row(engine: Row['engine'], size: number, calls: Row['calls'], cost: number): Row {
  const speed = { perSecond: 20_000, barePerSecond: 25_000, ratio: 0.8, cost, bareCost: 40, relativeCost: cost / 40 };
  const quiet = { perSecond: 20_000, p50Ms: 0.5, p99Ms: cost / 10 };
  return { engine, route, size, calls, speed, ...(calls !== 'cold' && { quiet }) };
}

const load = { perSecond: 20_000, p50Ms: 0.5 };
const revoked = { perSecond: 100, refused: 0, callMs: { p50: 4, p99: 9 }, receiptMs: { p50: 1.5, p99: 3 } };
const results: Results = {
  ...{ machine: 'a machine', tool: 'wrk', isPinned: true, loadBefore: 0, rounds: 5, disables: [] },
  rows: [
    row('sqlite', 1_000, 'few', 40),
    row('sqlite', 1_000, 'cold', 190),
    row('sqlite', 100_000, 'few', 41),
    row('sqlite', 100_000, 'all', 60),
    row('postgres', 1_000, 'few', 45),
    { ...row('sqlite', 1_000, 'few', 77), route: { name: 'me', title: '`GET /api/v1/me`' } },
  ],
  nodes: [
    { nodes: 1, ...load, cost: 45, p99Ms: 3 },
    { nodes: 4, ...load, cost: 48, p99Ms: 12 },
  ],
  revocations: [
    { engine: 'sqlite', rate: 0, ...load, cost: 40, p99Ms: 4 },
    { engine: 'sqlite', rate: 100, ...load, cost: 52, p99Ms: 6, revoked },
    { engine: 'postgres', rate: 100, ...load, cost: 55, p99Ms: 7, revoked: { ...revoked, refused: 3 } },
  ],
  ...{ sizes: [], workers: [], access: [], peers: [], leftOut: ['5,000,000 were left out.'] },
};

test('each chart is made from the numbers that were measured', () => {
  const descriptions = drawGrowth(results).map(({ file, svg }) => [file, /<desc [^>]*>(.*)<\/desc>/.exec(svg)?.[1]]);
  const cost = 'processor time of a verification, µs';
  const p99 = 'p99 at 70 % of full speed, ms';
  expect(descriptions).toEqual([
    [
      'performance-tokens.svg',
      `By tokens. ${cost}, embedded: 40 at 1,000, 41 at 100,000. ${cost}, embedded, all in turn: 60 at 100,000. ` +
        `${cost}, PostgreSQL: 45 at 1,000. ${p99}, embedded: 4 at 1,000, 4.1 at 100,000. ` +
        `${p99}, embedded, all in turn: 6 at 100,000. ${p99}, PostgreSQL: 4.5 at 1,000.`,
    ],
    ['performance-nodes.svg', `By nodes. ${cost}, PostgreSQL: 45 at 1, 48 at 4. ${p99}, PostgreSQL: 3 at 1, 12 at 4.`],
    [
      'performance-revocations.svg',
      `By revocations a second. ${cost}, embedded: 40 at 0, 52 at 100. ${cost}, PostgreSQL: 55 at 100. ` +
        `${p99}, embedded: 4 at 0, 6 at 100. ${p99}, PostgreSQL: 7 at 100.`,
    ],
  ]);
});

test('beside each chart stands a table of the same numbers', () => {
  const page = printGrowth(results);
  for (const { file } of drawGrowth(results)) expect(page).toContain(`](../images/${file})`);
  expect(page.split('\n').filter((line) => /^\| (?:embedded|PostgreSQL|\d)/.test(line))).toEqual([
    '| embedded | 1,000 | 1,000 of them | 20,000 | 40 µs | 0.5, 4.0 ms |',
    '| embedded | 1,000 | such as are not in memory | 20,000 | 190 µs |  |',
    '| embedded | 100,000 | 1,000 of them | 20,000 | 41 µs | 0.5, 4.1 ms |',
    '| embedded | 100,000 | all in turn | 20,000 | 60 µs | 0.5, 6.0 ms |',
    '| PostgreSQL | 1,000 | 1,000 of them | 20,000 | 45 µs | 0.5, 4.5 ms |',
    '| 1 | 20,000 | 45 µs | 0.5, 3.0 ms |',
    '| 4 | 20,000 | 48 µs | 0.5, 12.0 ms |',
    '| embedded | 0 |  | 20,000 | 40 µs | 0.5, 4.0 ms |  |  |',
    '| embedded | 100 | 100 | 20,000 | 52 µs | 0.5, 6.0 ms | 4.0, 9.0 ms | 1.50, 3.00 ms |',
    '| PostgreSQL | 100 | 100; 3 answered 503 | 20,000 | 55 µs | 0.5, 7.0 ms | 4.0, 9.0 ms | 1.50, 3.00 ms |',
  ]);
});

test('the page says where it was measured, and what was left out', () => {
  expect(printGrowth(results)).toMatch(
    /^Measured on a machine; [^\n]+\n\n5,000,000 were left out\.\n\n## With tokens\n/,
  );
});
