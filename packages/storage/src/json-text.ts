import type { RawBuilder, SelectQueryBuilder } from 'kysely';
import type { Schema } from './schema.ts';

/** How an engine makes one text, a JSON array of objects, of a subquery's rows. */
export type JsonRows = <Tables extends keyof Schema, Row>(
  rows: SelectQueryBuilder<Schema, Tables, Row>,
) => RawBuilder<string>;

/** Texts whose values are remembered, of each kind. */
const REMEMBERED_MAX = 200;

/** Reads each text once: the same text is the same value, for as long as it is remembered. */
export function readOnce<Value>(read: (text: string) => Value): (text: string) => Value {
  const known = new Map<string, Value>();
  return (text) => {
    let value = known.get(text);
    if (value === undefined) {
      value = read(text);
      if (known.size >= REMEMBERED_MAX) known.clear();
      known.set(text, value);
    }
    return value;
  };
}
