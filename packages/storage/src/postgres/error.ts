import { DomainError, type ErrorCode } from '@postern/core';
import { DatabaseError } from 'pg';
import { codeOfIndex } from '../unique.ts';

// https://www.postgresql.org/docs/current/errcodes-appendix.html
const UNIQUE_VIOLATION = '23505';
const READ_ONLY = '25006'; // read_only_sql_transaction: the primary has become a standby
const OUTDATED = '0A000'; // feature_not_supported: what a prepared statement selects has other columns since a migration
const UNAVAILABLE = new Set([
  READ_ONLY,
  OUTDATED,
  '25P03', // idle_in_transaction_session_timeout
  '40001', // serialization_failure
  '40P01', // deadlock_detected
  '55P03', // lock_not_available
  '57014', // query_canceled: statement_timeout
]);
/** Connection exceptions, insufficient resources, operator intervention, and errors of the server's system. */
const UNAVAILABLE_CLASSES = new Set(['08', '53', '57', '58']);

/** The one place where errors of PostgreSQL become errors of the domain. The original is the cause. */
export function translatePostgresError(error: unknown): DomainError {
  if (error instanceof DomainError) return error;
  if (!(error instanceof DatabaseError)) {
    // Whatever else a query ends with, it is the connection: refused, reset, timed out.
    return failure('storage.unavailable', error);
  }
  const code = error.code ?? '';
  const taken = code === UNIQUE_VIOLATION && codeOfIndex(error.constraint);
  if (taken) return failure(taken, error);
  const unavailable = UNAVAILABLE.has(code) || UNAVAILABLE_CLASSES.has(code.slice(0, 2));
  return failure(unavailable ? 'storage.unavailable' : 'internal', error);
}

/** No connection to be had, for whatever reason: the database cannot be reached. */
export function translateConnectError(error: unknown): DomainError {
  return error instanceof DomainError ? error : failure('storage.unavailable', error);
}

/** Whether the connection is lost with this error, so that nobody can know what became of the last statement. */
export function isConnectionLoss(error: unknown): boolean {
  const original = error instanceof DomainError ? error.cause : error;
  if (original === undefined) return false;
  return !(original instanceof DatabaseError) || original.severity === 'FATAL' || original.severity === 'PANIC';
}

/** Whether nobody is to be given this connection again: it is lost, its server takes no writes any more, or what it prepared is outdated. */
export function isUnusable(error: unknown): boolean {
  const original = error instanceof DomainError ? error.cause : error;
  return (
    isConnectionLoss(error) ||
    (original instanceof DatabaseError && (original.code === READ_ONLY || original.code === OUTDATED))
  );
}

/** What an error of the message that ends in COMMIT means. */
export function translateCommitError(error: unknown): DomainError {
  return isConnectionLoss(error) ? failure('outcome_unknown', error) : translatePostgresError(error);
}

/** What a refusal becomes whose commit failed; nobody is to be given the connection again. */
export function unconfirmed(cause: unknown): DomainError {
  return failure('storage.unavailable', new Error('a refusal was not confirmed', { cause }));
}

function failure(code: ErrorCode, cause: unknown): DomainError {
  const message = cause instanceof Error ? cause.message : String(cause);
  const internal = cause instanceof DatabaseError ? `${cause.code}: ${message}` : message;
  const retry = code === 'storage.unavailable' ? { retryAfterSeconds: 1 } : {};
  return Object.assign(new DomainError(code, { internal, ...retry }), { cause });
}
