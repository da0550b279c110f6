import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  ACCOUNTS,
  accountPath,
  type Client,
  callExpecting,
  createAccount,
  createExpiringToken,
  createToken,
  eventually,
  isActive,
  type Problem,
  refreshToken,
  type ServiceAccount,
  type Token,
  tokenPath,
} from './api.ts';
import { startPostern, type TestServer } from './postern.ts';
import { headerOf, type RawAnswer, sendRaw } from './raw-request.ts';

/**
 * What comes over the wire and is not as it must be, row by row. Each row names its status and its code; of each answer it
 * is asked that it is a problem document with a request id, that it repeats no value that was sent, and that nothing was
 * changed but the audit log where the row says so.
 */

/** Part of every value that is sent, so that a repeated value is noticed. */
export const MARK = 'qZ7xMarker';
export const UNKNOWN_ACCOUNT = `sa_${'0'.repeat(26)}`;
export const UNKNOWN_TOKEN = `tok_${'0'.repeat(26)}`;
export const IDEMPOTENCY_KEY = `${MARK}${'k'.repeat(30)}`;

export interface World {
  readonly admin: string;
  readonly member: string;
  readonly account: ServiceAccount;
  readonly token: Token;
  readonly expired: string;
  readonly deleted: string;
  readonly retired: string;
  readonly disabled: string;
  /** A cursor of the list of accounts. */
  readonly cursor: string;
}

export interface Request {
  readonly method?: string;
  readonly target?: string;
  /** Besides Host, Connection and Authorization; undefined takes one of those out. */
  readonly headers?: Readonly<Record<string, string | undefined>>;
  /** Header lines that no table of headers can hold. */
  readonly lines?: readonly (string | Uint8Array)[];
  /** JSON, or as it is. Content-Length and Content-Type come with it unless `headers` says otherwise. */
  readonly json?: unknown;
  readonly body?: string | Uint8Array;
  /** All of the request, byte for byte. */
  readonly raw?: readonly (string | Uint8Array)[];
}

export interface Row {
  readonly title: string;
  readonly status: number;
  /** The problem's code, or the OAuth error. */
  readonly code?: string;
  readonly send: Request | ((world: World) => Request);
  /** What the refusal leaves in the audit log. */
  readonly audit?: readonly string[];
  /** Headers that the answer must have. */
  readonly answers?: Readonly<Record<string, string | RegExp>>;
}

export let server: TestServer;
export let admin: Client;
export let world: World;

/** Starts the server that all rows of a file are sent to, and what they need there. */
export function useWorld(): void {
  beforeAll(async () => {
    server = await startPostern('sqlite', { POSTERN_TRUSTED_PROXIES: '127.0.0.1' });
    admin = server.admin;
    const account = await createAccount(admin, { displayName: 'Kept', externalId: 'kept' });
    const { token } = await createToken(admin, account, { expiresAt: '2031-01-01T00:00:00.000Z' });
    const expired = await createExpiringToken(admin, account);
    const deleted = await createToken(admin, account);
    await callExpecting(204, admin, 'DELETE', tokenPath(account, deleted.token));
    const retired = await createToken(admin, account);
    await refreshToken(admin, account, retired.token);
    const paused = await createAccount(admin, { displayName: 'Paused' });
    const disabled = await createToken(admin, paused);
    await callExpecting(200, admin, 'POST', accountPath(paused, '/disable'));
    await callExpecting(201, admin, 'POST', accountPath(account, '/tokens'), {
      headers: { 'idempotency-key': IDEMPOTENCY_KEY },
      body: { name: 'idempotent' },
    });
    const list = await callExpecting<{ nextCursor: string }>(200, admin, 'GET', `${ACCOUNTS}?limit=1`);
    await eventually('the token expires', async () => !(await isActive(admin, expired.value)));
    world = {
      admin: server.admin.token,
      member: (await createToken(admin, account)).value,
      account,
      token,
      expired: expired.value,
      deleted: deleted.value,
      retired: retired.value,
      disabled: disabled.value,
      cursor: list.body.nextCursor,
    };
  });
  afterAll(async () => {
    await server?.stop();
  });
}

let callers = 0;

export function bytesOf(request: Request): (string | Uint8Array)[] {
  if (request.raw) return [...request.raw];
  const { method = 'GET', target = '/api/v1/me', lines = [], json } = request;
  const body = json === undefined ? request.body : JSON.stringify(json);
  callers += 1;
  const headers: Record<string, string | undefined> = {
    Host: '127.0.0.1',
    Connection: 'close',
    Authorization: `Bearer ${world.admin}`,
    // An address of its own for each: failures are throttled by address.
    'X-Forwarded-For': `10.0.${callers >> 8}.${callers & 255}`,
    ...(body !== undefined && {
      'Content-Type': 'application/json',
      'Content-Length': String(Buffer.byteLength(body)),
    }),
    ...request.headers,
  };
  const parts: (string | Uint8Array)[] = [`${method} ${target} HTTP/1.1\r\n`];
  for (const [name, value] of Object.entries(headers)) if (value !== undefined) parts.push(`${name}: ${value}\r\n`);
  for (const line of lines) parts.push(line, '\r\n');
  parts.push('\r\n');
  if (body !== undefined) parts.push(body);
  return parts;
}

