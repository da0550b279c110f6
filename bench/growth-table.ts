import { ENGINES, microseconds, milliseconds, whole } from './format.ts';
import type { NodeResult } from './node.ts';
import type { RevocationResult, Revoked } from './revocation.ts';
import type { Row } from './table.ts';
import type { WorkerResult } from './worker.ts';

/** Tables of what a verification from memory costs, as something grows. */

const CALLS: Readonly<Record<Row['calls'], string>> = {
  few: '1,000 of them',
  all: 'all in turn',
  cold: 'such as are not in memory',
};

export function callsOf({ calls }: Pick<Row, 'calls'>): string {
  return CALLS[calls];
}

export function printTokens(rows: readonly Row[]): readonly string[] {
  return [
    '| database | tokens | calls go to | requests/s | processor | p50, p99 |',
    '|---|--:|---|--:|--:|--:|',
    ...rows.map(
      (row) =>
        `| ${ENGINES[row.engine]} | ${whole(row.size)} | ${callsOf(row)} | ${whole(row.speed.perSecond)} | ` +
        `${microseconds(row.speed.cost)} | ${row.quiet ? milliseconds(row.quiet.p50Ms, row.quiet.p99Ms) : ''} |`,
    ),
  ];
}

export function printWorkers(results: readonly WorkerResult[]): readonly string[] {
  return [
    '| workers | requests/s | processor | p50, p99 |',
    '|--:|--:|--:|--:|',
    ...results.map(
      ({ workers, perSecond, cost, p50Ms, p99Ms }) =>
        `| ${workers} | ${whole(perSecond)} | ${microseconds(cost)} | ${milliseconds(p50Ms, p99Ms)} |`,
    ),
  ];
}

export function printNodes(results: readonly NodeResult[]): readonly string[] {
  return [
    '| nodes | requests/s of all | processor | p50, p99 |',
    '|--:|--:|--:|--:|',
    ...results.map(
      ({ nodes, perSecond, cost, p50Ms, p99Ms }) =>
        `| ${nodes} | ${whole(perSecond)} | ${microseconds(cost)} | ${milliseconds(p50Ms, p99Ms)} |`,
    ),
  ];
}

/** The processor time is that of a verification and of its share of the revocations. */
export function printRevocations(results: readonly RevocationResult[]): readonly string[] {
  return [
    '| database | revocations/s wanted | done | verifications/s | processor | p50, p99 | a revoking call | its receipt |',
    '|---|--:|--:|--:|--:|--:|--:|--:|',
    ...results.map(({ engine, rate, perSecond, cost, p50Ms, p99Ms, revoked }) => {
      const cells = [
        ENGINES[engine],
        whole(rate),
        revoked ? whole(revoked.perSecond) + toldRefused(revoked) : '',
        whole(perSecond),
        microseconds(cost),
        milliseconds(p50Ms, p99Ms),
        revoked ? milliseconds(revoked.callMs.p50, revoked.callMs.p99) : '',
        revoked ? milliseconds(revoked.receiptMs.p50, revoked.receiptMs.p99, 2) : '',
      ];
      return `| ${cells.join(' | ')} |`;
    }),
  ];
}

function toldRefused({ refused }: Revoked): string {
  return refused === 0 ? '' : `; ${whole(refused)} answered 503`;
}
