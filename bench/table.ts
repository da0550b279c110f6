import type { AccessResult } from './access.ts';
import type { FullSpeed, Paced } from './measure.ts';
import type { PeerResult } from './peer.ts';
import type { ReceiptResult } from './receipt.ts';
import type { Route } from './request.ts';
import type { VerifierResult } from './verifier.ts';

/** What was measured, as it stands in README.md. */

export type Engine = 'sqlite' | 'postgres';

export interface Row {
  readonly engine: Engine;
  readonly route: Pick<Route, 'name' | 'title'>;
  readonly size: number;
  /** Which tokens are called: a thousand, which are in memory; all in turn, as far as memory holds them; or new ones each time. */
  readonly calls: 'few' | 'all' | 'cold';
  readonly speed: FullSpeed;
  readonly bareQuiet?: Paced;
  readonly quiet?: Paced;
  readonly writtenTo?: Paced;
}

export interface Size {
  readonly engine: Engine;
  readonly size: number;
  readonly startSeconds: number;
  readonly residentMebibytes: number | undefined;
}

export interface Results {
  readonly machine: string;
  readonly tool: string;
  readonly isPinned: boolean;
  readonly loadBefore: number;
  readonly rounds: number;
  readonly rows: Row[];
  readonly sizes: Size[];
  /** Of an organization with 1,000 groups, 500 workspaces, 20,000 principals and 200,000 memberships. */
  readonly access: AccessResult[];
  /** How fast `postern scan` reads; 0 where it was not measured. */
  readonly scanMegabytesPerSecond: number;
  readonly verifier: VerifierResult;
  /** Of several nodes on PostgreSQL. */
  readonly receipt: ReceiptResult;
  /** Other libraries that answer the same question. */
  readonly peers: PeerResult[];
}

const START = '<!-- bench:start -->';
const END = '<!-- bench:end -->';
const ENGINES: Readonly<Record<Engine, string>> = { sqlite: 'embedded', postgres: 'PostgreSQL' };
/** With more than this going on, figures are not to be trusted far. */
const BUSY = 0.5;

const GOALS = {
  ratio: 0.6,
  p99Ms: 10,
  growth: 1.1,
  startSeconds: 2,
  pageMs: 50,
  checkMicroseconds: 5,
  verifierPerSecond: 1_000_000,
  scan: 200,
  receiptP50Ms: 5,
  receiptP99Ms: 20,
  /** A lease, and 100 ms. */
  receiptPausedMs: 2_100,
};

export function printResults(results: Results): string {
  const { machine, tool, isPinned, loadBefore, rounds, rows, sizes, access, peers } = results;
  const place = isPinned ? 'the server alone on one processor, load on the other' : 'server and load side by side';
  const disturbed =
    loadBefore > BUSY ? ` The machine was not idle (load ${loadBefore.toFixed(1)}): take the figures with care.` : '';
  return [
    `Measured on ${machine}; load by ${tool}, ${place}; medians of ${rounds} rounds.${disturbed}`,
    '',
    '| request | database | tokens | calls go to | requests/s | of bare `node:http` | processor | p50, p99 | of bare | with 200 changes/s: requests/s | p50, p99 |',
    '|---|---|--:|---|--:|--:|--:|--:|--:|--:|--:|',
    ...rows.map(printRow),
    '',
    '| database | tokens | start | memory |',
    '|---|--:|--:|--:|',
    ...sizes.map(printSize),
    '',
    ...printAccess(access),
    ...printPeers(peers),
    ...goals(results).map(([goal, isMet, found]) => `- ${goal}: ${isMet ? 'met' : '**not met**'} (${found})`),
  ].join('\n');
}

const CALLS: Readonly<Record<Row['calls'], string>> = {
  few: '1,000 of them',
  all: 'all in turn',
  cold: 'such as are not in memory',
};

function printRow({ engine, route, size, calls, speed, bareQuiet, quiet, writtenTo }: Row): string {
  const cells = [
    route.title,
    ENGINES[engine],
    whole(size),
    CALLS[calls],
    whole(speed.perSecond),
    speed.ratio.toFixed(2),
    `${Math.round(speed.cost)} µs`,
    printPaced(quiet),
    printPaced(bareQuiet),
    writtenTo ? whole(writtenTo.perSecond) : '',
    printPaced(writtenTo),
  ];
  return `| ${cells.join(' | ')} |`;
}

function printPaced(paced: Paced | undefined): string {
  return paced ? `${paced.p50Ms.toFixed(1)}, ${paced.p99Ms.toFixed(1)} ms` : '';
}

