import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { Kysely, SqliteDialect, type SqliteStatement } from 'kysely';
import type { Schema } from '../schema.ts';

/** How long a call may stand still for another connection's lock, in milliseconds. */
const BUSY_TIMEOUT_MS = 50;
/** Prepared statements that a connection keeps. The operations have fewer; lists with many ids make some more. */
const STATEMENTS_MAX = 500;

/** A connection that writes: write-ahead log, and a commit returns only when it is on the disk. */
export function openConnection(path: string): DatabaseSync {
  const database = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS });
  database.exec('pragma journal_mode = wal; pragma synchronous = full; pragma journal_size_limit = 67108864');
  return database;
}

export function openReadOnlyConnection(path: string): DatabaseSync {
  return new DatabaseSync(path, { readOnly: true, timeout: BUSY_TIMEOUT_MS });
}

/** Kysely on one connection. Statements run at once, one after the other; transactions are the caller's. */
export function createKysely(database: DatabaseSync): Kysely<Schema> {
  const statements = new Map<string, SqliteStatement>();
  const prepare = (text: string): SqliteStatement => {
    let statement = statements.get(text);
    if (!statement) {
      if (statements.size >= STATEMENTS_MAX) statements.clear();
      statement = toKyselyStatement(database.prepare(text));
      statements.set(text, statement);
    }
    return statement;
  };
  return new Kysely<Schema>({ dialect: new SqliteDialect({ database: { prepare, close: () => database.close() } }) });
}

function toKyselyStatement(statement: StatementSync): SqliteStatement {
  const values = (parameters: readonly unknown[]) => parameters as readonly SQLInputValue[];
  return {
    reader: statement.columns().length > 0,
    all: (parameters) => statement.all(...values(parameters)),
    run: (parameters) => statement.run(...values(parameters)),
    iterate: (parameters) => statement.iterate(...values(parameters)),
  };
}
