import { dirname } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import type { Kysely } from 'kysely';
import { makeDirectory, makeFile } from '../made-file.ts';
import { type ColumnTypes, migrate, requirePresentForm } from '../migration/migrate.ts';
import type { Schema } from '../schema.ts';
import { StorageStartError } from '../startup-error.ts';
import { createKysely, openConnection } from './connection.ts';
import { isBusy, isDamaged } from './error.ts';

const TYPES: ColumnTypes = {
  text: 'text',
  integer: 'integer',
  table: ' strict',
  clustered: ' strict, without rowid',
  tableExists: (name) => `select 1 from sqlite_schema where name = '${name}'`,
  jsonField: (column, name) => `(${column} ->> '${name}')`,
};
/** In the file's header: "Pstn". */
export const APPLICATION_ID = 0x5073746e;
const MIGRATION_LOCK_TIMEOUT_MS = 10_000;

/**
 * Opens the database file for this Postern, making it (readable for its owner only) or bringing it to its present form,
 * unless it must have that already. The connection is the caller's to close. Throws StorageStartError.
 */
export async function openDatabase(path: string, at: number, migrates = true): Promise<DatabaseSync> {
  let database: DatabaseSync | undefined;
  try {
    makeDirectory(dirname(path));
    makeFile(path);
    database = openConnection(path);
    requireOurs(database, path);
    if (migrates) await migrateDatabase(database, at);
    else await requirePresentSqlite(createKysely(database));
    return database;
  } catch (error) {
    database?.close();
    throw toStartError(error, path);
  }
}

function requireOurs(database: DatabaseSync, path: string): void {
  if (pragma(database, 'journal_mode') !== 'wal') {
    throw new StorageStartError(
      `${path} does not lie on a disk that SQLite can use safely (no write-ahead log there).`,
    );
  }
  const isEmpty = database.prepare('select 1 from sqlite_schema limit 1').get() === undefined;
  if (!isEmpty && pragma(database, 'application_id') !== APPLICATION_ID) {
    throw new StorageStartError(`${path} is a database of another program.`);
  }
}

/** Throws StorageStartError. */
export function requirePresentSqlite(db: Kysely<Schema>): Promise<void> {
  return requirePresentForm(db, TYPES);
}

async function migrateDatabase(database: DatabaseSync, at: number): Promise<void> {
  database.exec(`pragma busy_timeout = ${MIGRATION_LOCK_TIMEOUT_MS}`);
  database.exec('begin immediate');
  try {
    database.exec(`pragma application_id = ${APPLICATION_ID}`);
    await migrate(createKysely(database), TYPES, at);
    database.exec('commit');
  } catch (error) {
    if (database.isTransaction) database.exec('rollback');
    throw error;
  }
}

function pragma(database: DatabaseSync, name: string): unknown {
  return database.prepare(`pragma ${name}`).get()?.[name];
}

function toStartError(error: unknown, path: string): StorageStartError {
  if (error instanceof StorageStartError) return error;
  if (isDamaged(error)) return new StorageStartError(`${path} is not a database of SQLite, or it is damaged.`, error);
  if (isBusy(error)) return new StorageStartError(`${path} is locked by another process.`, error);
  const reason = error instanceof Error ? error.message : String(error);
  return new StorageStartError(`${path} cannot be opened: ${reason}.`, error);
}
