import type { StatementSync } from 'node:sqlite';
import {
  type Change,
  type ChangeSink,
  DomainError,
  type Head,
  type TokenRecord,
  type VerificationStorage,
} from '@postern/core';
import { compileFindRecord, type TokenRecordRow, toTokenRecord } from '../token-record.ts';
import { createKysely, openReadOnlyConnection } from './connection.ts';
import { translateSqliteError } from './error.ts';
import { jsonRows } from './json-rows.ts';

/** With more changes than this to apply, memory is emptied instead: the caller is waiting. */
const CHANGES_MAX = 5_000;

const NO_CHANGES: Head = { position: 0, nonce: '' };

export interface SqliteVerification extends VerificationStorage {
  /** To be called whenever a thread of this process has said anything: what it did may be known outside from now on. */
  lookAgain(): void;
  close(): void;
}

/**
 * The verification path on SQLite: memory is compared with the database's version, and what was committed is applied,
 * before a verdict is given from it. Nothing of it is awaited.
 *
 * The look costs several system calls, so it is taken at most once per round of the event loop, and again after every
 * message of a thread and every record read here. That is as good as one look per verification where this process is alone
 * on its database (process-lock.ts): its threads tell nobody but this one what they did, and until this one has been told, or
 * has read it itself, nobody outside can know of a commit, and no verification can have started after its acknowledgement.
 * Among workers that does not hold, and each verification looks for itself.
 */
export function createSqliteVerification(
  path: string,
  cache: ChangeSink,
  { alone }: { readonly alone: boolean },
): SqliteVerification {
  // Alone on its connection: an open statement or transaction there would hide the commits of others.
  const watching = openReadOnlyConnection(path);
  const version = watching.prepare('pragma data_version', { returnArrays: true });
  const reading = openReadOnlyConnection(path);
  const readChanges = reading.prepare(
    `select position, nonce, organization_id as "organizationId",
       organization_position as "organizationPosition", kind, subject_id as "subjectId"
     from change_log where position >= ? order by position limit ${CHANGES_MAX + 1}`,
  );
  const readHead = reading.prepare('select position, nonce from change_log order by position desc limit 1');
  const findRecordQuery = compileFindRecord(createKysely(reading), jsonRows);
  const statements = new Map<string, StatementSync>();
  let seen: unknown;
  let applied: Head | undefined;
  let closed = false;
  let looked = false;

  function lookAgain(): void {
    looked = false;
  }

  function readVersion(): unknown {
    return (version.get() as unknown as readonly unknown[])[0];
  }

  function prepared(sql: string): StatementSync {
    let statement = statements.get(sql);
    if (!statement) {
      statement = reading.prepare(sql);
      statements.set(sql, statement);
    }
    return statement;
  }

  function follow(): void {
    const changes = applied && newChanges(readChanges.all(applied.position) as unknown as readonly Change[], applied);
    if (changes) {
      const last = changes.at(-1);
      if (last) {
        cache.apply(changes);
        applied = { position: last.position, nonce: last.nonce };
      }
    } else {
      cache.clear();
      applied = (readHead.get() as Head | undefined) ?? NO_CHANGES;
    }
  }

  return {
    catchUp() {
      if (closed) return false;
      if (looked) return true;
      try {
        const current = readVersion();
        if (current !== seen) {
          follow();
          seen = current;
        }
        if (alone) {
          looked = true;
          setImmediate(lookAgain);
        }
        return true;
      } catch {
        // Nothing is known about memory now. The read that follows says what is wrong.
        seen = undefined;
        return false;
      }
    },

    lookAgain,

    // Nothing was awaited since `catchUp`: a verdict from memory is of the instant that it was asked for.
    holds: () => !closed,

    findRecord(digests): TokenRecord | undefined {
      if (closed) throw new DomainError('storage.unavailable', { internal: 'the storage is closed' });
      // What is read may be newer than what was looked at, and the answer tells of it.
      lookAgain();
      try {
        const { sql, parameters } = findRecordQuery(digests);
        const row = prepared(sql).get(...parameters) as TokenRecordRow | undefined;
        return row && toTokenRecord(row);
      } catch (error) {
        throw translateSqliteError(error);
      }
    },

    close() {
      if (closed) return;
      closed = true;
      watching.close();
      reading.close();
    },
  };
}

/** The rows after the applied one; undefined when they are too many, or not the continuation of what was applied. */
function newChanges(rows: readonly Change[], applied: Head): readonly Change[] | undefined {
  if (rows.length > CHANGES_MAX) return undefined;
  const isStart = applied.position === 0;
  if (!isStart && (rows[0]?.position !== applied.position || rows[0].nonce !== applied.nonce)) return undefined;
  const changes = isStart ? rows : rows.slice(1);
  return changes.every((change, index) => change.position === applied.position + index + 1) ? changes : undefined;
}
