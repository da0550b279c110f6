import type { AccessResult } from './access.ts';
import type { DisableResult } from './disable.ts';
import { ENGINES, microseconds, milliseconds, whole } from './format.ts';
import { printGoals } from './goal.ts';
import { callsOf, printNodes, printRevocations, printWorkers } from './growth-table.ts';
import { type FullSpeed, WRITES_PER_SECOND } from './measure.ts';
import type { NodeResult } from './node.ts';
import type { Pauses } from './pause.ts';
import type { PeerResult } from './peer.ts';
import type { ReceiptResult } from './receipt.ts';
import type { Route } from './request.ts';
import type { RevocationResult } from './revocation.ts';
import type { Paced } from './speed.ts';
import type { VerifierResult } from './verifier.ts';
import type { WorkerResult } from './worker.ts';

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
  readonly writesPerSecond?: number;
}

export interface Size {
  readonly engine: Engine;
  readonly size: number;
  readonly startSeconds: number;
  readonly residentMebibytes: number | undefined;
}

/** A part that was not asked for has no results. */
export interface Results {
  readonly machine: string;
  readonly tool: string;
  readonly isPinned: boolean;
  readonly loadBefore: number;
  /** Before and after all of it, the worse one. */
  pauses?: Pauses;
  readonly rounds: number;
  readonly rows: Row[];
  readonly sizes: Size[];
  /** Of an organization with 1,000 groups, 500 workspaces, 20,000 principals and 200,000 memberships. */
  readonly access: AccessResult[];
  /** On the embedded database. */
  readonly workers: WorkerResult[];
  readonly revocations: RevocationResult[];
  /** On PostgreSQL. */
  readonly nodes: NodeResult[];
  /** How fast `postern scan` reads. */
  scanMegabytesPerSecond?: number;
  verifier?: VerifierResult;
  /** Of several nodes on PostgreSQL. */
  readonly receipt?: ReceiptResult;
  /** Of accounts with many tokens, on each database. */
  readonly disables: readonly DisableResult[];
  /** Other libraries that answer the same question. */
  readonly peers: PeerResult[];
  /** What was not measured, and why: one sentence each. */
  readonly leftOut: string[];
}

/** With more than this going on, figures are not to be trusted far. */
const BUSY = 0.5;
/** So much of the rate of changes passes for all of it. */
const HELD = 0.95;

export function printResults(results: Results): string {
  const { rows, sizes, access, peers, workers, revocations, nodes, leftOut } = results;
  const sections = [
    [printMachine(results)],
    printRows(rows),
    printSizes(sizes),
    leftOut,
    printWorkerSection(workers),
    printRevocationSection(revocations),
    printNodeSection(nodes),
    printAccess(access),
    printPeers(peers),
    printGoals(results),
  ];
  return sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n');
}

/** Where, with what and how often it was measured, and whether the machine did something else besides. */
export function printMachine({ machine, tool, isPinned, loadBefore, pauses, rounds }: Results): string {
  const place = isPinned ? 'the server alone on one processor, load on the other' : 'server and load side by side';
  const disturbed =
    loadBefore > BUSY ? ` The machine was not idle (load ${loadBefore.toFixed(1)}): take the figures with care.` : '';
  return `Measured on ${machine}; load by ${tool}, ${place}; medians of ${rounds} rounds.${disturbed}${printPauses(pauses)}`;
}

/** Latencies cannot be better than the machine. */
function printPauses(pauses: Pauses | undefined): string {
  if (!pauses) return '';
  const { share, longestMs, p99Ms } = pauses;
  return (
    ` A process that did nothing but want the server's processor was without it for ${(share * 100).toFixed(1)} % of the time, ` +
    `${longestMs.toFixed(1)} ms at the longest: a request that takes no time waits ${p99Ms.toFixed(1)} ms there at p99.`
  );
}

function printRows(rows: readonly Row[]): readonly string[] {
  if (rows.length === 0) return [];
  return [
    '| request | database | tokens | calls go to | requests/s | of bare `node:http` | processor | p50, p99 | of bare | with 200 changes/s: requests/s | p50, p99 |',
    '|---|---|--:|---|--:|--:|--:|--:|--:|--:|--:|',
    ...rows.map(printRow),
  ];
}

function printRow(row: Row): string {
  const { engine, route, size, speed, bareQuiet, quiet, writtenTo, writesPerSecond = WRITES_PER_SECOND } = row;
  const told = writesPerSecond < HELD * WRITES_PER_SECOND ? `; only ${whole(writesPerSecond)} changes/s` : '';
  const cells = [
    route.title,
    ENGINES[engine],
    whole(size),
    callsOf(row),
    whole(speed.perSecond),
    speed.ratio.toFixed(2),
    microseconds(speed.cost),
    printPaced(quiet),
    printPaced(bareQuiet),
    writtenTo ? whole(writtenTo.perSecond) + told : '',
    printPaced(writtenTo),
  ];
  return `| ${cells.join(' | ')} |`;
}

function printPaced(paced: Paced | undefined): string {
  return paced ? milliseconds(paced.p50Ms, paced.p99Ms) : '';
}

function printSizes(sizes: readonly Size[]): readonly string[] {
  if (sizes.length === 0) return [];
  return ['| database | tokens | start | memory |', '|---|--:|--:|--:|', ...sizes.map(printSize)];
}

function printSize({ engine, size, startSeconds, residentMebibytes }: Size): string {
  const memory = residentMebibytes === undefined ? '' : `${Math.round(residentMebibytes)} MiB`;
  return `| ${ENGINES[engine]} | ${whole(size)} | ${startSeconds.toFixed(1)} s | ${memory} |`;
}

function printWorkerSection(results: readonly WorkerResult[]): readonly string[] {
  if (results.length === 0) return [];
  return [
    '`POST /api/v1/tokens/verify` by one process and by two behind one port (`--workers`), embedded, where servers and load share all',
    'processors. Where there are two of them, two workers have what the load leaves: their requests/s cannot show twice the speed. What',
    'a request costs does not depend on that, the supervising process included:',
    '',
    ...printWorkers(results),
  ];
}

function printRevocationSection(results: readonly RevocationResult[]): readonly string[] {
  if (results.length === 0) return [];
  return [
    'The same while tokens are revoked (`POST /oauth2/revoke`), 100 a second being one every 10 ms: latencies of verifications and of',
    'revoking calls at 70 % of full speed, p50 and p99. A receipt counts from the commit to the proof that no process answers from older memory:',
    '',
    ...printRevocations(results),
  ];
}

function printNodeSection(results: readonly NodeResult[]): readonly string[] {
  if (results.length === 0) return [];
  return [
    'The same by several nodes on one PostgreSQL, all on one processor: what they cost each other, not how much faster a fleet is:',
    '',
    ...printNodes(results),
  ];
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
        `| ${name} | ${whole(perSecond)} | ${ratio.toFixed(2)} | ${microseconds(cost)} |`,
    ),
  ];
}

/** The document with the text between two marks, `<!-- name:start -->` and `<!-- name:end -->`. Throws where it has none. */
export function replaceBetweenMarks(document: string, name: string, text: string): string {
  const [startMark, endMark] = [`<!-- ${name}:start -->`, `<!-- ${name}:end -->`];
  const [start, end] = [document.indexOf(startMark), document.indexOf(endMark)];
  if (start < 0 || end < start) throw new Error(`the document has no ${startMark} … ${endMark}`);
  return `${document.slice(0, start + startMark.length)}\n\n${text}\n\n${document.slice(end)}`;
}
