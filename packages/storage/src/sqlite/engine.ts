import type { DatabaseSync } from 'node:sqlite';
import { setTimeout as wait } from 'node:timers/promises';
import { DomainError } from '@postern/core';
import { type Engine, handled, type NewChange, type Work } from '../engine.ts';
import { createKysely } from './connection.ts';
import { isBusy, translateCommitError, translateSqliteError } from './error.ts';
import { jsonRows } from './json-rows.ts';

/** For how long a mutation tries to get the write lock before it is `storage.unavailable`. */
const LOCK_TIMEOUT_MS = 5_000;
const RETRY_MS = 5;

/** SQLite behind one connection that writes. Transactions run one after the other, in the order they were asked for. */
export function createSqliteEngine(database: DatabaseSync): Engine {
  const db = createKysely(database);
  const append = createAppend(database);
  let last: Promise<unknown> = Promise.resolve();

  async function run<Value>(work: () => Promise<Work<Value>>, giveUpAt: number): Promise<Value> {
    await begin(database, giveUpAt);
    let done: Work<Value>;
    try {
      done = await work();
      for (const write of done.writes ?? []) await db.executeQuery(write);
      for (const change of done.changes) append(change);
    } catch (error) {
      rollBack(database);
      throw translateSqliteError(error);
    }
    try {
      database.exec('commit');
    } catch (error) {
      rollBack(database);
      throw translateCommitError(error);
    }
    return done.value;
  }

  return {
    db,
    jsonRows,
    locksRows: false,
    transact(work, lock) {
      const giveUpAt = performance.now() + LOCK_TIMEOUT_MS;
      const readLocked = async () => (lock ? (await db.executeQuery(lock)).rows : []);
      const running = last.then(() => run(async () => work(db, handled(readLocked())), giveUpAt));
      last = running.catch(() => undefined);
      return running;
    },
  };
}

/** Takes the write lock, so that nothing that is read next can change before the commit. */
async function begin(database: DatabaseSync, giveUpAt: number): Promise<void> {
  for (;;) {
    try {
      return database.exec('begin immediate');
    } catch (error) {
      if (!isBusy(error)) throw translateSqliteError(error);
      if (performance.now() >= giveUpAt) {
        throw new DomainError('storage.unavailable', {
          internal: `another process held the write lock for ${LOCK_TIMEOUT_MS} ms`,
          retryAfterSeconds: 1,
        });
      }
      await wait(RETRY_MS);
    }
  }
}

function rollBack(database: DatabaseSync): void {
  try {
    if (database.isTransaction) database.exec('rollback');
  } catch {
    // SQLite has rolled back by itself; the error that led here says what happened.
  }
}

function createAppend(database: DatabaseSync): (change: NewChange) => void {
  const advance = database.prepare('update change_head set position = position + 1 where id = 1 returning position');
  const insert = database.prepare(
    `insert into change_log (position, nonce, organization_id, organization_position, kind, subject_id)
     values (?, ?, ?, ?, ?, ?)`,
  );
  return (change) => {
    const position = advance.get()?.['position'] ?? null;
    const { nonce, organizationId, organizationPosition, kind, subjectId } = change;
    insert.run(position, nonce, organizationId, organizationPosition, kind, subjectId);
  };
}
