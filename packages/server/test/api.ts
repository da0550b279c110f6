import { expect } from 'vitest';

/** The API as a client in another process sees it: nothing here knows more than the public contract. */

export interface Client {
  readonly url: string;
  /** Absent: calls without a credential. */
  readonly token?: string;
}

export interface Answer<Body> {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly body: Body;
}

export interface ServiceAccount {
  readonly id: string;
  readonly displayName: string;
  readonly description: string;
  readonly status: 'active' | 'disabled';
  readonly organizationRole: string;
  readonly externalId: string | null;
  readonly tokenCount: number;
  readonly createdAt: string;
}

export interface Token {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly hint: string;
  readonly status: 'active' | 'expired';
  readonly expiresAt: string | null;
  readonly createdAt: string;
  readonly refreshedAt: string | null;
  readonly previous?: { readonly hint: string; readonly validUntil: string };
  readonly deletedAt?: string;
}

export interface IssuedToken {
  readonly token: Token;
  readonly value: string;
}

export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly code: string;
  readonly detail?: string;
  readonly errors?: readonly { readonly path: string; readonly message: string }[];
  readonly permission?: string;
}

export interface AuditEvent {
  readonly id: string;
  readonly action: string;
  readonly outcome: 'done' | 'refused';
  readonly code: string | null;
  readonly actor: { readonly id: string | null; readonly tokenId: string | null };
  readonly target: { readonly kind: string; readonly id: string } | null;
  readonly details: Readonly<Record<string, unknown>>;
  readonly requestId: string | null;
}

export interface Verification {
  readonly active: boolean;
  readonly principal?: { readonly id: string; readonly organizationRole: string };
  readonly token?: { readonly id: string; readonly generation: number };
  readonly allowed?: boolean;
}

export interface Page<Item> {
  readonly items: readonly Item[];
  readonly nextCursor: string | null;
}

