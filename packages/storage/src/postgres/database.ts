import type { Client } from 'pg';
import { type ColumnTypes, migrate, requirePresentForm } from '../migration/migrate.ts';
import { StorageStartError } from '../startup-error.ts';
import { CONNECTION_CONFIG, kyselyOn } from './connection.ts';
import type { Primary } from './primary.ts';

const TYPES: ColumnTypes = {
  text: 'text collate "C"',
  integer: 'bigint',
  table: '',
  clustered: '',
  tableExists: (name) => `select 1 where to_regclass('${name}') is not null`,
  jsonField: (column, name) => `(${column}::json ->> '${name}')`,
};
/** Of the lock that only one start holds at a time. */
const MIGRATION_LOCK = 7_305_511_301;
const OLDEST_VERSION = 140_000;

/**
 * Brings the database to its present form, unless it must have that already; starts at the same time wait for each other.
 * Returns the key that notifications are sealed with. Throws StorageStartError.
 */
export async function prepareDatabase(primary: Primary, at: number, migrates = true): Promise<string> {
  let client: Client | undefined;
  try {
    await primary.locate();
    client = primary.createClient(CONNECTION_CONFIG);
    await client.connect();
    await requireUsable(client);
    await client.query('begin');
    const db = kyselyOn(client);
    if (migrates) {
      await client.query('select pg_advisory_xact_lock($1)', [MIGRATION_LOCK]);
      await migrate(db, TYPES, at);
    } else await requirePresentForm(db, TYPES);
    const { notification_key } = await db
      .selectFrom('installation')
      .select('notification_key')
      .executeTakeFirstOrThrow();
    await client.query('commit');
    return notification_key;
  } catch (error) {
    throw toStartError(error);
  } finally {
    await client?.end().catch(() => undefined);
  }
}

async function requireUsable(client: Client): Promise<void> {
  const { rows } = await client.query(
    `select current_setting('server_version_num')::int as version, current_setting('server_encoding') as encoding`,
  );
  const { version, encoding } = rows[0];
  if (version < OLDEST_VERSION) throw new StorageStartError('Postern needs PostgreSQL 14 or later.');
  if (encoding !== 'UTF8') {
    throw new StorageStartError(`The database's encoding is ${encoding}; Postern needs UTF8.`);
  }
}

/** The database cannot be used, whatever the reason: as the operator is told. */
export function toStartError(error: unknown): StorageStartError {
  if (error instanceof StorageStartError) return error;
  const reason = error instanceof Error ? error.message : String(error);
  return new StorageStartError(`The database at POSTERN_DATABASE_URL cannot be used: ${reason}.`, error);
}
