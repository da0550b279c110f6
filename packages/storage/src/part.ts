import type { Compilable, CompiledQuery, Kysely } from 'kysely';
import type { Schema } from './schema.ts';

/** Rows per statement: below every engine's limit of parameters. */
const ROWS_PER_STATEMENT = 500;

/**
 * One row per key, in the order of the keys: a statement may meet each row once only, and two processes that lock rows
 * in one order never wait for each other in a circle.
 */
export function merge<Row>(
  rows: readonly Row[],
  keyOf: (row: Row) => readonly (string | number)[],
  combine: (one: Row, other: Row) => Row,
): readonly Row[] {
  const merged = new Map<string, Row>();
  for (const row of rows) {
    const key = JSON.stringify(keyOf(row));
    const found = merged.get(key);
    merged.set(key, found === undefined ? row : combine(found, row));
  }
  return [...merged].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, row]) => row);
}

/**
 * A function that writes rows, so many a statement. What costs most of a long statement is to put it together, so for as many
 * rows as fit into one that is done once; rows must name the same columns in the same order, and be its only parameters.
 */
export function rowWriter<Row extends object>(
  insert: (db: Kysely<Schema>, rows: readonly Row[]) => Compilable,
): (db: Kysely<Schema>, rows: readonly Row[]) => Promise<void> {
  /** By the adapter of the engine that it was put together for. */
  const full = new WeakMap<object, CompiledQuery>();
  return async (db, rows) => {
    const { adapter } = db.getExecutor();
    for (const part of inParts(rows)) {
      const known = part.length === ROWS_PER_STATEMENT ? full.get(adapter) : undefined;
      const query = known ?? insert(db, part).compile();
      if (part.length === ROWS_PER_STATEMENT) full.set(adapter, query);
      await db.executeQuery(known ? { ...query, parameters: part.flatMap((row) => Object.values(row)) } : query);
    }
  };
}

/** So many a statement. */
export function inParts<Row>(rows: readonly Row[], size = ROWS_PER_STATEMENT): readonly (readonly Row[])[] {
  return Array.from({ length: Math.ceil(rows.length / size) }, (_, index) =>
    rows.slice(index * size, (index + 1) * size),
  );
}
