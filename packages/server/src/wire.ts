import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { ChangeSink, OrganizationSummary, RandomBytes, SecretKeyUse, Storage } from '@postern/core';
import { createVerificationCache, listAllOrganizations, systemClock } from '@postern/core';
import {
  backUpSqlite,
  DatabaseOutdated as DatabaseIsOutdated,
  type DatabaseStorage,
  DataDirectoryInUse,
  holdAsWorker,
  lockDataDirectory,
  openPostgresStorage,
  openSqliteStorage,
  prepareSqliteDatabase,
  readRevocationJournal,
  readSqliteOrganizations,
  readSqliteSecretKeyUse,
  replaceSqlite,
  StorageStartError,
  unpackSqlite,
  type WorkerPlace,
} from '@postern/storage';
import { DatabaseOutdated, EXIT_CONFIG, StartError } from './start-error.ts';

/** Where the process meets its database: the only file that knows the engines. */

export { giveToServer, makeDirectory } from '@postern/storage';

export interface Database {
  /** PostgreSQL; absent = embedded, in the data directory. */
  readonly databaseUrl: string | undefined;
  /** Where `databaseUrl` is a pooler's: at which address to listen; null = nowhere. */
  readonly databaseListenUrl?: string | null | undefined;
  readonly dataDir: string;
  /** The directory of the revocation journal; absent = in the data directory, with PostgreSQL none. */
  readonly revocationJournal?: string | undefined;
}

export function hasEmbeddedDatabase(dataDir: string): boolean {
  return existsSync(databaseFile(dataDir));
}

/** Opens the database for this process alone or as a worker (embedded), or as one of several (PostgreSQL). Throws StartError. */
export async function openDatabase(
  database: Database,
  cache: ChangeSink,
  random: RandomBytes,
  {
    withoutJournal = false,
    migrates = true,
    worker,
    onConfirmed,
  }: {
    readonly withoutJournal?: boolean;
    /** Default true; see StorageOptions. */
    readonly migrates?: boolean;
    readonly worker?: WorkerPlace | undefined;
    readonly onConfirmed?: ((ms: number, expired: number) => void) | undefined;
  } = {},
): Promise<DatabaseStorage> {
  const { databaseUrl, databaseListenUrl, dataDir } = database;
  const options = {
    cache,
    random,
    clock: systemClock,
    migrates,
    journal: withoutJournal ? undefined : journalOf(database),
    onConfirmed,
  };
  return explained(() =>
    databaseUrl === undefined
      ? openSqliteStorage({ ...options, path: databaseFile(dataDir), worker })
      : openPostgresStorage({ ...options, url: databaseUrl, listenUrl: databaseListenUrl }),
  );
}

/** Makes the data directory this process's own. Throws StartError when another process has it. */
export async function lockDatabase({ databaseUrl, dataDir }: Database): Promise<() => void> {
  if (databaseUrl !== undefined) return () => undefined;
  const lock = await explained(async () => lockDataDirectory(dataDir));
  return () => lock.release();
}

/** The same for one that has started workers: what has to be done once, before any of them opens it. Throws StartError. */
export async function prepareDatabase({ databaseUrl, dataDir }: Database): Promise<void> {
  if (databaseUrl === undefined) await explained(() => prepareSqliteDatabase(databaseFile(dataDir), systemClock));
}

/** Of a worker: nobody can have the data directory while it lives, whatever becomes of who started it. */
export function holdDatabase({ databaseUrl, dataDir }: Database): () => void {
  if (databaseUrl !== undefined) return () => undefined;
  const lock = holdAsWorker(dataDir);
  return () => lock.release();
}

/** Where the journal of this database is kept; undefined = nowhere. */
export function journalOf({ databaseUrl, dataDir, revocationJournal }: Database): string | undefined {
  return revocationJournal ?? (databaseUrl === undefined ? join(dataDir, 'revocations') : undefined);
}

function databaseFile(dataDir: string): string {
  return join(dataDir, 'postern.db');
}

async function explained<Value>(open: () => Promise<Value>): Promise<Value> {
  try {
    return await open();
  } catch (error) {
    if (error instanceof DatabaseIsOutdated) throw new DatabaseOutdated(error.message);
    if (error instanceof StorageStartError) throw new StartError(error.message);
    throw error;
  }
}

/** Throws StartError where an embedded database is meant, and there is none. */
export function requireDatabase({ databaseUrl, dataDir }: Database): void {
  if (databaseUrl === undefined && !hasEmbeddedDatabase(dataDir)) {
    throw new StartError(`There is no database in ${dataDir}.`);
  }
}

