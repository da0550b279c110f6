import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { ChangeSink, RandomBytes, SecretKeyUse, Storage } from '@postern/core';
import { createVerificationCache, systemClock } from '@postern/core';
import {
  lockDataDirectory,
  openPostgresStorage,
  openSqliteStorage,
  readSqliteSecretKeyUse,
  StorageStartError,
} from '@postern/storage';
import { StartError } from './start-error.ts';

/** Where the process meets its database: the only file that knows the engines. */

export interface Database {
  /** PostgreSQL; absent = embedded, in the data directory. */
  readonly databaseUrl: string | undefined;
  readonly dataDir: string;
}

export function hasEmbeddedDatabase(dataDir: string): boolean {
  return existsSync(databaseFile(dataDir));
}

/** Opens the database for this process alone (embedded), or as one of several (PostgreSQL). Throws StartError. */
export async function openDatabase(
  { databaseUrl, dataDir }: Database,
  cache: ChangeSink,
  random: RandomBytes,
): Promise<Storage> {
  const options = { cache, random, clock: systemClock };
  return explained(() =>
    databaseUrl === undefined
      ? openSqliteStorage({ ...options, path: databaseFile(dataDir) })
      : openPostgresStorage({ ...options, url: databaseUrl }),
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

/** What is stored under which secret key; a running server is not disturbed. Throws StartError. */
export async function readSecretKeyUse(database: Database, random: RandomBytes): Promise<readonly SecretKeyUse[]> {
  const { databaseUrl, dataDir } = database;
  if (databaseUrl === undefined) {
    if (!hasEmbeddedDatabase(dataDir)) throw new StartError(`There is no database in ${dataDir}.`);
    return explained(() => readSqliteSecretKeyUse(databaseFile(dataDir), systemClock.now()));
  }
  const storage = await openDatabase(database, createVerificationCache(0), random);
  try {
    return await storage.listSecretKeyUse(storage.now());
  } finally {
    await storage.close();
  }
}
