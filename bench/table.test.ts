import { expect, test } from 'vitest';
import { printResults, type Results, type Row, replaceBetweenMarks } from './table.ts';

const route = { name: 'verify', title: '`POST /api/v1/tokens/verify`' } as const;
const paced = { perSecond: 18_000, p50Ms: 0.4, p99Ms: 2 };

const access = { engine: 'sqlite', slowestList: 'groups', pageMs: 12, checkMicroseconds: 0.2 } as const;

const peer = { name: '`another`, introspection', perSecond: 1_234.5, ratio: 0.125, cost: 321.4 };

function row(size: number, cost: number, more: Partial<Row> = {}): Row {
  const speed = { perSecond: 20_000, barePerSecond: 25_000, ratio: 0.8, cost, bareCost: 40, relativeCost: cost / 40 };
  return {
    engine: 'sqlite',
    route,
    size,
    calls: 'few',
    speed,
    bareQuiet: paced,
    quiet: paced,
    writtenTo: paced,
    ...more,
  };
}

const receipt = {
  ...{ nodes: 4, revocations: 600, p50Ms: 3, p99Ms: 9 },
  ...{ callP50Ms: 8.4, callP99Ms: 20.6, pausedMs: 2_004 },
};

const disable = { engine: 'postgres', tokens: 10_000, accounts: 10, p50Ms: 120, longestMs: 150 } as const;

function results(rows: Row[], startSeconds = 0.8): Results {
  const sizes = rows.map(({ engine, size }) => ({ engine, size, startSeconds, residentMebibytes: 200 }));
  const scanMegabytesPerSecond = 900;
  const verifier = { perSecond: 1_200_000, tokens: 1_000 };
  return {
    ...{ machine: 'a machine', tool: 'wrk', isPinned: true, loadBefore: 0, rounds: 7 },
    ...{ rows, sizes, access: [access], verifier, receipt, disables: [disable], peers: [peer], scanMegabytesPerSecond },
    ...{ workers: [], revocations: [], nodes: [], leftOut: [] },
  };
}

test('a row says what was measured', () => {
  expect(printResults(results([row(1_000, 50)]))).toContain(
    '| `POST /api/v1/tokens/verify` | embedded | 1,000 | 1,000 of them | 20,000 | 0.80 | 50 µs | 0.4, 2.0 ms | 0.4, 2.0 ms | 18,000 | 0.4, 2.0 ms |',
  );
});

test('a rate of changes that could not be held is owned up to', () => {
  expect(printResults(results([row(1_000, 50, { writesPerSecond: 199 })]))).toContain('| 18,000 | 0.4, 2.0 ms |');
  expect(printResults(results([row(1_000, 50, { writesPerSecond: 120.4 })]))).toContain(
    '| 18,000; only 120 changes/s | 0.4, 2.0 ms |',
  );
});

test('goals are met, and say so', () => {
  const printed = printResults(results([row(1_000, 50), row(1_000_000, 54)]));
  expect(printed).not.toContain('not met');
  expect(printed).toContain('1,000,000 tokens as with 1,000: met (1.08 times at most)');
});

test('calls to all tokens in turn are told of beside the goal', () => {
  const printed = printResults(results([row(1_000, 50), row(5_000_000, 50), row(1_000_000, 60, { calls: 'all' })]));
  expect(printed).toContain('met (1.00 times at most; 1.20 times when they go to all of 1,000,000 in turn)');
});

test('each goal can be missed', () => {
  const slow = row(1_000, 50, { speed: { ...row(1_000, 50).speed, ratio: 0.59 } });
  expect(printResults(results([slow]))).toContain('from memory: **not met** (0.59 at least)');
  const late = row(1_000, 50, { writtenTo: { ...paced, p99Ms: 10 } });
  expect(printResults(results([late]))).toContain(
    'full speed: **not met** (2.0 ms at most, 10.0 ms with 200 changes/s; the bare server 2.0 ms)',
  );
  expect(printResults(results([row(1_000, 50), row(1_000_000, 56)]))).toContain('**not met** (1.12 times at most)');
  expect(printResults(results([row(1_000, 50)], 2))).toContain('1,000 tokens: **not met** (2.00 s)');
});

test('the large organization is told of, and its goals can be missed', () => {
  const printed = printResults(results([row(1_000, 50)]));
  expect(printed).toContain(
    '- embedded: a page of 200 takes 12.0 ms (groups, the slowest list), a check in memory 0.20 µs',
  );
  const slow = { ...results([row(1_000, 50)]), access: [{ ...access, pageMs: 51 }] };
  expect(printResults(slow)).toContain('a check below 5 µs: **not met** (51.0 ms, 0.20 µs)');
});

test('the verifier of the SDK has a goal that can be missed', () => {
  expect(printResults(results([row(1_000, 50)]))).toContain(
    'a second from memory: met (1,200,000, 1,000 tokens in turn',
  );
  const slow = { ...results([row(1_000, 50)]), verifier: { perSecond: 1_000_000, tokens: 1_000 } };
  expect(printResults(slow)).toContain('a second from memory: **not met** (1,000,000,');
});

