import { once } from 'node:events';
import { DatabaseSync } from 'node:sqlite';
import { Client, type Connection, type Submittable } from 'pg';

/**
 * Fills tables in bulk, past Postern, which must not be running: rows are taken one by one as they are made, so there may be
 * millions of them; indexes are dropped first and made again after; references are not checked.
 */
export interface Table {
  readonly name: string;
  readonly columns: readonly string[];
  /** Gone through once, table after table. */
  readonly rows: Iterable<Row>;
}

export type Row = readonly (string | number | null)[];

const ROWS_PER_STATEMENT = 40;
const COPY_CHUNK_CHARACTERS = 256 * 1024;
/** Nothing is written twice: a process that is killed meanwhile leaves a database that is none. */
const SQLITE_WAITS_FOR_NOTHING = `
  pragma journal_mode = memory; pragma synchronous = off; pragma cache_size = -1000000; pragma temp_store = memory`;
const POSTGRES_WAITS_FOR_NOTHING = `
  set session_replication_role = replica; set synchronous_commit = off; set maintenance_work_mem = '512MB'`;

export function fillSqlite(path: string, tables: readonly Table[]): void {
  const database = new DatabaseSync(path, { enableForeignKeyConstraints: false });
  try {
    const { journal_mode: journal } = database.prepare('pragma journal_mode').get() as { journal_mode: string };
    database.exec(SQLITE_WAITS_FOR_NOTHING);
    const listIndexes = database.prepare(
      `select name, sql from sqlite_schema where type = 'index' and sql is not null and tbl_name = ?`,
    );
    const indexes = tables.flatMap(({ name }) => listIndexes.all(name) as { name: string; sql: string }[]);
    database.exec('begin immediate');
    for (const { name } of indexes) database.exec(`drop index ${name}`);
    for (const table of tables) insertAll(database, table);
    for (const { sql } of indexes) database.exec(sql);
    database.exec(`commit; pragma journal_mode = ${journal}`);
  } finally {
    database.close();
  }
}

function insertAll(database: DatabaseSync, { name, columns, rows }: Table): void {
  const prepare = (count: number) => {
    const marks = `(${columns.map(() => '?').join(', ')})`;
    return database.prepare(
      `insert into ${name} (${columns.join(', ')}) values ${Array(count).fill(marks).join(', ')}`,
    );
  };
  const insertMany = prepare(ROWS_PER_STATEMENT);
  let waiting: (string | number | null)[] = [];
  for (const row of rows) {
    waiting.push(...row);
    if (waiting.length < ROWS_PER_STATEMENT * columns.length) continue;
    insertMany.run(...waiting);
    waiting = [];
  }
  if (waiting.length > 0) prepare(waiting.length / columns.length).run(...waiting);
}

export async function fillPostgres(url: string, tables: readonly Table[]): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(POSTGRES_WAITS_FOR_NOTHING);
    const { rows: indexes } = await client.query<{ name: string; sql: string }>(
      `select indexname as name, indexdef as sql from pg_indexes
       where tablename = any($1) and indexname not in (select conname from pg_constraint)`,
      [tables.map(({ name }) => name)],
    );
    await client.query('begin');
    for (const { name } of indexes) await client.query(`drop index ${name}`);
    for (const table of tables) await copyAll(client, table);
    for (const { sql } of indexes) await client.query(sql);
    await client.query('commit');
    await client.query('vacuum analyze');
  } finally {
    await client.end();
  }
}

/** What the driver has for COPY and its types do not. */
type CopyConnection = Connection & {
  sendCopyFromChunk(chunk: Buffer): void;
  sendCopyFail(why: string): void;
  endCopyFrom(): void;
};

function copyAll(client: Client, { name, columns, rows }: Table): Promise<void> {
  return new Promise((resolve, reject) => {
    const copy = {
      submit: (connection: Connection) => connection.query(`copy ${name} (${columns.join(', ')}) from stdin`),
      handleCopyInResponse(connection: CopyConnection) {
        sendAll(connection, rows).then(
          () => connection.endCopyFrom(),
          (error: unknown) => connection.sendCopyFail(String(error)),
        );
      },
      handleCommandComplete: () => undefined,
      handleError: reject,
      // It comes after an error, too, where it changes nothing any more.
      handleReadyForQuery: () => resolve(),
    };
    client.query(copy satisfies Submittable);
  });
}

async function sendAll(connection: CopyConnection, rows: Iterable<Row>): Promise<void> {
  let text = '';
  for (const row of rows) {
    text += `${row.map(copyText).join('\t')}\n`;
    if (text.length < COPY_CHUNK_CHARACTERS) continue;
    connection.sendCopyFromChunk(Buffer.from(text));
    text = '';
    if (connection.stream.writableNeedDrain) await once(connection.stream, 'drain');
  }
  if (text !== '') connection.sendCopyFromChunk(Buffer.from(text));
}

/** As COPY's text format has it. */
function copyText(value: string | number | null): string {
  if (value === null) return '\\N';
  return typeof value === 'number' ? String(value) : value.replace(/[\\\t\n\r]/g, '\\$&');
}
