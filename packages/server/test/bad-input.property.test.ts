import { randomBytes } from 'node:crypto';
import { mintTokenValue } from '@postern/core';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  ACCOUNTS,
  type Client,
  callExpecting,
  createAccount,
  createToken,
  isActive,
  type ServiceAccount,
} from './api.ts';
import { startPostern, type TestServer } from './postern.ts';
import { headerOf, type RawAnswer, sendRaw, sendRawAndEnd } from './raw-request.ts';

/** Whatever is sent to whichever route: the fault is the caller's, and the server says so. */

interface Operation {
  readonly method: string;
  /** With `{id}` and `{tokenId}` in it. */
  readonly path: string;
  readonly query: readonly string[];
}

interface Document {
  readonly paths: Record<
    string,
    Record<string, { readonly parameters?: { readonly in: string; readonly name: string }[] }>
  >;
}

let server: TestServer;
let admin: Client;
let operations: readonly Operation[];
/** An account whose tokens call, and are spent: some routes end the caller's own. */
let caller: ServiceAccount;

beforeAll(async () => {
  server = await startPostern('sqlite', { POSTERN_TRUSTED_PROXIES: '127.0.0.1' });
  admin = server.admin;
  const { body } = await callExpecting<Document>(200, admin, 'GET', '/openapi.json');
  // The stream has no end to wait for; `change.test.ts` has its bad input.
  const paths = Object.entries(body.paths).filter(([path]) => path !== '/api/v1/changes');
  operations = paths.flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { parameters = [] }]) => ({
      method: method.toUpperCase(),
      path,
      query: parameters.filter((each) => each.in === 'query').map(({ name }) => name),
    })),
  );
  caller = await createAccount(admin, { organizationRole: 'admin' });
});
afterAll(async () => {
  await server?.stop();
});

const SEED = process.env.POSTERN_TEST_SEED === undefined ? undefined : Number(process.env.POSTERN_TEST_SEED);
const RUNS = { numRuns: 150, ...(SEED !== undefined && { seed: SEED }) };

let callers = 0;

/** What every answer owes, whatever was asked. */
function judge(answer: RawAnswer, sent: string): void {
  expect(answer.status, sent).toBeGreaterThanOrEqual(200);
  expect(answer.status, `${sent}\n${answer.text}`).toBeLessThan(500);
  expect(headerOf(answer, 'x-request-id'), sent).toMatch(/^req_/);
  if (answer.status >= 400 && answer.text !== '') {
    const { code, error } = JSON.parse(answer.text);
    expect(typeof (code ?? error), sent).toBe('string');
    expect(answer.text, sent).not.toMatch(/ at .*\.[jt]s:\d|node_modules|sqlite/i);
  }
}

interface Sent {
  readonly method: string;
  readonly target: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly body?: string | Uint8Array | undefined;
  /** Whether the caller is somebody. */
  readonly token?: string | undefined;
}

async function sendAndJudge({ method, target, headers, body, token }: Sent): Promise<RawAnswer> {
  callers += 1;
  const lines = [
    `${method} ${target} HTTP/1.1`,
    'Host: 127.0.0.1',
    'Connection: close',
    `X-Forwarded-For: 10.${(callers >> 16) & 255}.${(callers >> 8) & 255}.${callers & 255}`,
    ...(token === undefined ? [] : [`Authorization: Bearer ${token}`]),
    ...headers.map(([name, value]) => `${name}: ${value}`),
    ...(body === undefined ? [] : [`Content-Length: ${Buffer.byteLength(body)}`]),
  ];
  const head = Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
  const answer = await sendRaw(server.url, head, ...(body === undefined ? [] : [body]));
  judge(answer, head.toString('latin1') + String(body ?? ''));
  return answer;
}

interface Target {
  readonly account: string;
  readonly token: string;
  /** Of who calls. */
  readonly value: string;
}

/** An account and a token that a call may well change or end, and a caller of its own. */
async function newTarget(): Promise<Target> {
  const account = await createAccount(admin);
  const [{ token }, { value }] = await Promise.all([createToken(admin, account), createToken(admin, caller)]);
  return { account: account.id, token: token.id, value };
}

const pick = <Item>(items: () => readonly Item[]): fc.Arbitrary<Item> =>
  fc.nat().map((index) => items()[index % items().length] as Item);

const anyOperation = pick(() => operations);

