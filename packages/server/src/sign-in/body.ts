import { DomainError, invalidField, parseMailAddress } from '@postern/core';
import { PASSWORD_MAX_LENGTH, PASSWORD_MIN_LENGTH } from './password.ts';

/** What a page sent, field by field. Every parser throws `request.invalid`; none echoes a value. */

export type Body = Readonly<Record<string, unknown>>;

const EMAIL_MAX_LENGTH = 254;
const SHORT_MAX_LENGTH = 200;
/** A path on this server: never `//host`, never a backslash, which browsers read as a slash. */
const PATH = /^\/(?!\/)[\w\-./~%?=&]*$/;

/** Reads a JSON object. Throws `request.media_type` or `request.malformed`. */
export async function readBody(request: Request): Promise<Body> {
  const type = request.headers.get('content-type') ?? '';
  if (!/^application\/json\s*(?:;|$)/i.test(type)) throw new DomainError('request.media_type');
  let body: unknown;
  try {
    body = JSON.parse(await request.text());
  } catch {
    throw new DomainError('request.malformed');
  }
  if (typeof body !== 'object' || body === null || Array.isArray(body)) throw new DomainError('request.malformed');
  return body as Body;
}

/** Refuses fields that nobody reads. */
export function onlyFields(body: Body, names: readonly string[]): void {
  const unknown = Object.keys(body).filter((name) => !names.includes(name));
  if (unknown.length === 0) return;
  throw new DomainError('request.invalid', { errors: [{ path: '', message: 'has fields that are not known here' }] });
}

/** What may be somebody's e-mail, in lower case; one that is nobody's is refused as a wrong password is. */
export function parseGivenEmail(value: unknown): string {
  return parseMailAddress(parseText(value, '/email', EMAIL_MAX_LENGTH), '/email');
}

/** A password that is to be checked: whatever length was once allowed. */
export function parsePassword(value: unknown, path = '/password'): string {
  return parseText(value, path, PASSWORD_MAX_LENGTH);
}

export function parseNewPassword(value: unknown, path = '/newPassword'): string {
  const password = parseText(value, path, PASSWORD_MAX_LENGTH);
  if (password.length < PASSWORD_MIN_LENGTH) {
    throw invalidField(path, `must have at least ${PASSWORD_MIN_LENGTH} characters`);
  }
  return password;
}

export function parseShort(value: unknown, path: string): string {
  return parseText(value, path, SHORT_MAX_LENGTH);
}

/** A path on this server, `/` when absent. */
export function parsePath(value: unknown, path: string): string {
  if (value === undefined) return '/';
  const text = parseText(value, path, SHORT_MAX_LENGTH);
  if (!PATH.test(text)) throw invalidField(path, 'must be a path on this server');
  return text;
}

function parseText(value: unknown, path: string, maxLength: number): string {
  if (typeof value !== 'string' || value === '') throw invalidField(path, 'must be a text that is not empty');
  if (value.length > maxLength) throw invalidField(path, `must have at most ${maxLength} characters`);
  return value;
}
