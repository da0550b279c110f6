import type { Clock } from '@postern/core';
import type { Backend, StorageOptions } from '../backend.ts';
import { withKeeper } from '../revocation-keeper.ts';
import type { DatabaseStorage } from '../sign-in-storage.ts';
import { openDatabase } from './database.ts';
import { createThread } from './thread-client.ts';
import { createSqliteVerification } from './verification.ts';

export interface SqliteStorageOptions extends StorageOptions {
  /** The database file. It and its directory are made where they are missing, for their owner only. */
  readonly path: string;
  /** Absent: this process is alone on the database. */
  readonly worker?: WorkerPlace | undefined;
}

/** One of several processes that work on one embedded database on behalf of the one that has its directory. */
export interface WorkerPlace {
  /** How many there are. */
  readonly of: number;
  /** Process ids of those that have ended in bad order: what they had not written of use is lost. */
  readonly lost: readonly number[];
}
const NONCE_BYTES = 9;

/**
 * The port on an embedded database. Mutations run in one thread, reading in another, and verifications where they are
 * asked for. Throws StorageStartError.
 */
export async function openSqliteStorage(options: SqliteStorageOptions): Promise<DatabaseStorage> {
  const { path, cache, clock, random, worker, migrates } = options;
  const alone = worker === undefined;
  const nodeId = alone ? 'embedded' : nodeIdOf(process.pid);
  if (alone) await prepareSqliteDatabase(path, clock, migrates);
  const database = await openDatabase(path, clock.now(), migrates);
  const forget = database.prepare('delete from node where id = ?');
  for (const pid of worker?.lost ?? []) forget.run(nodeIdOf(pid));
  database
    .prepare(
      'insert or replace into node (id, acked, renewals, joined_at, usage_complete_until) values (?, 0, 0, ?, ?)',
    )
    .run(nodeId, clock.now(), clock.now());
  const verification = createSqliteVerification(path, cache, { alone });
  verification.catchUp();
  database.close();
  const writing = createThread(path, verification.lookAgain);
  const reading = createThread(path, verification.lookAgain);

  const backend: Backend = {
    engine: 'sqlite',
    verification,
    now: () => clock.now(),
    nonce: () => random(NONCE_BYTES).toString('base64url'),
    nodeId: () => nodeId,
    call: (call) => (call.kind === 'reading' ? reading : writing).call(call),
    // Memory is caught up with before anything that a thread did is answered, and by other workers before each verdict:
    // there is no older one to wait for.
    confirm: async () => ({ confirmed: worker?.of ?? 1, expired: 0, ms: 0 }),
    async ping() {
      await backend.call({ kind: 'reading', name: 'hasBootstrapped', now: clock.now(), args: [] });
    },
    stats: () => ({ leaseRemainingMs: undefined, pools: [] }),
    // Memory is caught up with before every answer.
    readNodeLag: async () => ({ nodes: worker?.of ?? 1, lag: 0 }),
    async close() {
      // The one that may write is closed last: so it moves what is in the write-ahead log into the database file.
      verification.close();
      await reading.close();
      if (!alone) {
        await writing.call({ kind: 'recording', name: 'removeNode', args: [nodeId] }).catch(() => undefined);
      }
      await writing.close();
    },
  };
  return withKeeper(backend, options);
}

/**
 * Makes the database file, or brings it to its present form, for the processes that will open it. What those before them
 * had not written of use is lost; what the new ones answer is not complete yet. Throws StorageStartError.
 */
export async function prepareSqliteDatabase(path: string, clock: Clock, migrates = true): Promise<void> {
  const database = await openDatabase(path, clock.now(), migrates);
  database.exec('delete from node');
  database.close();
}

/** Under which a worker's use is known to be complete. */
function nodeIdOf(pid: number): string {
  return `worker-${pid}`;
}
