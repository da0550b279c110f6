import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { ChangeSink, OrganizationSummary, RandomBytes, SecretKeyUse, Storage } from '@postern/core';
import { createVerificationCache, listAllOrganizations, systemClock } from '@postern/core';
import {
  type DatabaseStorage,
  DataDirectoryInUse,
  lockDataDirectory,
  openPostgresStorage,
  openSqliteStorage,
  readSqliteOrganizations,
  readSqliteSecretKeyUse,
  StorageStartError,
} from '@postern/storage';
import { EXIT_CONFIG, StartError } from './start-error.ts';

/** Where the process meets its database: the only file that knows the engines. */

export interface Database {
  /** PostgreSQL; absent = embedded, in the data directory. */
  readonly databaseUrl: string | undefined;
  /** Where `databaseUrl` is a pooler's: at which address to listen; null = nowhere. */
  readonly databaseListenUrl?: string | null | undefined;
  readonly dataDir: string;
}

export function hasEmbeddedDatabase(dataDir: string): boolean {
  return existsSync(databaseFile(dataDir));
}

/** Opens the database for this process alone (embedded), or as one of several (PostgreSQL). Throws StartError. */
export async function openDatabase(
  { databaseUrl, databaseListenUrl, dataDir }: Database,
  cache: ChangeSink,
  random: RandomBytes,
): Promise<DatabaseStorage> {
  const options = { cache, random, clock: systemClock };
  return explained(() =>
    databaseUrl === undefined
      ? openSqliteStorage({ ...options, path: databaseFile(dataDir) })
      : openPostgresStorage({ ...options, url: databaseUrl, listenUrl: databaseListenUrl }),
  );
}

/** Makes the data directory this process's own. Throws StartError when another process has it. */
export async function lockDatabase({ databaseUrl, dataDir }: Database): Promise<() => void> {
  if (databaseUrl !== undefined) return () => undefined;
  const lock = await explained(async () => lockDataDirectory(dataDir));
  return () => lock.release();
}

function databaseFile(dataDir: string): string {
  return join(dataDir, 'postern.db');
}

async function explained<Value>(open: () => Promise<Value>): Promise<Value> {
  try {
    return await open();
  } catch (error) {
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
 * has one process to itself, so that none needs to ask whether another has changed something. Throws StartError.
 */
export async function workOnDatabase<Value>(
  database: Database,
  random: RandomBytes,
  work: (storage: DatabaseStorage) => Promise<Value>,
): Promise<Value> {
  await using open = new AsyncDisposableStack();
  open.defer(lockForOperator(database));
  const storage = await openDatabase(database, createVerificationCache(0), random);
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
