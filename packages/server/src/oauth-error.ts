import { type DomainError, ERRORS } from '@postern/core';
import { errorHeaders, type ProblemAnswer, STATUS } from './problem.ts';

/** Errors as OAuth endpoints answer them (RFC 6749 section 5.2, RFC 7662 section 2.3). */

const JSON_TYPE = 'application/json; charset=utf-8';

/** `basic`: HTTP Basic was tried, or could have been. */
export function toOAuthError(error: DomainError, basic: boolean): ProblemAnswer {
  const headers = errorHeaders(error);
  // RFC 6749 section 5.2: the challenge names the scheme that the client used.
  if (error.kind === 'unauthenticated' && basic) headers['www-authenticate'] = 'Basic realm="postern", charset="UTF-8"';
  const body = JSON.stringify({
    error: oauthCode(error, basic),
    error_description: error.facts.detail ?? ERRORS[error.code].title,
  });
  return { status: STATUS[error.kind], contentType: JSON_TYPE, headers, body };
}

function oauthCode(error: DomainError, basic: boolean): string {
  switch (error.kind) {
    case 'unauthenticated':
      return basic || error.code === 'credentials.missing' ? 'invalid_client' : 'invalid_token';
    case 'forbidden':
      return 'insufficient_scope';
    case 'rate_limited':
    case 'unavailable':
      return 'temporarily_unavailable';
    case 'internal':
      return 'server_error';
    default:
      return 'invalid_request';
  }
}
