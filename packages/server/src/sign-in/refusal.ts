import { DomainError, type ErrorCode } from '@postern/core';

/** How long the library locks a second step after ten wrong codes in a row. */
const LOCKED_SECONDS = 900;

const CODES: Readonly<Record<string, ErrorCode>> = {
  INVALID_EMAIL: 'sign_in.refused',
  INVALID_EMAIL_OR_PASSWORD: 'sign_in.refused',
  INVALID_PASSWORD: 'sign_in.refused',
  CREDENTIAL_ACCOUNT_NOT_FOUND: 'sign_in.refused',
  INVALID_CODE: 'sign_in.refused',
  INVALID_BACKUP_CODE: 'sign_in.refused',
  TOTP_NOT_ENABLED: 'sign_in.refused',
  TWO_FACTOR_NOT_ENABLED: 'sign_in.refused',
  BACKUP_CODES_NOT_ENABLED: 'sign_in.refused',
  INVALID_TWO_FACTOR_COOKIE: 'sign_in.expired',
  TOO_MANY_ATTEMPTS_REQUEST_NEW_CODE: 'sign_in.expired',
  TOTP_ALREADY_ENABLED: 'totp.enabled',
  INVALID_TOKEN: 'sign_in.link_invalid',
  USER_NOT_FOUND: 'sign_in.link_invalid',
  UNAUTHORIZED: 'credentials.missing',
  PROVIDER_NOT_FOUND: 'provider.unavailable',
};

/** What the library refused, as callers hear of it. What is not understood is `internal`. */
export async function toRefusal(response: Response): Promise<DomainError> {
  const said = (await response.json().catch(() => ({}))) as { readonly code?: unknown };
  const code = String(said.code ?? '');
  if (code === 'ACCOUNT_TEMPORARILY_LOCKED') {
    return new DomainError('rate.limited', { retryAfterSeconds: LOCKED_SECONDS });
  }
  return new DomainError(CODES[code] ?? 'internal', { internal: `the sign-in library: ${response.status} ${code}` });
}
