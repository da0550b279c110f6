import type { IncomingHttpHeaders } from 'node:http';
import { DomainError } from '@postern/core';

/** What a request presents to say who it is. */
export type Credential =
  | { readonly scheme: 'none' }
  /** The cookie of a session; what is in it is sign-in's to read. */
  | { readonly scheme: 'session' }
  | { readonly scheme: 'bearer'; readonly token: string }
  | { readonly scheme: 'basic'; readonly user: string; readonly password: string }
  | { readonly scheme: 'unreadable' };

/** The headers that decide about a request before anything else, each as often as it came. */
export interface DecisiveHeaders {
  readonly authorization: readonly string[];
  readonly hosts: number;
  readonly sessionCookie: boolean;
}

const NONE: Credential = { scheme: 'none' };
const SESSION: Credential = { scheme: 'session' };
const UNREADABLE: Credential = { scheme: 'unreadable' };

// RFC 6750 section 2.1 (b64token), RFC 7617 section 2 (token68), RFC 9110 section 11.1: the scheme is case-insensitive.
const BEARER = /^bearer +([A-Za-z0-9\-._~+/]+=*)$/i;
const BASIC = /^basic +([A-Za-z0-9\-._~+/]+=*)$/i;
/** The cookie of a console session, under any prefix such as `__Host-`. Each character is looked at once: anybody may send it. */
const SESSION_COOKIE = /(?:^|;)[^=;]*postern_session=/;

/** Reads raw headers: Node's own table keeps only the first of two Authorization headers, which would hide the second. */
export function readDecisiveHeaders(raw: readonly string[]): DecisiveHeaders {
  const authorization: string[] = [];
  let hosts = 0;
  let sessionCookie = false;
  for (let index = 0; index < raw.length; index += 2) {
    const name = raw[index] as string;
    if (name.length === 13 && name.toLowerCase() === 'authorization') authorization.push(raw[index + 1] as string);
    else if (name.length === 4 && name.toLowerCase() === 'host') hosts += 1;
    else if (name.length === 6 && name.toLowerCase() === 'cookie') {
      sessionCookie ||= SESSION_COOKIE.test(raw[index + 1] as string);
    }
  }
  return { authorization, hosts, sessionCookie };
}

/** The same of headers that came once each, by their names in lower case. */
export function decisiveOf({ authorization, host, cookie }: IncomingHttpHeaders): DecisiveHeaders {
  return {
    authorization: authorization === undefined ? [] : [authorization],
    hosts: host === undefined ? 0 : 1,
    sessionCookie: cookie !== undefined && SESSION_COOKIE.test(cookie),
  };
}

/** The one credential of the request. Throws `request.credentials_ambiguous` when there are several. */
export function parseCredential({ authorization, sessionCookie }: DecisiveHeaders): Credential {
  const [header] = authorization;
  if (header === undefined) return sessionCookie ? SESSION : NONE;
  if (authorization.length > 1 || sessionCookie) throw new DomainError('request.credentials_ambiguous');
  const token = BEARER.exec(header)?.[1];
  return token === undefined ? parseBasic(header) : { scheme: 'bearer', token };
}

/** RFC 7617; user and password are form-encoded inside it, as RFC 6749 section 2.3.1 has it. */
function parseBasic(header: string): Credential {
  const encoded = BASIC.exec(header)?.[1];
  const text = encoded === undefined ? '' : Buffer.from(encoded, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  if (colon < 0) return UNREADABLE;
  try {
    return { scheme: 'basic', user: formDecode(text.slice(0, colon)), password: formDecode(text.slice(colon + 1)) };
  } catch {
    return UNREADABLE;
  }
}

function formDecode(text: string): string {
  return decodeURIComponent(text.replaceAll('+', ' '));
}
