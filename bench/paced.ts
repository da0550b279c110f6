import { readFileSync } from 'node:fs';
import { type Connection, openConnection } from './connection.ts';

/**
 * Load at a fixed rate, whatever the server does: each request has its moment, and its latency counts from there, also when
 * no connection was free then. Without a rate: one request after the other on each connection. A process of its own.
 */
export interface PacedInput {
  readonly url: string;
  readonly before: string;
  readonly after: string;
  readonly tokensFile: string;
  /** Which token comes first. */
  readonly offset: number;
  readonly connections: number;
  /** null = as fast as answers come. */
  readonly perSecond: number | null;
  readonly requests: number;
  /** So many of the first requests do not count: until then this process is being compiled. */
  readonly uncounted: number;
}

export interface PacedOutput {
  readonly requests: number;
  readonly failed: number;
  readonly seconds: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

const input = JSON.parse(process.env['BENCH_PACED'] ?? '{}') as PacedInput;
process.stdout.write(`${JSON.stringify(await run(input))}\n`);

async function run({
  url,
  before,
  after,
  tokensFile,
  offset,
  connections,
  perSecond,
  requests,
  uncounted,
}: PacedInput) {
  const { hostname, port } = new URL(url);
  const tokens = readFileSync(tokensFile, 'utf8').trimEnd().split('\n');
  const open = await Promise.all(Array.from({ length: connections }, () => openConnection(hostname, Number(port))));
  const free: Connection[] = [...open];
  const latencies = new Float64Array(requests);
  const due: number[] = [];
  let sent = 0;
  let answered = 0;
  let failed = 0;
  const { promise: done, resolve } = Promise.withResolvers<void>();

  function send(connection: Connection, since: number): void {
    const token = tokens[(offset + sent) % tokens.length] as string;
    sent += 1;
    connection.send(before + token + after, (status) => {
      latencies[answered] = performance.now() - since;
      answered += 1;
      if (status !== 200) failed += 1;
      if (answered === requests) resolve();
      const next = perSecond === null ? (sent < requests ? performance.now() : undefined) : due.shift();
      if (next === undefined) free.push(connection);
      else send(connection, next);
    });
  }

  const started = performance.now();
  if (perSecond === null) {
    for (const connection of free.splice(0, Math.min(connections, requests))) send(connection, performance.now());
  } else {
    let planned = 0;
    const pace = (): void => {
      const now = performance.now();
      for (; planned < requests && started + (planned * 1_000) / perSecond <= now; planned += 1) {
        const moment = started + (planned * 1_000) / perSecond;
        const connection = free.pop();
        if (connection) send(connection, moment);
        else due.push(moment);
      }
      // The processor is this process's own: it does not sleep, so that no request comes late because of it.
      if (planned < requests) setImmediate(pace);
    };
    pace();
  }
  await done;
  const seconds = (performance.now() - started) / 1_000;
  for (const connection of open) connection.close();
  const counted = latencies.subarray(uncounted).sort();
  const at = (share: number): number => counted[Math.floor(counted.length * share)] ?? Number.NaN;
  return { requests, failed, seconds, p50Ms: at(0.5), p99Ms: at(0.99) } satisfies PacedOutput;
}
