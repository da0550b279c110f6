import { DomainError, ERRORS, type ErrorKind } from '@postern/core';
import type { FastifyError } from 'fastify';

/** How errors are answered: the only file that knows their statuses. */

export const STATUS: Readonly<Record<ErrorKind, number>> = {
  invalid: 400,
  unauthenticated: 401,
  forbidden: 403,
  not_found: 404,
  method_not_allowed: 405,
  timeout: 408,
  conflict: 409,
  precondition_failed: 412,
  too_large: 413,
  unsupported_media_type: 415,
  rate_limited: 429,
  headers_too_large: 431,
  internal: 500,
  unavailable: 503,
};

/** Where the error reference lives; each code is an anchor in it. */
const ERROR_REFERENCE_URL = 'https://github.com/postern/postern/blob/main/docs/reference/errors.md';

const PROBLEM_TYPE = 'application/problem+json; charset=utf-8';
const RETRY_AFTER_SECONDS = 1;

export interface ProblemAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** The anchor of a code in the error reference. */
export function errorAnchor(code: string): string {
  return code.replaceAll('.', '-');
}

/** The error as RFC 9457 writes it, with the headers that belong to it. */
export function toProblem(error: DomainError, requestId: string): ProblemAnswer {
  const { code, facts } = error;
  const status = STATUS[error.kind];
  const body = JSON.stringify({
    type: `${ERROR_REFERENCE_URL}#${errorAnchor(code)}`,
    title: ERRORS[code].title,
    status,
    code,
    detail: facts.detail,
    errors: facts.errors,
    permission: facts.permission,
    where: facts.where,
    maxExpiresAt: facts.maxExpiresAt,
    requestId,
  });
  return { status, contentType: PROBLEM_TYPE, headers: errorHeaders(error), body };
}

/** `WWW-Authenticate` (RFC 6750 section 3) and `Retry-After` (RFC 9110 section 10.2.3). */
export function errorHeaders(error: DomainError): Record<string, string> {
  switch (error.kind) {
    case 'unauthenticated':
      // RFC 6750 section 3.1: no error code where the request lacks any authentication information.
      return challenge(error.code === 'credentials.missing' ? [] : ['error="invalid_token"']);
    case 'forbidden':
      return challenge([
        'error="insufficient_scope"',
        ...(error.facts.permission === undefined ? [] : [`scope="${error.facts.permission}"`]),
      ]);
    case 'rate_limited':
    case 'unavailable':
      return { 'retry-after': String(error.facts.retryAfterSeconds ?? RETRY_AFTER_SECONDS) };
    default:
      return {};
  }
}

function challenge(parameters: readonly string[]): Record<string, string> {
  return { 'www-authenticate': `Bearer ${['realm="postern"', ...parameters].join(', ')}` };
}

/** Whatever was thrown as the one kind of error that callers hear of. What is not understood is `internal`. */
export function toDomainError(error: unknown): DomainError {
  if (error instanceof DomainError) return error;
  const { code, statusCode } = error as Partial<FastifyError>;
  switch (code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return new DomainError('request.too_large');
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
    case 'FST_ERR_CTP_EMPTY_TYPE':
      return new DomainError('request.media_type');
    case 'FST_ERR_MAX_PARAM_LENGTH':
      return new DomainError('route.not_found');
    default:
      // Fastify and its parsers put a status on everything that is the client's fault.
      return statusCode !== undefined && statusCode >= 400 && statusCode < 500
        ? new DomainError('request.malformed')
        : new DomainError('internal', {
            internal: error instanceof Error ? (error.stack ?? error.message) : 'not an error',
          });
  }
}
