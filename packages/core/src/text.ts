import { DomainError, invalidField } from './error.ts';
import { TOKEN_PATTERN } from './token-value.ts';

/** Limits of what people write, in characters (UTF-16 code units, as JSON Schema's `maxLength` is met by all of them). */
export const NAME_MAX_LENGTH = 200;
export const DESCRIPTION_MAX_LENGTH = 2_000;
export const EXTERNAL_ID_MAX_LENGTH = 200;
export const SEARCH_MAX_LENGTH = 100;

// Control characters, and the bidirectional overrides and isolates that make a name read as another one (UTS 39, "trojan source").
const NOT_IN_NAMES = /[\p{Cc}\p{Cs}\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]/u;
const NOT_IN_TEXT = /[\p{Cs}\u202a-\u202e\u2066-\u2069\ufeff]|(?![\n\r\t])\p{Cc}/u;

/** A name on one line: NFC, trimmed, 1 to 200 characters, none of them a control or a bidirectional override. */
export function parseName(text: string, path: string, maxLength: number = NAME_MAX_LENGTH): string {
  const name = text.normalize('NFC').trim();
  refuseToken(name);
  if (name.length === 0) throw invalidField(path, 'must not be empty');
  if (name.length > maxLength) throw invalidField(path, `must have at most ${maxLength} characters`);
  if (NOT_IN_NAMES.test(name))
    throw invalidField(path, 'must not contain control or bidirectional formatting characters');
  return name;
}

/** Free text of up to 2,000 characters; line breaks and tabs are allowed, other control characters are not. */
export function parseDescription(text: string, path: string): string {
  const description = text.normalize('NFC').trim();
  refuseToken(description);
  if (description.length > DESCRIPTION_MAX_LENGTH) {
    throw invalidField(path, `must have at most ${DESCRIPTION_MAX_LENGTH} characters`);
  }
  if (NOT_IN_TEXT.test(description)) {
    throw invalidField(path, 'must not contain control or bidirectional formatting characters');
  }
  return description;
}

/** What is written for people is stored and shown: a token in it would no longer be a secret. */
function refuseToken(text: string): void {
  if (TOKEN_PATTERN.test(text)) throw new DomainError('request.credentials_misplaced');
}

/** How names are compared and searched: compatibility-normalized, case folded, white space squeezed. */
export function nameKey(name: string): string {
  return name.normalize('NFKC').toLowerCase().normalize('NFKC').replace(/\s+/gu, ' ').trim();
}

/** The caller's own key for a thing; null where there is none. */
export function parseExternalId(text: string | null | undefined, path: string): string | null {
  return text === null || text === undefined ? null : parseName(text, path, EXTERNAL_ID_MAX_LENGTH);
}

const EMAIL_MAX_LENGTH = 254;
/** As browsers check `type=email`, and one dot at least after the @. */
const MAIL_ADDRESS =
  /^[\w.!#$%&'*+/=?^`{|}~-]+@[a-z\d](?:[a-z\d-]{0,61}[a-z\d])?(?:\.[a-z\d](?:[a-z\d-]{0,61}[a-z\d])?)+$/i;

/** An address that mail may have, in lower case; whether anybody can sign in with it is `parseEmail`'s to say. */
export function parseMailAddress(text: string, path: string): string {
  const address = text.normalize('NFC').trim().toLowerCase();
  if (address.length > EMAIL_MAX_LENGTH || !MAIL_ADDRESS.test(address)) {
    throw invalidField(path, 'must be an e-mail address');
  }
  return address;
}

/** Those that people can sign in with: none that the sign-in library does not take for one. */
const EMAIL = /^(?:[\w'+-]+\.)*[\w'+-]*[\w+-]@(?:[a-z\d](?:[a-z\d-]{0,61}[a-z\d])?\.)+[a-z]{2,63}$/i;

/** The e-mail address of somebody who is to sign in with it, in lower case. */
export function parseEmail(text: string, path: string): string {
  const email = parseMailAddress(text, path);
  if (!EMAIL.test(email)) throw invalidField(path, 'must be an e-mail address');
  return email;
}

/** A copy: as a piece of a request's text it would keep all of that in memory, the credential in it included. */
export function detached(text: string): string {
  return Buffer.from(text).toString();
}
