import { isAddress } from './address.ts';
import { VerifierUnavailable } from './error.ts';
import type { AllowedAnswer, Verifier } from './verifier.ts';

/**
 * What a request must have: a permission, or, said on purpose, nothing but a valid token of the organization.
 */
export type Requirement = string | { readonly authenticated: true };

export interface ProtectOptions<Request> {
  /**
   * Where the permission is needed, by id or name; absent = in the organization. A function that gives undefined, or what is
   * no workspace's name or id, lets nobody pass.
   */
  readonly workspace?: string | ((request: Request) => string | undefined);
  /** Where the request came from; otherwise what the framework says, where it has a say. What is no address counts as none. */
  readonly clientAddress?: (request: Request) => string | undefined;
  /** Of `WWW-Authenticate`; `api` by default. */
  readonly realm?: string;
}

/** What a framework tells of a request. */
export interface RequestFacts {
  readonly authorization: string | undefined;
  readonly clientAddress: string | undefined;
  readonly userAgent: string | undefined;
}

/** The answer to a request that does not pass: a problem document (RFC 9457). */
export interface Refusal {
  readonly status: 401 | 403 | 503;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export type Checked = { readonly caller: AllowedAnswer } | { readonly refusal: Refusal };

/** Whether a request passes. Rejects only where the question is wrong, which is the API's own mistake. */
export type Check<Request> = (request: Request, facts: RequestFacts) => Promise<Checked>;

const PERMISSION = /^[a-z][a-z0-9_]{0,63}\.[a-z][a-z0-9_]{0,63}$/;
const WORKSPACE_MAX_LENGTH = 200;
const REALM = /^[\x20\x21\x23-\x5b\x5d-\x7e]{0,100}$/;
const BEARER = /^bearer +([^\s]+) *$/i;

/** Throws a TypeError for a requirement that is none: an API must not start unprotected by a slip. */
export function createCheck<Request>(
  verifier: Verifier,
  requirement: Requirement,
  options: ProtectOptions<Request> = {},
): Check<Request> {
  const permission = permissionOf(requirement);
  const { workspace, clientAddress, realm = 'api' } = options;
  if (!REALM.test(realm)) throw new TypeError('The realm must be short, plain text without quotation marks.');

  return async (request, facts) => {
    if (facts.authorization === undefined) return { refusal: refuse(401, realm, 'credentials.missing', []) };
    const [, value] = BEARER.exec(facts.authorization) ?? [];
    if (value === undefined) return { refusal: refuse(401, realm, 'credentials.missing', []) };
    const place = typeof workspace === 'function' ? workspace(request) : workspace;
    if (workspace !== undefined && !mayBeWorkspace(place)) return { refusal: forbidden(realm, permission) };
    const address = clientAddress ? clientAddress(request) : facts.clientAddress;
    try {
      const answer = await verifier.verify(value, {
        permission,
        workspace: permission === undefined ? undefined : place,
        // Without one, a token restricted to networks is not valid.
        clientAddress: typeof address === 'string' && isAddress(address) ? address : undefined,
        userAgent: facts.userAgent,
      });
      if (answer.outcome === 'allowed') return { caller: answer };
      if (answer.outcome === 'denied') return { refusal: forbidden(realm, permission) };
      // RFC 6750 section 3.1.
      return { refusal: refuse(401, realm, 'token.invalid', ['error="invalid_token"']) };
    } catch (error) {
      if (error instanceof VerifierUnavailable) return { refusal: UNAVAILABLE };
      // As it is, its status 400 would be taken for the caller's mistake.
      throw new Error(`Postern cannot answer this question. ${(error as Error).message}`, { cause: error });
    }
  };
}

/** Postern refuses a question about anything else as wrong, and it may be whoever calls who named it. */
function mayBeWorkspace(place: unknown): boolean {
  return typeof place === 'string' && place.length > 0 && place.length <= WORKSPACE_MAX_LENGTH;
}

function permissionOf(requirement: Requirement): string | undefined {
  if (typeof requirement === 'string') {
    if (PERMISSION.test(requirement)) return requirement;
    throw new TypeError('A permission looks like orders.read: noun.verb, in lower case.');
  }
  if (requirement?.authenticated === true) return undefined;
  throw new TypeError('Say which permission is needed, or { authenticated: true }.');
}

function forbidden(realm: string, permission: string | undefined): Refusal {
  const scope = permission === undefined ? [] : [`scope="${permission}"`];
  return refuse(403, realm, 'permission.missing', ['error="insufficient_scope"', ...scope], permission);
}

const TITLES = {
  'credentials.missing': 'This call needs a token.',
  'token.invalid': 'The token is not valid.',
  'permission.missing': 'The token does not allow this.',
  'verifier.unavailable': 'Whether the token is valid cannot be found out now.',
} as const;

const UNAVAILABLE: Refusal = {
  status: 503,
  headers: problemHeaders({ 'retry-after': '1' }),
  body: problem(503, 'verifier.unavailable'),
};

function refuse(
  status: 401 | 403,
  realm: string,
  code: keyof typeof TITLES,
  parameters: readonly string[],
  permission?: string,
): Refusal {
  const challenge = `Bearer ${[`realm="${realm}"`, ...parameters].join(', ')}`;
  return {
    status,
    headers: problemHeaders({ 'www-authenticate': challenge }),
    body: problem(status, code, permission),
  };
}

function problem(status: number, code: keyof typeof TITLES, permission?: string): string {
  return JSON.stringify({ type: 'about:blank', title: TITLES[code], status, code, permission });
}

function problemHeaders(headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return { 'content-type': 'application/problem+json; charset=utf-8', 'cache-control': 'no-store', ...headers };
}

/** One header of those that Node gives; of several, nothing that could be taken for one. */
export function headerOf(
  headers: Readonly<Record<string, string | string[] | undefined>>,
  name: string,
): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value.join(', ') : value;
}
