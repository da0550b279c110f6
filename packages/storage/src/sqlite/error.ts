import { DomainError, type ErrorCode } from '@postern/core';
import { codeOfMessage } from '../unique.ts';

// Primary result codes (https://www.sqlite.org/rescode.html); the higher bits only say more about them.
const BUSY = 5;
const LOCKED = 6;
const READ_ONLY = 8;
const IO_ERROR = 10;
const CORRUPT = 11;
const FULL = 13;
const CANNOT_OPEN = 14;
const NOT_A_DATABASE = 26;
const UNIQUE = new Set([2067, 1555]);

const UNAVAILABLE = new Set([BUSY, LOCKED, READ_ONLY, IO_ERROR, FULL, CANNOT_OPEN]);

/** The primary result code of an error of node:sqlite. */
function resultCodeOf(error: unknown): number | undefined {
  const code = error instanceof Error && 'errcode' in error ? error.errcode : undefined;
  return typeof code === 'number' ? code & 0xff : undefined;
}

export function isBusy(error: unknown): boolean {
  return resultCodeOf(error) === BUSY;
}

/** Whether the file is no database of SQLite, or a damaged one. */
export function isDamaged(error: unknown): boolean {
  const code = resultCodeOf(error);
  return code === NOT_A_DATABASE || code === CORRUPT;
}

/** The one place where errors of SQLite become errors of the domain. */
export function translateSqliteError(error: unknown): DomainError {
  if (error instanceof DomainError) return error;
  if (!(error instanceof Error)) return failure('internal', String(error));
  const taken = 'errcode' in error && UNIQUE.has(Number(error.errcode)) && codeOfMessage(error.message);
  if (taken) return new DomainError(taken);
  const code = resultCodeOf(error);
  if (code !== undefined && UNAVAILABLE.has(code)) return failure('storage.unavailable', error.message);
  return failure('internal', error.stack ?? error.message);
}

/** What a COMMIT that failed means: after an input or output error the change may be found on the disk at the next start. */
export function translateCommitError(error: unknown): DomainError {
  if (resultCodeOf(error) === IO_ERROR && error instanceof Error) return failure('outcome_unknown', error.message);
  return translateSqliteError(error);
}

function failure(code: ErrorCode, internal: string): DomainError {
  return new DomainError(code, code === 'storage.unavailable' ? { internal, retryAfterSeconds: 1 } : { internal });
}
