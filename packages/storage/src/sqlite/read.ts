import type { OrganizationSummary, Page, PageQuery, SecretKeyUse } from '@postern/core';
import { listOrganizations } from '../organization-list.ts';
import type { Reading } from '../reading.ts';
import { StorageStartError } from '../startup-error.ts';
import { listSecretKeyUse } from '../token-digest.ts';
import { createKysely, openReadOnlyConnection } from './connection.ts';
import { requirePresentSqlite } from './database.ts';
import { jsonRows } from './json-rows.ts';

/** Reading without opening the storage: a running server is not disturbed. All of it throws StorageStartError. */

export function readSqliteSecretKeyUse(path: string, now: number): Promise<readonly SecretKeyUse[]> {
  return read(path, now, (reading) => listSecretKeyUse(reading, now));
}

export function readSqliteOrganizations(
  path: string,
  now: number,
  query: PageQuery,
): Promise<Page<OrganizationSummary>> {
  return read(path, now, (reading) => listOrganizations(reading, query));
}

async function read<Value>(path: string, now: number, look: (reading: Reading) => Promise<Value>): Promise<Value> {
  try {
    const database = openReadOnlyConnection(path);
    try {
      const db = createKysely(database);
      await requirePresentSqlite(db);
      return await look({ db, jsonRows, now });
    } finally {
      database.close();
    }
  } catch (error) {
    if (error instanceof StorageStartError) throw error;
    throw new StorageStartError(`The database ${path} cannot be read: ${(error as Error).message}.`, error);
  }
}
