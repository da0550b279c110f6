import { type Kysely, sql } from 'kysely';
import { identify } from '../revocation.ts';
import type { Schema } from '../schema.ts';
import { DatabaseOutdated, StorageStartError } from '../startup-error.ts';
import { foundation } from './0001-foundation.ts';
import { access } from './0002-access.ts';
import { signIn } from './0003-sign-in.ts';
import { member } from './0004-member.ts';
import { permissionUse } from './0005-permission-use.ts';
import { setup } from './0006-setup.ts';
import { usageReport } from './0007-usage-report.ts';
import { owner } from './0008-owner.ts';
import { leak } from './0009-leak.ts';
import { nodeRenewal } from './0010-node-renewal.ts';
import { revocation } from './0011-revocation.ts';
import { cleanup } from './0012-cleanup.ts';
import { seal } from './0013-seal.ts';
import { concern } from './0014-concern.ts';
import { nodeHistory } from './0015-node-history.ts';
import { tokenEnd } from './0016-token-end.ts';

/** How an engine spells what the migrations are written in. */
export interface ColumnTypes {
  /** Text that is compared byte by byte. */
  readonly text: string;
  /** Whole numbers up to 2^53. */
  readonly integer: string;
  /** Ends a table definition. */
  readonly table: string;
  /** Ends the definition of a table that is stored in the order of its primary key, where the engine can. */
  readonly clustered: string;
  /** A query that finds a row where there is a table of that name. */
  readonly tableExists: (table: string) => string;
  /** The text of a field of the JSON object in a text column; null where it has none. */
  readonly jsonField: (column: string, name: string) => string;
}

/** A step from one form of the database to the next. Never changed once released, and never undone. */
export interface Migration {
  readonly number: number;
  readonly name: string;
  readonly statements: (types: ColumnTypes) => readonly string[];
}

const MIGRATIONS: readonly Migration[] = [
  foundation,
  access,
  signIn,
  member,
  permissionUse,
  setup,
  usageReport,
  owner,
  leak,
  nodeRenewal,
  revocation,
  cleanup,
  seal,
  concern,
  nodeHistory,
  tokenEnd,
];

/**
 * Brings the database to the form that this Postern works with. To be called in a transaction that excludes every other
 * start. Throws StorageStartError when a newer Postern has written it.
 */
export async function migrate(db: Kysely<Schema>, types: ColumnTypes, at: number): Promise<void> {
  await sql`create table if not exists migration (
    number ${sql.raw(types.integer)} primary key,
    name ${sql.raw(types.text)} not null,
    applied_at ${sql.raw(types.integer)} not null
  )${sql.raw(types.table)}`.execute(db);
  const found = await findForm(db);
  for (const { number, name, statements } of MIGRATIONS.slice(found)) {
    for (const statement of statements(types)) await sql.raw(statement).execute(db);
    await db.insertInto('migration').values({ number, name, applied_at: at }).execute();
  }
  await identify(db);
}

/** Writes nothing. Throws StorageStartError unless the database has the form that this Postern works with. */
export async function requirePresentForm(db: Kysely<Schema>, { tableExists }: ColumnTypes): Promise<void> {
  const { rows } = await sql.raw(tableExists('migration')).execute(db);
  const found = rows.length > 0 ? await findForm(db) : 0;
  if (found === 0) {
    throw new DatabaseOutdated('This database has had no first start yet: run `postern serve` on it once.');
  }
  if (found < MIGRATIONS.length) {
    throw new DatabaseOutdated(
      `The database was written by an older Postern (its form is ${found}, this Postern has ${MIGRATIONS.length}): start the server to bring it up to date.`,
    );
  }
}

/** How many migrations it has had. Throws StorageStartError when a newer Postern has written it. */
async function findForm(db: Kysely<Schema>): Promise<number> {
  const applied = await db.selectFrom('migration').select('number').orderBy('number', 'desc').executeTakeFirst();
  const found = applied?.number ?? 0;
  if (found > MIGRATIONS.length) {
    throw new StorageStartError(
      `The database was written by a newer Postern (its form is ${found}, this Postern knows ${MIGRATIONS.length}): start that version, or a later one.`,
    );
  }
  return found;
}