function printSize({ engine, size, startSeconds, residentMebibytes }: Size): string {
  const memory = residentMebibytes === undefined ? '' : `${Math.round(residentMebibytes)} MiB`;
  return `| ${ENGINES[engine]} | ${whole(size)} | ${startSeconds.toFixed(1)} s | ${memory} |`;
}

function printAccess(access: readonly AccessResult[]): readonly string[] {
  if (access.length === 0) return [];
  const said = access.map(
    ({ engine, slowestList, pageMs, checkMicroseconds }) =>
      `${ENGINES[engine]}: a page of 200 takes ${pageMs.toFixed(1)} ms (${slowestList}, the slowest list), a check in memory ` +
      `${checkMicroseconds.toFixed(2)} µs`,
  );
  return [
    'An organization with 1,000 groups, 500 workspaces, 20,000 principals and 200,000 memberships, asked in process:',
    '',
    ...said.map((line) => `- ${line}`),
    '',
  ];
}

function printPeers(peers: readonly PeerResult[]): readonly string[] {
  if (peers.length === 0) return [];
  return [
    'Other libraries on the same machine, each with 1,000 tokens in memory and no database behind it:',
    '',
    '| library | requests/s | of bare `node:http` | processor |',
    '|---|--:|--:|--:|',
    ...peers.map(
      ({ name, perSecond, ratio, cost }) =>
        `| ${name} | ${whole(perSecond)} | ${ratio.toFixed(2)} | ${Math.round(cost)} µs |`,
    ),
    '',
  ];
}

type Goal = readonly [goal: string, isMet: boolean, found: string];

function goals({ rows, sizes, access, verifier, receipt, scanMegabytesPerSecond: scan }: Results): readonly Goal[] {
  const warm = rows.filter(({ calls }) => calls !== 'cold');
  const ratio = Math.min(...warm.map(({ speed }) => speed.ratio));
  const p99 = (of: 'bareQuiet' | 'quiet' | 'writtenTo'): number => Math.max(...warm.map((row) => row[of]?.p99Ms ?? 0));
  const largest = Math.max(...sizes.map(({ size }) => size));
  const start = Math.max(...sizes.filter(({ size }) => size === largest).map(({ startSeconds }) => startSeconds));
  const growth = (calls: Row['calls']): number =>
    Math.max(1, ...rows.filter((row) => row.size === largest && row.calls === calls).map((row) => growthOf(row, rows)));
  return [
    [`at least ${GOALS.ratio} of bare \`node:http\` from memory`, ratio >= GOALS.ratio, `${ratio.toFixed(2)} at least`],
    [
      `p99 below ${GOALS.p99Ms} ms at 70 % of full speed`,
      p99('quiet') < GOALS.p99Ms && p99('writtenTo') < GOALS.p99Ms,
      `${p99('quiet').toFixed(1)} ms at most, ${p99('writtenTo').toFixed(1)} ms with 200 changes/s; the bare server ${p99('bareQuiet').toFixed(1)} ms`,
    ],
    [
      `the same calls cost at most ${GOALS.growth} times as much with ${whole(largest)} tokens as with 1,000`,
      growth('few') <= GOALS.growth,
      `${growth('few').toFixed(2)} times at most; ${growth('all').toFixed(2)} times when they go to all tokens in turn`,
    ],
    [
      `start below ${GOALS.startSeconds} s with ${whole(largest)} tokens`,
      start < GOALS.startSeconds,
      `${start.toFixed(2)} s`,
    ],
    ...accessGoals(access),
    [`\`postern scan\` reads more than ${GOALS.scan} MB/s`, scan > GOALS.scan, `${whole(scan)} MB/s`],
    [
      `the SDK's verifier, in the API's process, more than ${whole(GOALS.verifierPerSecond)} times a second from memory`,
      verifier.perSecond > GOALS.verifierPerSecond,
      `${whole(verifier.perSecond)}, ${whole(verifier.tokens)} tokens in turn, on one processor`,
    ],
    receiptGoal(receipt),
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

function whole(number: number): string {
  return Math.round(number).toLocaleString('en-US');
}

/** The document with the table between its marks. Throws where it has none. */
export function replaceTable(document: string, table: string): string {
  const [start, end] = [document.indexOf(START), document.indexOf(END)];
  if (start < 0 || end < start) throw new Error(`README.md has no ${START} … ${END}`);
  return `${document.slice(0, start + START.length)}\n\n${table}\n\n${document.slice(end)}`;
}
