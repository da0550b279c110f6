import type { ChangeKind } from '@postern/core';
import type { Kysely } from 'kysely';
import type { JsonRows } from './json-text.ts';
import type { Schema } from './schema.ts';

/** A row of the change log that is not written yet; its global position is the last thing a transaction takes. */
export interface NewChange {
  readonly nonce: string;
  readonly organizationId: string;
  readonly organizationPosition: number;
  readonly kind: ChangeKind;
  readonly subjectId: string;
}

/** What a transaction's work leaves: its value, and the changes to append as it commits. */
export interface Work<Value> {
  readonly value: Value;
  readonly changes: readonly NewChange[];
}

/** What the operations need of an engine. Everything else about it they do not know. */
export interface Engine {
  /** For reading, outside transactions. */
  readonly db: Kysely<Schema>;
  /**
   * Runs the work in a transaction that sees what others committed, appends its changes as the last thing before the
   * commit, and returns its value once that is durable. Whatever it throws, nothing was done, `outcome_unknown` excepted.
   */
  transact<Value>(work: (db: Kysely<Schema>) => Promise<Work<Value>>): Promise<Value>;
  readonly jsonRows: JsonRows;
  /** Whether rows are locked one by one; if not, a transaction has the database to itself. */
  readonly locksRows: boolean;
}

/** A transaction that nobody who follows the change log has to know of. */
export function inTransaction(engine: Engine, work: (db: Kysely<Schema>) => Promise<void>): Promise<void> {
  return engine.transact(async (db) => {
    await work(db);
    return { value: undefined, changes: [] };
  });
}
