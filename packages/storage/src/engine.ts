import { type ChangeKind, DomainError } from '@postern/core';
import type { CompiledQuery, Kysely } from 'kysely';
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
  /** Run in this order as the last before the changes are appended; absent = none. */
  readonly writes?: readonly Write[];
}

/** A statement that is ready to run, and of which nobody needs more than that it succeeds. */
export type Write = CompiledQuery<unknown>;

/** What the operations need of an engine. Everything else about it they do not know. */
export interface Engine {
  /** For reading, outside transactions. */
  readonly db: Kysely<Schema>;
  /**
   * Runs the work in a transaction that sees what others committed, appends its changes as the last thing before the
   * commit, and returns its value once that is durable. Whatever it throws, nothing was done, `outcome_unknown` excepted.
   * `lock` runs before every statement of the work, which gets its rows; it need not wait for them before it reads more.
   * With it, what a refusal tells is as durable when it is thrown as if it had been committed: no failover takes it back.
   */
  transact<Value, Row = unknown>(
    work: (db: Kysely<Schema>, locked: Promise<readonly Row[]>) => Promise<Work<Value>>,
    lock?: CompiledQuery<Row>,
  ): Promise<Value>;
  readonly jsonRows: JsonRows;
  /** Whether rows are locked one by one; if not, a transaction has the database to itself. */
  readonly locksRows: boolean;
}

/** Whether this tells how things are, and not that nobody can know, or that we have failed. */
export function isRefusal(error: unknown): error is DomainError {
  return error instanceof DomainError && error.kind !== 'unavailable' && error.kind !== 'internal';
}

/** The promise, which may fail before anybody looks at it. */
export function handled<Value>(promise: Promise<Value>): Promise<Value> {
  promise.catch(() => undefined);
  return promise;
}

export async function runWrites(db: Kysely<Schema>, writes: readonly Write[]): Promise<void> {
  for (const write of writes) await db.executeQuery(write);
}

/**
 * What is read after the writes. Where rows are locked, all of it is on its way at once: the statements of such a transaction
 * run in the order in which they are asked for, and once one has failed, none of those after it does anything. Elsewhere
 * those after it would still run, past the end of the transaction: each waits there until the one before has succeeded.
 */
export async function writeAndRead<Value>(
  { db, locksRows }: Pick<Engine, 'db' | 'locksRows'>,
  writes: readonly Write[],
  read: () => Promise<Value>,
): Promise<Value> {
  if (!locksRows) {
    await runWrites(db, writes);
    return read();
  }
  const writing = writes.map((write) => db.executeQuery(write));
  const reading = read();
  await Promise.all([...writing, reading]);
  return reading;
}

/** A transaction that nobody who follows the change log has to know of. */
export function inTransaction(engine: Engine, work: (db: Kysely<Schema>) => Promise<void>): Promise<void> {
  return engine.transact(async (db) => {
    await work(db);
    return { value: undefined, changes: [] };
  });
}
