import { measureAccess } from './access.ts';
import type { Part } from './argument.ts';
import { measureNodes } from './node.ts';
import { type Bench, withDatabase, withSession } from './part.ts';
import { measurePeers } from './peer.ts';
import { measureRevocations } from './revocation.ts';
import { measureScan } from './scan.ts';
import { FEW_VALUES } from './session.ts';
import type { Engine } from './table.ts';
import { measureVerifier } from './verifier.ts';
import { measureVerify } from './verify.ts';
import { measureWorkers } from './worker.ts';

/** With as many, tokens that are revoked are enough for any rate. */
const REVOCATION_SIZE = 100_000;

/** What is measured beside the load on one processor; receipts and disabling need all of them. */
export type PinnedPart = Exclude<Part, 'receipts' | 'disable'>;

/** Measures a part and adds to the results. */
export function measurePart(part: PinnedPart, bench: Bench): Promise<void> {
  bench.say(`== ${part}`);
  return MEASURES[part](bench);
}

const MEASURES: Readonly<Record<PinnedPart, (bench: Bench) => Promise<void>>> = {
  async scan({ results }) {
    results.scanMegabytesPerSecond = await measureScan();
  },

  async verifier({ results }) {
    results.verifier = await measureVerifier();
  },

  async peers({ results, tool, lengths, serverRunner }) {
    results.peers.push(...(await measurePeers(tool, lengths, serverRunner)));
  },

  verify: measureVerify,

  workers: (bench) =>
    withSession(bench, FEW_VALUES, undefined, async (session) => {
      bench.results.workers.push(...(await measureWorkers(bench.tool, bench.lengths, session)));
    }),

  async revocations(bench) {
    const measure = (engine: Engine, url: string | undefined): Promise<void> =>
      withSession(bench, REVOCATION_SIZE, url, async (session) => {
        bench.results.revocations.push(...(await measureRevocations(bench.tool, bench.lengths, session, engine)));
      });
    await measure('sqlite', undefined);
    if (!bench.isQuick) await withDatabase(bench, (url) => measure('postgres', url));
  },

  nodes: (bench) =>
    withDatabase(bench, (url) =>
      withSession(bench, FEW_VALUES, url, async (session) => {
        bench.results.nodes.push(...(await measureNodes(bench.tool, bench.lengths, session)));
      }),
    ),

  async access(bench) {
    bench.results.access.push(await measureAccess(undefined));
    if (bench.isQuick) return;
    await withDatabase(bench, async (url) => {
      bench.results.access.push(await measureAccess(url));
    });
  },
};