test('a machine that was not idle is owned up to', () => {
  expect(printResults({ ...results([row(1_000, 50)]), loadBefore: 3 })).toContain('not idle (load 3.0)');
});

test('what the machine takes away from everybody is said, where it was measured', () => {
  const told = { ...results([row(1_000, 50)]), pauses: { share: 0.0166, longestMs: 11.5, p99Ms: 3.94 } };
  expect(printResults(told)).toContain(
    'for 1.7 % of the time, 11.5 ms at the longest: a request that takes no time waits 3.9 ms',
  );
});

test('the table takes the place of the one before', () => {
  const document = 'before\n<!-- bench:start -->\n\nold\n\n<!-- bench:end -->\nafter\n';
  const replaced = 'before\n<!-- bench:start -->\n\nnew\n\n<!-- bench:end -->\nafter\n';
  expect(replaceBetweenMarks(document, 'bench', 'new')).toBe(replaced);
  expect(replaceBetweenMarks(replaced, 'bench', 'new')).toBe(replaced);
  expect(() => replaceBetweenMarks('no marks', 'bench', 'new')).toThrow('bench:start');
});

test('the speed of a scan is told, and can be too low', () => {
  expect(printResults(results([row(1_000, 50)]))).toContain('reads more than 200 MB/s: met (900 MB/s)');
  const slow = { ...results([row(1_000, 50)]), scanMegabytesPerSecond: 199 };
  expect(printResults(slow)).toContain('reads more than 200 MB/s: **not met** (199 MB/s)');
});

test('other libraries have a row each', () => {
  expect(printResults(results([row(1_000, 50)]))).toContain('| `another`, introspection | 1,235 | 0.13 | 321 µs |');
});

test('workers, nodes and each rate of revocations have a row', () => {
  const speed = { perSecond: 30_000, cost: 44.4, p50Ms: 1, p99Ms: 4 };
  const revoked = { perSecond: 99.6, refused: 0, callMs: { p50: 3, p99: 9.5 }, receiptMs: { p50: 0.04, p99: 0.2 } };
  const printed = printResults({
    ...results([row(1_000, 50)]),
    workers: [{ workers: 2, ...speed }],
    nodes: [{ nodes: 4, ...speed }],
    revocations: [
      { engine: 'sqlite', rate: 0, ...speed },
      { engine: 'sqlite', rate: 100, ...speed, revoked },
    ],
  });
  expect(printed).toContain('| 2 | 30,000 | 44 µs | 1.0, 4.0 ms |');
  expect(printed).toContain('| embedded | 100 | 100 | 30,000 | 44 µs | 1.0, 4.0 ms | 3.0, 9.5 ms | 0.04, 0.20 ms |');
  expect(printed).toContain('| embedded | 0 |  | 30,000 | 44 µs | 1.0, 4.0 ms |  |  |');
  expect(printed).toContain('| 4 | 30,000 | 44 µs | 1.0, 4.0 ms |');
});

test('what was not measured is not told of, and has no goal', () => {
  const { machine, tool, isPinned, loadBefore, rounds } = results([]);
  const nothing = {
    rows: [],
    sizes: [],
    access: [],
    disables: [],
    peers: [],
    workers: [],
    revocations: [],
    nodes: [],
    leftOut: [],
  };
  expect(printResults({ machine, tool, isPinned, loadBefore, rounds, ...nothing })).toBe(
    'Measured on a machine; load by wrk, the server alone on one processor, load on the other; medians of 7 rounds.',
  );
});

test('what was left out says so', () => {
  const leftOut = ['5,000,000 tokens were measured on the embedded database only.'];
  expect(printResults({ ...results([row(1_000, 50)]), leftOut })).toContain(leftOut[0]);
});

test('how long a revocation waits for the other nodes is told, and each part of it can be too long', () => {
  const of = (more: Partial<typeof receipt>) =>
    printResults({ ...results([row(1_000, 50)]), receipt: { ...receipt, ...more } });
  expect(of({})).toContain('stands still: met (3 ms, 9 ms, 2,004 ms; its caller all in all 8 ms, 21 ms;');
  expect(of({ p50Ms: 5 })).toContain('stands still: **not met** (5 ms, 9 ms, 2,004 ms;');
  expect(of({ p99Ms: 20 })).toContain('stands still: **not met** (3 ms, 20 ms, 2,004 ms;');
  expect(of({ pausedMs: 2_101 })).toContain('stands still: **not met** (3 ms, 9 ms, 2,101 ms;');
});

test('how long disabling takes is told, and the longest may be too long', () => {
  const of = (longestMs: number) =>
    printResults({ ...results([row(1_000, 50)]), disables: [disable, { ...disable, engine: 'sqlite', longestMs }] });
  expect(of(199)).toContain(
    'with 10,000 tokens is disabled in less than 200 ms, at its longest: met (PostgreSQL 120 ms at p50, 150 ms at the ' +
      'longest; embedded 120 ms at p50, 199 ms at the longest; each time one of 10)',
  );
  expect(of(200)).toContain('at its longest: **not met** (');
});