interface CallOptions {
  /** Sent as JSON. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** One call. `body` of the answer is its JSON, or undefined where it holds none. */
export async function call<Body = unknown>(
  { url, token }: Client,
  method: string,
  path: string,
  { body, headers = {} }: CallOptions = {},
): Promise<Answer<Body>> {
  const response = await fetch(`${url}${path}`, {
    method,
    headers: {
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  const isJson = /^application\/(?:problem\+)?json/.test(response.headers.get('content-type') ?? '');
  return {
    status: response.status,
    headers: response.headers,
    text,
    body: (isJson && text !== '' ? JSON.parse(text) : undefined) as Body,
  };
}

/** A call that must answer this status; what it answered otherwise is in the failure. */
export async function callExpecting<Body = unknown>(
  status: number,
  client: Client,
  method: string,
  path: string,
  options: CallOptions = {},
): Promise<Answer<Body>> {
  const answer = await call<Body>(client, method, path, options);
  expect(answer.status, `${method} ${path}: ${answer.text}`).toBe(status);
  return answer;
}

export const ACCOUNTS = '/api/v1/service-accounts';

export function accountPath(account: Pick<ServiceAccount, 'id'>, rest = ''): string {
  return `${ACCOUNTS}/${account.id}${rest}`;
}

export function tokenPath(account: Pick<ServiceAccount, 'id'>, token: Pick<Token, 'id'>, rest = ''): string {
  return accountPath(account, `/tokens/${token.id}${rest}`);
}

export async function createAccount(
  admin: Client,
  input: { displayName?: string; organizationRole?: string; description?: string; externalId?: string } = {},
): Promise<ServiceAccount> {
  const body = { displayName: 'Nightly export', organizationRole: 'member', ...input };
  return (await callExpecting<ServiceAccount>(201, admin, 'POST', ACCOUNTS, { body })).body;
}

export async function readAccount(admin: Client, account: Pick<ServiceAccount, 'id'>): Promise<ServiceAccount> {
  return (await callExpecting<ServiceAccount>(200, admin, 'GET', accountPath(account))).body;
}

export async function createToken(
  admin: Client,
  account: Pick<ServiceAccount, 'id'>,
  input: { name?: string; description?: string; expiresAt?: string | null } = {},
): Promise<IssuedToken> {
  const body = { name: 'nightly', ...input };
  return (await callExpecting<IssuedToken>(201, admin, 'POST', accountPath(account, '/tokens'), { body })).body;
}

export async function readToken(
  admin: Client,
  account: Pick<ServiceAccount, 'id'>,
  token: Pick<Token, 'id'>,
): Promise<Token> {
  return (await callExpecting<Token>(200, admin, 'GET', tokenPath(account, token))).body;
}

export async function refreshToken(
  admin: Client,
  account: Pick<ServiceAccount, 'id'>,
  token: Pick<Token, 'id'>,
  body: { expiresAt?: string | null; overlapSeconds?: number } = {},
): Promise<IssuedToken> {
  return (await callExpecting<IssuedToken>(200, admin, 'POST', tokenPath(account, token, '/refresh'), { body })).body;
}

/**
 * Makes something that ends that many milliseconds later, longer each time, until it has been seen before its end:
 * `attempt` resolves with undefined where it was not.
 */
export async function seenBeforeItEnds<Made>(
  attempt: (lifetimeMs: number) => Promise<Made | undefined>,
): Promise<Made> {
  for (const lifetimeMs of [1_000, 2_000, 4_000, 8_000, 16_000]) {
    const made = await attempt(lifetimeMs);
    if (made !== undefined) return made;
  }
  return expect.fail('it ended each time before it was seen');
}

/** A token that expires soon, and was alive when it was looked at. */
export function createExpiringToken(
  admin: Client,
  account: Pick<ServiceAccount, 'id'>,
): Promise<IssuedToken & { readonly expiresAt: number }> {
  return seenBeforeItEnds(async (lifetimeMs) => {
    const expiresAt = Date.now() + lifetimeMs;
    const body = { name: 'nightly', expiresAt: new Date(expiresAt).toISOString() };
    const { status, body: issued } = await call<IssuedToken>(admin, 'POST', accountPath(account, '/tokens'), { body });
    expect([201, 400]).toContain(status);
    return status === 201 && (await isActive(admin, issued.value)) ? { ...issued, expiresAt } : undefined;
  });
}

/** What an API that was presented this value would hear. */
export async function verify(verifier: Client, value: string): Promise<Verification> {
  const body = { token: value };
  return (await callExpecting<Verification>(200, verifier, 'POST', '/api/v1/tokens/verify', { body })).body;
}

export async function isActive(verifier: Client, value: string): Promise<boolean> {
  return (await verify(verifier, value)).active;
}

/** All pages of a list. `path` may have a query of its own. */
export async function listAll<Item>(client: Client, path: string, limit = 200): Promise<Item[]> {
  const items: Item[] = [];
  let cursor: string | null = null;
  do {
    const query: string = `limit=${limit}${cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`}`;
    const page: Answer<Page<Item>> = await callExpecting<Page<Item>>(
      200,
      client,
      'GET',
      `${path}${path.includes('?') ? '&' : '?'}${query}`,
    );
    items.push(...page.body.items);
    cursor = page.body.nextCursor;
  } while (cursor !== null);
  return items;
}

/** Mutations and refused mutations; uses of dead tokens are counted into the log in their own time. */
export async function listEvents(admin: Client): Promise<AuditEvent[]> {
  const events = await listAll<AuditEvent>(admin, '/api/v1/audit-events');
  return events.filter(({ action }) => action !== 'token.use_refused');
}

/** Starts to watch the audit log: the answer lists what was added since, as `action` or `action: refused code`. */
export async function watchEvents(admin: Client): Promise<() => Promise<string[]>> {
  const before = new Set((await listEvents(admin)).map(({ id }) => id));
  return async () =>
    (await listEvents(admin))
      .filter(({ id }) => !before.has(id))
      .map(({ action, outcome, code }) => (outcome === 'done' ? action : `${action}: refused ${code}`))
      .sort();
}

/** Asks again until it is so; fails after the deadline. */
export async function eventually(
  what: string,
  ask: () => Promise<boolean> | boolean,
  { deadlineMs = 20_000, pauseMs = 20 }: { deadlineMs?: number; pauseMs?: number } = {},
): Promise<void> {
  const end = performance.now() + deadlineMs;
  while (!(await ask())) {
    if (performance.now() > end) expect.fail(`${what}: not so within ${deadlineMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}
