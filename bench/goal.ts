import type { AccessResult } from './access.ts';
import type { DisableResult } from './disable.ts';
import { ENGINES, whole } from './format.ts';
import type { ReceiptResult } from './receipt.ts';
import type { Results, Row, Size } from './table.ts';
import type { VerifierResult } from './verifier.ts';

/** What Postern wants to be, and whether it was when it was measured. A goal whose part was not measured is not told of. */

const GOALS = {
  ratio: 0.6,
  p99Ms: 10,
  growth: 1.1,
  startSeconds: 2,
  pageMs: 50,
  checkMicroseconds: 5,
  verifierPerSecond: 1_000_000,
  scan: 200,
  disableMs: 200,
  receiptP50Ms: 5,
  receiptP99Ms: 20,
  /** A lease, and 100 ms. */
  receiptPausedMs: 2_100,
};

type Goal = readonly [goal: string, isMet: boolean, found: string];

/** One line of a Markdown list each. */
export function printGoals(results: Results): readonly string[] {
  return judge(results).map(([goal, isMet, found]) => `- ${goal}: ${isMet ? 'met' : '**not met**'} (${found})`);
}

function judge({
  rows,
  sizes,
  access,
  verifier,
  receipt,
  disables,
  scanMegabytesPerSecond: scan,
}: Results): readonly Goal[] {
  return [
    ...(rows.length > 0 ? speedGoals(rows) : []),
    ...(sizes.length > 0 ? sizeGoals(rows, sizes) : []),
    ...accessGoals(access),
    ...(scan === undefined ? [] : [scanGoal(scan)]),
    ...(verifier ? [verifierGoal(verifier)] : []),
    ...(receipt ? [receiptGoal(receipt)] : []),
    ...disableGoals(disables),
  ];
}

function speedGoals(rows: readonly Row[]): readonly Goal[] {
  const warm = rows.filter(({ calls }) => calls !== 'cold');
  const ratio = Math.min(...warm.map(({ speed }) => speed.ratio));
  const p99 = (of: 'bareQuiet' | 'quiet' | 'writtenTo'): number => Math.max(...warm.map((row) => row[of]?.p99Ms ?? 0));
  return [
    [`at least ${GOALS.ratio} of bare \`node:http\` from memory`, ratio >= GOALS.ratio, `${ratio.toFixed(2)} at least`],
    [
      `p99 below ${GOALS.p99Ms} ms at 70 % of full speed`,
      p99('quiet') < GOALS.p99Ms && p99('writtenTo') < GOALS.p99Ms,
      `${p99('quiet').toFixed(1)} ms at most, ${p99('writtenTo').toFixed(1)} ms with 200 changes/s; the bare server ${p99('bareQuiet').toFixed(1)} ms`,
    ],
  ];
}

function sizeGoals(rows: readonly Row[], sizes: readonly Size[]): readonly Goal[] {
  const largest = Math.max(...sizes.map(({ size }) => size));
  const start = Math.max(...sizes.filter(({ size }) => size === largest).map(({ startSeconds }) => startSeconds));
  const growth = (calls: Row['calls'], of: number): number =>
    Math.max(1, ...rows.filter((row) => row.size === of && row.calls === calls).map((row) => growthOf(row, rows)));
  const spread = Math.max(0, ...rows.filter(({ calls }) => calls === 'all').map(({ size }) => size));
  const inTurn =
    spread === 0 ? '' : `; ${growth('all', spread).toFixed(2)} times when they go to all of ${whole(spread)} in turn`;
  return [
    [
      `the same calls cost at most ${GOALS.growth} times as much with ${whole(largest)} tokens as with 1,000`,
      growth('few', largest) <= GOALS.growth,
      `${growth('few', largest).toFixed(2)} times at most${inTurn}`,
    ],
    [
      `start below ${GOALS.startSeconds} s with ${whole(largest)} tokens`,
      start < GOALS.startSeconds,
      `${start.toFixed(2)} s`,
    ],
  ];
}

function scanGoal(scan: number): Goal {
  return [`\`postern scan\` reads more than ${GOALS.scan} MB/s`, scan > GOALS.scan, `${whole(scan)} MB/s`];
}

function verifierGoal({ perSecond, tokens }: VerifierResult): Goal {
  return [
    `the SDK's verifier, in the API's process, more than ${whole(GOALS.verifierPerSecond)} times a second from memory`,
    perSecond > GOALS.verifierPerSecond,
    `${whole(perSecond)}, ${whole(tokens)} tokens in turn, on one processor`,
  ];
}

function receiptGoal({ nodes, p50Ms, p99Ms, callP50Ms, callP99Ms, pausedMs }: ReceiptResult): Goal {
  const { receiptP50Ms, receiptP99Ms, receiptPausedMs } = GOALS;
  return [
    `a revocation waits for ${nodes} nodes less than ${receiptP50Ms} ms at p50, ${receiptP99Ms} ms at p99, and never beyond ` +
      `${whole(receiptPausedMs)} ms for one that stands still`,
    p50Ms < receiptP50Ms && p99Ms < receiptP99Ms && pausedMs <= receiptPausedMs,
    `${p50Ms.toFixed(0)} ms, ${p99Ms.toFixed(0)} ms, ${whole(pausedMs)} ms; its caller all in all ${callP50Ms.toFixed(0)} ms, ` +
      `${callP99Ms.toFixed(0)} ms; all on this machine`,
  ];
}

function disableGoals(disables: readonly DisableResult[]): readonly Goal[] {
  const [first] = disables;
  if (!first) return [];
  const found = disables.map(
    ({ engine, p50Ms, longestMs }) =>
      `${ENGINES[engine]} ${whole(p50Ms)} ms at p50, ${whole(longestMs)} ms at the longest`,
  );
  return [
    [
      `an account with ${whole(first.tokens)} tokens is disabled in less than ${whole(GOALS.disableMs)} ms, at its longest`,
      disables.every(({ longestMs }) => longestMs < GOALS.disableMs),
      `${found.join('; ')}; each time one of ${first.accounts}`,
    ],
  ];
}

function accessGoals(access: readonly AccessResult[]): readonly Goal[] {
  if (access.length === 0) return [];
  const page = Math.max(...access.map(({ pageMs }) => pageMs));
  const check = Math.max(...access.map(({ checkMicroseconds }) => checkMicroseconds));
  return [
    [
      `a page of a list of the large organization below ${GOALS.pageMs} ms, a check below ${GOALS.checkMicroseconds} µs`,
      page < GOALS.pageMs && check < GOALS.checkMicroseconds,
      `${page.toFixed(1)} ms, ${check.toFixed(2)} µs`,
    ],
  ];
}

/** What a request costs of a bare one, compared with the same where there are the fewest tokens. */
function growthOf(row: Row, rows: readonly Row[]): number {
  const alike = rows.filter(
    (one) => one.engine === row.engine && one.route.name === row.route.name && one.calls === 'few',
  );
  const smallest = alike.toSorted((one, other) => one.size - other.size)[0];
  return smallest ? row.speed.relativeCost / smallest.speed.relativeCost : Number.NaN;
}