/** Ids that are there, that are not, and text that is none. */
const anyId = fc.oneof(
  fc.constantFrom('account', 'token'),
  fc.constantFrom(`sa_${'0'.repeat(26)}`, `tok_${'0'.repeat(26)}`, '', '.', '..', '%00', '%2e%2e', '*', '-'),
  fc.string({ maxLength: 40 }).map((text) => encodeURIComponent(text.toWellFormed())),
);

function fill(path: string, target: Target, ids: readonly string[] = ['account', 'token']): string {
  let index = 0;
  return path.replace(/\{\w+\}/g, () => {
    const id = ids[index % ids.length] ?? '';
    index += 1;
    return id === 'account' ? target.account : id === 'token' ? target.token : id;
  });
}

/** Names that routes know, so that what is random is not refused at once. */
const FIELDS = [
  ...['displayName', 'description', 'organizationRole', 'externalId', 'owners', 'name', 'expiresAt', 'overlapSeconds'],
  ...['accountId', 'createdBy', 'createdBefore', 'unusedSince', 'dryRun', 'token', 'permission', 'clientAddress'],
  ...['userAgent', '__proto__', 'constructor', 'toString', ''],
];
const anyText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom(
    'member',
    'admin',
    'a.b',
    '2031-01-01T00:00:00Z',
    '::1',
    '\u0000',
    '\ud800',
    '\u202e',
    'x'.repeat(5_000),
  ),
);
const anyJson = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.dictionary(fc.constantFrom(...FIELDS), fc.oneof(anyText, fc.jsonValue()), { noNullPrototype: true }),
  },
  { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 6 }) },
);

const headerText = fc.string({
  unit: fc.integer({ min: 0x21, max: 0xff }).map((code) => String.fromCharCode(code)),
  maxLength: 60,
});
const anyHeader = fc.tuple(
  fc.constantFrom(
    ...['Authorization', 'If-Match', 'Idempotency-Key', 'Cookie', 'Accept', 'Accept-Encoding', 'Content-Type', 'Range'],
    ...[
      'Content-Encoding',
      'Expect',
      'Forwarded',
      'X-Forwarded-For',
      'X-Request-Id',
      'User-Agent',
      'Origin',
      'Upgrade',
    ],
    ...[
      'Transfer-Encoding',
      'Host',
      'TE',
      'Via',
      'traceparent',
      'X-HTTP-Method-Override',
      'If-None-Match',
      '__proto__',
    ],
  ),
  headerText,
);

test('no JSON body makes any route fail', async () => {
  const property = fc.asyncProperty(
    anyOperation,
    fc.array(anyId, { minLength: 2, maxLength: 2 }),
    anyJson,
    async (operation, ids, json) => {
      const target = await newTarget();
      await sendAndJudge({
        method: operation.method,
        target: fill(operation.path, target, ids),
        headers: [['Content-Type', 'application/json']],
        body: JSON.stringify(json),
        token: target.value,
      });
    },
  );
  await fc.assert(property, RUNS);
});

test('no bytes for a body make any route fail', async () => {
  const types = fc.constantFrom(
    'application/json',
    'application/x-www-form-urlencoded',
    'text/plain',
    'application/json; charset=x',
  );
  const property = fc.asyncProperty(
    anyOperation,
    fc.uint8Array({ maxLength: 300 }),
    types,
    async (operation, bytes, type) => {
      const target = await newTarget();
      await sendAndJudge({
        method: operation.method,
        target: fill(operation.path, target),
        headers: [['Content-Type', type]],
        body: bytes,
        token: target.value,
      });
    },
  );
  await fc.assert(property, RUNS);
});

test('no form makes the OAuth routes fail', async () => {
  const anyForm = fc.array(
    fc.tuple(
      fc.constantFrom('token', 'token_type_hint', 'client_address', 'workspace', 'x'),
      fc.string({ unit: 'binary', maxLength: 80 }),
    ),
    { maxLength: 6 },
  );
  const property = fc.asyncProperty(
    fc.constantFrom('introspect', 'revoke'),
    anyForm,
    fc.boolean(),
    async (route, form, isKnown) => {
      const body = new URLSearchParams(
        form.map(([name, value]): [string, string] => [name, value.toWellFormed()]),
      ).toString();
      await sendAndJudge({
        method: 'POST',
        target: `/oauth2/${route}`,
        headers: [['Content-Type', 'application/x-www-form-urlencoded']],
        body,
        token: isKnown ? server.admin.token : undefined,
      });
    },
  );
  await fc.assert(property, RUNS);
});

