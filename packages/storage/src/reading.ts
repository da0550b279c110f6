import type { Kysely } from 'kysely';
import type { JsonRows } from './json-text.ts';
import type { Schema } from './schema.ts';

/** What an operation that only reads works with. */
export interface Reading {
  readonly db: Kysely<Schema>;
  readonly jsonRows: JsonRows;
  /** The database's time. */
  readonly now: number;
}
