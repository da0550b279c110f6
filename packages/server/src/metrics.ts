import { createServer as createHttpServer, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { VerificationCache } from '@postern/core';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { Server } from './server.ts';
import { StartError } from './start-error.ts';

/**
 * What Prometheus reads, on a port of its own that is not the API's: no credential is asked for, so it listens on this machine only
 * unless told otherwise. No label names an organization, a principal or a token. On the way of a request numbers are only counted up;
 * all else is done when somebody reads.
 */

const PREFIX = 'postern_';
/** Up to the lease, after which no answer waits any longer. */
const CONFIRM_BUCKETS_SECONDS = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2, 2.5, 5];
const MS = 1_000;

export interface Metrics {
  /** To be told of each committed mutation: how long its answer waited, and how many processes were waited out. */
  readonly onConfirmed: (ms: number, expired: number) => void;
  /** What there is to read once the server is there. */
  watch(server: Server, cache: Pick<VerificationCache, 'size'>): void;
  text(): Promise<string>;
}

export function createMetrics(): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const confirmed = new Histogram({
    name: `${PREFIX}revocation_seconds`,
    help: 'From the commit of a change until no process answers from older memory, and the journal has what it takes away.',
    buckets: CONFIRM_BUCKETS_SECONDS,
    registers,
  });
  const expiredNodes = new Counter({
    name: `${PREFIX}revocation_expired_nodes_total`,
    help: 'Processes that did not apply a change within their lease, and were waited out.',
    registers,
  });

  function counter(name: string, help: string, label: string, read: () => Readonly<Record<string, number>>): void {
    new Counter({
      name: `${PREFIX}${name}`,
      help,
      labelNames: [label],
      registers,
      collect() {
        this.reset();
        for (const [value, count] of Object.entries(read())) this.inc({ [label]: value }, count);
      },
    });
  }

  function total(name: string, help: string, read: () => number): void {
    new Counter({
      name: `${PREFIX}${name}`,
      help,
      registers,
      collect() {
        this.reset();
        this.inc(read());
      },
    });
  }

  /** Undefined: there is nothing to tell now. */
  function gauge(name: string, help: string, read: () => number | undefined): void {
    new Gauge({
      name: `${PREFIX}${name}`,
      help,
      registers,
      collect() {
        this.reset();
        const value = read();
        if (value === undefined) this.remove();
        else this.set(value);
      },
    });
  }

  function watch(server: Server, cache: Pick<VerificationCache, 'size'>): void {
    const { verifier, usage, storage, log } = server;
    const { counts } = verifier;
    counter('verifications_total', 'Verifications by what came of them.', 'outcome', () => ({
      active: counts.active,
      refused: counts.refused,
      unknown: counts.unknown,
      malformed: counts.malformed,
      failed: counts.failed,
    }));
    counter('verification_lookups_total', 'Where the records of verifications came from.', 'source', () => ({
      memory: counts.fromMemory,
      database: counts.fromDatabase,
    }));
    counter('requests_total', 'Answered requests by the class of their status.', 'status', () =>
      Object.fromEntries([1, 2, 3, 4, 5].map((status) => [`${status}xx`, log.answered[status] ?? 0])),
    );
    gauge('verification_cache_entries', 'Records in memory.', () => cache.size().entries);
    gauge('verification_cache_bytes', 'What they are counted as.', () => cache.size().bytes);
    gauge(
      'usage_flush_age_seconds',
      'For how long use has not been written.',
      () => (storage.now() - usage.stats().completeUntil) / MS,
    );
    gauge('usage_pending', 'Generations whose use is not written yet.', () => usage.stats().pending);
    total(
      'usage_lost_total',
      'Uses that were not counted, because memory for them was full.',
      () => usage.stats().lost,
    );
    gauge('ready', 'Whether this process takes requests.', () => (server.isReady() ? 1 : 0));
    gauge('lease_remaining_seconds', 'For how long this process may still answer from memory. PostgreSQL only.', () => {
      const { leaseRemainingMs } = storage.stats();
      return leaseRemainingMs === undefined ? undefined : leaseRemainingMs / MS;
    });
    total(
      'journal_failures_total',
      'Revocations that the journal could not take at once.',
      () => storage.stats().journalFailures,
    );
    gauge('journal_pending', 'Revocations that wait for the journal.', () => storage.stats().journalPending);
    watchNodes(server, registers);
    new Gauge({
      name: `${PREFIX}database_connections`,
      help: 'Connections to PostgreSQL, and what waits for one.',
      labelNames: ['pool', 'state'],
      registers,
      collect() {
        this.reset();
        for (const { pool, total: all, idle, waiting } of storage.stats().pools) {
          this.set({ pool, state: 'used' }, all - idle);
          this.set({ pool, state: 'idle' }, idle);
          this.set({ pool, state: 'waiting' }, waiting);
        }
      },
    });
  }

  return {
    onConfirmed(ms, expired) {
      confirmed.observe(ms / MS);
      if (expired > 0) expiredNodes.inc(expired);
    },
    watch,
    text: () => registry.metrics(),
  };
}

/** All processes on the database, read when somebody asks; nothing is told while it cannot be. */
function watchNodes({ storage }: Server, registers: Registry[]): void {
  const facts = {
    nodes: 'Processes that serve this database.',
    node_lag_changes: 'How far the furthest process is behind the change log.',
  };
  for (const [name, help] of Object.entries(facts)) {
    new Gauge({
      name: `${PREFIX}${name}`,
      help,
      registers,
      async collect() {
        const found = await storage.readNodeLag().catch(() => undefined);
        if (found === undefined) this.remove();
        else this.set(name === 'nodes' ? found.nodes : found.lag);
      },
    });
  }
}

/**
 * Answers `GET /metrics` and nothing else; of workers, each at a port of its own, one after the other. Throws StartError
 * where it cannot listen.
 */
export async function listenForMetrics(
  metrics: Pick<Metrics, 'text'>,
  { host, port }: { readonly host: string; readonly port: number },
  worker?: number,
): Promise<{ readonly url: string; close(): Promise<void> }> {
  const server = createHttpServer((request, response) => {
    if (request.method !== 'GET' || request.url !== '/metrics') {
      response.writeHead(404).end();
      return;
    }
    metrics.text().then(
      (text) => response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' }).end(text),
      () => response.writeHead(500).end(),
    );
  });
  await (worker === undefined || port === 0
    ? listen(server, { host, port })
    : // A worker and the one that it replaces have the port at the same time.
      listen(server, { host, port: port + worker - 1, reusePort: true }));
  const { address, family, port: taken } = server.address() as AddressInfo;
  return {
    url: `http://${family === 'IPv6' ? `[${address}]` : address}:${taken}/metrics`,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function listen(
  server: HttpServer,
  at: { readonly host: string; readonly port: number; readonly reusePort?: boolean },
): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) =>
      reject(new StartError(`POSTERN_METRICS_PORT ${at.port} on ${at.host} cannot be listened on: ${error.message}.`)),
    );
    // Exclusive: Node's cluster would hand its connections to any worker.
    server.listen({ ...at, exclusive: true }, () => resolve());
  });
}