test('no headers make any route fail', async () => {
  const property = fc.asyncProperty(
    anyOperation,
    fc.array(anyHeader, { maxLength: 8 }),
    fc.boolean(),
    async (operation, headers, isKnown) => {
      const target = await newTarget();
      await sendAndJudge({
        method: operation.method,
        target: fill(operation.path, target),
        headers,
        token: isKnown ? target.value : undefined,
      });
    },
  );
  await fc.assert(property, RUNS);
});

test('no query makes any route fail', async () => {
  const value = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 60 }),
    fc.constantFrom('1', '200', 'true', 'name', '-createdAt', 'hour', '2026-01-01T00:00:00Z'),
  );
  const property = fc.asyncProperty(
    anyOperation,
    fc.array(
      fc.tuple(
        fc.nat(),
        fc.oneof({ weight: 4, arbitrary: fc.constant('') }, { weight: 1, arbitrary: fc.string({ maxLength: 10 }) }),
        value,
      ),
      { maxLength: 4 },
    ),
    async (operation, parameters) => {
      const query = parameters.map(([index, name, text]) => {
        const known = operation.query.length > 0 ? operation.query[index % operation.query.length] : 'limit';
        return `${encodeURIComponent(name.toWellFormed() || (known ?? 'limit'))}=${encodeURIComponent(text.toWellFormed())}`;
      });
      const target = await newTarget();
      await sendAndJudge({
        method: operation.method,
        target: `${fill(operation.path, target)}?${query.join('&')}`,
        headers: [],
        token: target.value,
      });
    },
  );
  await fc.assert(property, RUNS);
});

test('no path makes the server fail', async () => {
  const segment = fc.oneof(
    fc.constantFrom(
      'api',
      'v1',
      'me',
      'tokens',
      'service-accounts',
      'oauth2',
      '.',
      '..',
      '',
      '%2e',
      '%2f',
      '%00',
      '%zz',
      '%',
      ';',
      '*',
    ),
    fc.string({ unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)), maxLength: 12 }),
  );
  const methods = fc.constantFrom(
    'GET',
    'HEAD',
    'POST',
    'PUT',
    'PATCH',
    'DELETE',
    'OPTIONS',
    'TRACE',
    'PROPFIND',
    'QUERY',
  );
  const property = fc.asyncProperty(methods, fc.array(segment, { maxLength: 8 }), async (method, segments) => {
    await sendAndJudge({ method, target: `/${segments.join('/')}`, headers: [], token: server.admin.token });
  });
  await fc.assert(property, RUNS);
});

test('no bytes at all make the server fail: it answers, or hangs up, and goes on', async () => {
  const property = fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 200 }), async (bytes) => {
    const answer = await sendRawAndEnd(server.url, bytes, '\r\n\r\n');
    if (answer.status !== 0) judge(answer, Buffer.from(bytes).toString('latin1'));
  });
  await fc.assert(property, { ...RUNS, numRuns: 200 });
});

test('no text but an issued value is a token', async () => {
  const { value } = await createToken(admin, caller);
  const shaped = fc
    .string({
      unit: fc.constantFrom(...'0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'),
      minLength: 49,
      maxLength: 49,
    })
    .map((text) => `pst_${text}`);
  const minted = fc.constant(undefined).map(() => mintTokenValue(randomBytes).reveal());
  const changed = fc.tuple(fc.nat({ max: 52 }), fc.constantFrom(...'0Aa')).map(([at, character]) => {
    return value.charAt(at) === character
      ? `${value}${character}`
      : value.slice(0, at) + character + value.slice(at + 1);
  });
  const property = fc.asyncProperty(fc.oneof(anyText, shaped, minted, changed), async (text) => {
    fc.pre(text.length <= 4_096);
    expect(await isActive(admin, text)).toBe(false);
  });
  await fc.assert(property, RUNS);
  expect(await isActive(admin, value)).toBe(true);
});

test('after all of that the admin is who it was, and everything can be listed', async () => {
  await callExpecting(200, admin, 'GET', '/api/v1/me');
  await callExpecting(200, admin, 'GET', `${ACCOUNTS}?limit=200`);
  const log = await server.output();
  expect(
    log.split('\n').filter((line) => line.includes('"level":"error"') || line.includes('"level":"fatal"')),
  ).toEqual([]);
});