/** What is stored under which secret key; a running server is not disturbed. Throws StartError. */
export async function readSecretKeyUse(database: Database, random: RandomBytes): Promise<readonly SecretKeyUse[]> {
  requireDatabase(database);
  const { databaseUrl, dataDir } = database;
  if (databaseUrl === undefined)
    return explained(() => readSqliteSecretKeyUse(databaseFile(dataDir), systemClock.now()));
  return workOnDatabase(database, random, (storage) => storage.listSecretKeyUse(storage.now()));
}

/** All of them, the oldest first; a running server is not disturbed. Throws StartError. */
export async function readOrganizations(
  database: Database,
  random: RandomBytes,
): Promise<readonly OrganizationSummary[]> {
  const { databaseUrl, dataDir } = database;
  if (databaseUrl !== undefined) {
    return workOnDatabase(database, random, listAllOrganizations);
  }
  const look: Pick<Storage, 'listOrganizations'> = {
    listOrganizations: (query) => readSqliteOrganizations(databaseFile(dataDir), systemClock.now(), query),
  };
  return explained(() => listAllOrganizations(look));
}

/**
 * Opens the database for one piece of the operator's work. Beside running servers where it is PostgreSQL; an embedded one
 * has one process to itself, so that none needs to ask whether another has changed something. It is not brought to another
 * form, unless that is said: servers of an older version may run beside it. Throws StartError.
 */
export async function workOnDatabase<Value>(
  database: Database,
  random: RandomBytes,
  work: (storage: DatabaseStorage) => Promise<Value>,
  { withoutJournal = false, migrates = false }: { readonly withoutJournal?: boolean; readonly migrates?: boolean } = {},
): Promise<Value> {
  await using open = new AsyncDisposableStack();
  open.defer(lockForOperator(database));
  const storage = await openDatabase(database, createVerificationCache(0), random, { withoutJournal, migrates });
  open.defer(() => storage.close());
  return await work(storage);
}

function lockForOperator({ databaseUrl, dataDir }: Database): () => void {
  if (databaseUrl !== undefined) return () => undefined;
  try {
    const lock = lockDataDirectory(dataDir);
    return () => lock.release();
  } catch (error) {
    if (error instanceof DataDirectoryInUse) {
      throw new StartError(
        `A running Postern (process ${error.pid}) has ${dataDir} to itself: stop it, run this again, and start it.`,
        EXIT_CONFIG,
      );
    }
    throw error instanceof StorageStartError ? new StartError(error.message) : error;
  }
}

/** Copies the embedded database, beside a running server. Throws StartError. */
export async function backUpDatabase({ dataDir }: Pick<Database, 'dataDir'>, path: string): Promise<void> {
  return explained(async () => backUpSqlite(databaseFile(dataDir), path, systemClock.now()));
}

/** What the journal in that directory says; undefined = there is none. Throws StartError where it is damaged. */
export async function readJournal(directory: string): Promise<ReturnType<typeof readRevocationJournal>> {
  return explained(async () => readRevocationJournal(directory));
}

/**
 * Opens a backup of the embedded database for one piece of work, and puts what came of it in the place of the database, if
 * the work went well. The database that was there is kept as `kept`. Throws StartError.
 */
export async function workOnBackup<Value>(
  database: Database,
  file: string,
  random: RandomBytes,
  work: (storage: DatabaseStorage) => Promise<Value>,
): Promise<{ readonly value: Value; readonly kept: string | undefined }> {
  const path = databaseFile(database.dataDir);
  const next = `${path}.restoring`;
  await using open = new AsyncDisposableStack();
  open.defer(lockForOperator(database));
  open.defer(() => {
    for (const ending of ['', '-wal', '-shm']) rmSync(`${next}${ending}`, { force: true });
  });
  await explained(async () => unpackSqlite(file, next));
  // A backup of an older version is brought to its present form on the way; one of a newer version is refused here.
  const options = { cache: createVerificationCache(0), random, clock: systemClock };
  const storage = await explained(() => openSqliteStorage({ ...options, path: next }));
  let value: Value;
  try {
    value = await work(storage);
  } finally {
    await storage.close();
  }
  const at = new Date(systemClock.now()).toISOString().replaceAll(/[-:]|\.\d+/g, '');
  const kept = hasEmbeddedDatabase(database.dataDir) ? `${path}.before-${at}-${random(2).toString('hex')}` : undefined;
  await explained(async () => replaceSqlite(path, next, kept));
  return { value, kept };
}
