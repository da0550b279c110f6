import { type Backend, createStorage, type StorageOptions } from '../backend.ts';
import type { DatabaseStorage } from '../sign-in-storage.ts';
import { openDatabase } from './database.ts';
import { createThread } from './thread-client.ts';
import { createSqliteVerification } from './verification.ts';

export interface SqliteStorageOptions extends StorageOptions {
  /** The database file. It and its directory are made where they are missing, for their owner only. */
  readonly path: string;
}

/** The only process on the database: under this id its use is complete. */
const NODE_ID = 'embedded';
const NONCE_BYTES = 9;

/**
 * The port on an embedded database. Mutations run in one thread, reading in another, and verifications where they are
 * asked for. Throws StorageStartError.
 */
export async function openSqliteStorage(options: SqliteStorageOptions): Promise<DatabaseStorage> {
  const { path, cache, clock, random } = options;
  const database = await openDatabase(path, clock.now());
  // What an earlier process had not written is lost; what this one answers from now on is not complete yet.
  database.exec('delete from node');
  database
    .prepare('insert into node (id, acked, renewals, joined_at, usage_complete_until) values (?, 0, 0, ?, ?)')
    .run(NODE_ID, clock.now(), clock.now());
  const verification = createSqliteVerification(path, cache);
  verification.catchUp();
  database.close();
  const writing = createThread(path, verification.lookAgain);
  const reading = createThread(path, verification.lookAgain);

  const backend: Backend = {
    engine: 'sqlite',
    verification,
    now: () => clock.now(),
    nonce: () => random(NONCE_BYTES).toString('base64url'),
    nodeId: () => NODE_ID,
    call: (call) => (call.kind === 'reading' ? reading : writing).call(call),
    // Memory is caught up with before anything that a thread did is answered: there is no older one to wait for.
    confirm: async () => ({ confirmed: 1, expired: 0, ms: 0 }),
    requireCurrent: async () => undefined,
    async ping() {
      await backend.call({ kind: 'reading', name: 'hasBootstrapped', now: clock.now(), args: [] });
    },
    async close() {
      // The one that may write is closed last: so it moves what is in the write-ahead log into the database file.
      verification.close();
      await reading.close();
      await writing.close();
    },
  };
  return createStorage(backend);
}
