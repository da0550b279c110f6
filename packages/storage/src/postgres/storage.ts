import { setTimeout as wait } from 'node:timers/promises';
import {
  type Change,
  createLease,
  createNodeSweep,
  LEASE_MS,
  LEASE_RENEWAL_MS,
  newId,
  requireReady,
  type UsageBatch,
  underLease,
} from '@postern/core';
import type { Backend, StorageOptions } from '../backend.ts';
import { callOperation } from '../operation.ts';
import { withKeeper } from '../revocation-keeper.ts';
import type { DatabaseStorage } from '../sign-in-storage.ts';
import { beginPooled, CONNECT_TIMEOUT_MS, CONNECTION_CONFIG, createPool, withClient } from './connection.ts';
import { prepareDatabase, toStartError } from './database.ts';
import { createPostgresEngine } from './engine.ts';
import { listen } from './listen.ts';
import { createNodeStorage } from './node-storage.ts';
import { createNotificationSeal } from './notification.ts';
import { createPrimary, HISTORY } from './primary.ts';
import { createPostgresVerification } from './verification.ts';

export interface PostgresStorageOptions extends StorageOptions {
  /** postgres://… of the primary; or of several servers, one of which is the primary (see parseDatabaseUrl). */
  readonly url: string;
  /**
   * Where `url` is a pooler's in transaction mode: the address at which notifications can be listened to; null = nowhere,
   * and the log is looked at more often. Absent = `url` is the database's own.
   */
  readonly listenUrl?: string | null | undefined;
  /** Connections for mutations, and as many for reading; a few more are used for verifications and the lease. Default 10. */
  readonly maxConnections?: number;
  /** What time is: the database's (default), or, for tests that own it, the clock that was handed in. */
  readonly time?: 'database' | 'clock';
}

/** How often the log is looked at where nobody says that it has grown. */
const POLL_MS = 50;
const NONCE_BYTES = 9;
const OPERATION_TIMEOUT_MS = 15_000;
const VERIFICATION_TIMEOUT_MS = 2_000;
const LEASE_TIMEOUT_MS = 2_000;

/**
 * The port on PostgreSQL. This process becomes a node: it answers from memory only under its lease, and its mutations
 * wait for all nodes. Verifications and the lease have connections of their own, so that no queue of mutations delays
 * them. Throws StorageStartError.
 */
export async function openPostgresStorage(options: PostgresStorageOptions): Promise<DatabaseStorage> {
  const { url, cache, clock, random, maxConnections = 10, time = 'database', listenUrl = url } = options;
  const pooled = options.listenUrl !== undefined;
  const asking = { ...CONNECTION_CONFIG, query_timeout: CONNECT_TIMEOUT_MS };
  const primary = createPrimary(url, asking);
  const seal = createNotificationSeal(await prepareDatabase(primary, clock.now(), options.migrates));
  const operations = createPool({ primary, max: maxConnections, statementTimeoutMs: OPERATION_TIMEOUT_MS, pooled });
  const verifications = createPool({ primary, max: 4, statementTimeoutMs: VERIFICATION_TIMEOUT_MS, pooled });
  const own = createPool({ primary, max: 1, statementTimeoutMs: LEASE_TIMEOUT_MS, pooled });
  const all = createPool({ primary, max: 3, statementTimeoutMs: LEASE_TIMEOUT_MS, pooled });
  const readings = createPool({ primary, max: maxConnections, statementTimeoutMs: OPERATION_TIMEOUT_MS, pooled });
  const endPools = () => Promise.all([operations, readings, verifications, own, all].map((pool) => pool.end()));
  const engine = createPostgresEngine(operations, pooled ? beginPooled(OPERATION_TIMEOUT_MS) : undefined);
  const reading = createPostgresEngine(readings);
  let usageCompleteUntil = clock.now();
  const nodes = createNodeStorage({
    ...{ own, all, pooled, seal },
    history: primary.tellsHistory() ? HISTORY : null,
    usageCompleteUntil: () => usageCompleteUntil,
  });
  const lease = createLease({
    nodes,
    cache,
    clock: { monotonic: () => clock.monotonic(), wall: () => clock.now() },
    newNodeId: () => newId('node', clock, random),
    wait: (ms) => wait(ms),
    notify: (applied) => {
      if (listenUrl !== null) nodes.notify(lease.nodeId() ?? '', applied?.position ?? null).catch(() => undefined);
    },
  });
  try {
    await lease.cycle();
  } catch (error) {
    await endPools();
    throw toStartError(error);
  }
  const look = (heard?: readonly Change[]): void => void lease.look(heard).catch(() => undefined);
  const listener =
    listenUrl === null
      ? undefined
      : listen(pooled ? createPrimary(listenUrl, asking) : primary, seal, ({ nodeId, changes }) => {
          // Whoever commits looks by itself.
          if (nodeId === undefined || nodeId !== lease.nodeId()) look(changes);
        });
  const sweep = createNodeSweep(nodes, clock);
  const beats = [
    setInterval(() => void lease.cycle().catch(() => undefined), LEASE_RENEWAL_MS).unref(),
    setInterval(() => void sweep().catch(() => undefined), LEASE_MS).unref(),
    ...(listener ? [] : [setInterval(() => look(), POLL_MS).unref()]),
  ];

  const backend: Backend = {
    engine: 'postgres',
    verification: createPostgresVerification(verifications, lease, pooled),
    now: () => clock.now() + (time === 'database' ? Math.round(lease.clockOffset()) : 0),
    nonce: () => random(NONCE_BYTES).toString('base64url'),
    nodeId: () => lease.nodeId() ?? '',

    async call(call) {
      // Mutations that queue for one organization's lock must not keep others from reading.
      const value = await (call.kind === 'reading'
        ? underLease(lease, () => callOperation(reading, call))
        : callOperation(engine, call));
      // A node that joins anew goes on from here.
      if (call.name === 'recordUsage') usageCompleteUntil = (call.args[0] as UsageBatch).completeUntil;
      return value;
    },

    async confirm() {
      const committedAt = clock.monotonic();
      const counts = await lease.confirm(committedAt);
      return { ...counts, ms: Math.round(clock.monotonic() - committedAt) };
    },

    async ping() {
      await withClient(operations, (client) => client.query('select 1'));
      if (time === 'database') requireReady(lease);
    },

    stats: () => ({
      leaseRemainingMs: lease.remainingMs(),
      pools: Object.entries({ operations, readings, verifications, lease: own, nodes: all }).map(([pool, each]) => ({
        pool,
        total: each.totalCount,
        idle: each.idleCount,
        waiting: each.waitingCount,
      })),
    }),
    async readNodeLag() {
      const { head, nodes: found } = await nodes.listNodes();
      return { nodes: found.length, lag: Math.max(0, ...found.map(({ acked }) => head.position - acked)) };
    },
    async close() {
      for (const beat of beats) clearInterval(beat);
      listener?.close();
      // No cycle is under way when the node leaves, or it would join again.
      await lease.cycle().catch(() => undefined);
      await lease.leave().catch(() => undefined);
      await endPools();
    },
  };
  return withKeeper(backend, options);
}