const KEPT_TABLES = [
  'organization',
  'principal',
  'invitation',
  'setup_link',
  'auth_user',
  'auth_session',
  'principal_group',
  'group_member',
  'workspace',
  'workspace_member',
  'workspace_group',
  'role',
  'registered_permission',
  'token',
  'token_digest',
  'idempotency',
  'change_log',
  'change_head',
  'bootstrap',
  'secret_key_check',
];

/** All that mutations change; use is noted in its own time, and is none of them. */
async function dump(): Promise<Record<string, unknown>> {
  const tables: Record<string, unknown> = {};
  for (const table of KEPT_TABLES) {
    const rows = await server.query(`select * from ${table}`);
    tables[table] = rows.map((row) =>
      Object.fromEntries(Object.entries(row).filter(([column]) => !column.startsWith('last_used'))),
    );
  }
  return tables;
}

async function listEvents(): Promise<string[]> {
  const events = await server.query(
    `select id, action, outcome, code from audit_event where action <> 'token.use_refused' order by at, id`,
  );
  return events.map(({ action, outcome, code }) => (outcome === 'done' ? `${action}` : `${action}: refused ${code}`));
}

/** Sends the row and holds its answer to everything that is asked of any. */
export async function check({ status, code, send, audit = [], answers = {} }: Row): Promise<RawAnswer> {
  const request = typeof send === 'function' ? send(world) : send;
  const [before, eventsBefore] = [await dump(), await listEvents()];

  const answer = await sendRaw(server.url, ...bytesOf(request));

  const said = JSON.stringify([answer.headers, answer.text]);
  expect(answer.status, said).toBe(status);
  expect(headerOf(answer, 'x-request-id'), said).toMatch(/^req_[0-9a-z]{26}$/);
  expect(headerOf(answer, 'cache-control'), said).toContain('no-store');
  if (answer.text === '') expect(request.method).toBe('HEAD');
  else if (status >= 400) expectProblem(answer, request, code);
  expect(said).not.toContain(MARK);
  expect(said).not.toMatch(/pst_[0-9A-Za-z]{10}/);
  expect(said).not.toMatch(/ at .*\.[jt]s:\d+|node_modules|sqlite/i);
  for (const [name, expected] of Object.entries(answers)) {
    if (typeof expected === 'string') expect(headerOf(answer, name)).toBe(expected);
    else expect(headerOf(answer, name)).toMatch(expected);
  }
  expect(await dump()).toEqual(before);
  expect((await listEvents()).slice(eventsBefore.length)).toEqual(audit);
  return answer;
}

function expectProblem(answer: RawAnswer, { target = '' }: Request, code: string | undefined): void {
  const body = JSON.parse(answer.text) as Problem & { error?: string; requestId?: string };
  if (target.startsWith('/oauth2/')) {
    expect(headerOf(answer, 'content-type')).toBe('application/json; charset=utf-8');
    expect(body.error).toBe(code);
    return;
  }
  expect(headerOf(answer, 'content-type')).toBe('application/problem+json; charset=utf-8');
  expect(body).toMatchObject({
    status: answer.status,
    code,
    type: expect.stringContaining(`#${code?.replaceAll('.', '-')}`),
  });
  expect(body.title.length).toBeGreaterThan(0);
}

export function rows(name: string, table: readonly Row[]): void {
  describe(name, () => {
    test.for(table)('$status $title', async (row) => {
      await check(row);
    });
  });
}

export function withAuthorization(value: string): Request {
  return { headers: { Authorization: value } };
}

/** What most rows expect, by code. */
const INVALID = { 'www-authenticate': 'Bearer realm="postern", error="invalid_token"' };
export const malformed = { status: 401, code: 'token.malformed', answers: INVALID } as const;
export const invalid = { status: 401, code: 'token.invalid', answers: INVALID } as const;
export const ambiguous = { status: 400, code: 'request.credentials_ambiguous' } as const;
export const misplaced = { status: 400, code: 'request.credentials_misplaced' } as const;
export const badRequest = { status: 400, code: 'request.malformed' } as const;
export const badField = { status: 400, code: 'request.invalid' } as const;
export const nowhere = { status: 404, code: 'route.not_found' } as const;
export const noAccount = { status: 404, code: 'service_account.not_found' } as const;
export const noToken = { status: 404, code: 'token.not_found' } as const;

/** A service account to be created. */
export const NEW = { method: 'POST', target: ACCOUNTS } as const;
export const BODY = { displayName: MARK, organizationRole: 'member' };
