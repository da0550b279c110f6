import type { SecretKeyUse } from '@postern/core';
import { StorageStartError } from '../startup-error.ts';
import { listSecretKeyUse } from '../token-digest.ts';
import { createKysely, openReadOnlyConnection } from './connection.ts';
import { jsonRows } from './json-rows.ts';

/** What `listSecretKeyUse` says, read without opening the storage: a running server is not disturbed. Throws StorageStartError. */
export async function readSqliteSecretKeyUse(path: string, now: number): Promise<readonly SecretKeyUse[]> {
  try {
    const database = openReadOnlyConnection(path);
    try {
      return await listSecretKeyUse({ db: createKysely(database), jsonRows, now }, now);
    } finally {
      database.close();
    }
  } catch (error) {
    throw new StorageStartError(`The database ${path} cannot be read: ${(error as Error).message}.`, error);
  }
}
