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

export function inParts<Row>(rows: readonly Row[]): readonly (readonly Row[])[] {
  return Array.from({ length: Math.ceil(rows.length / ROWS_PER_STATEMENT) }, (_, index) =>
    rows.slice(index * ROWS_PER_STATEMENT, (index + 1) * ROWS_PER_STATEMENT),
  );
}
