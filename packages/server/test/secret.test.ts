import { randomBytes } from 'node:crypto';
import { appendFile, cp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { inspect } from 'node:util';
import {
  generateSecretKey,
  mintTokenValue,
  parseIdempotencyKey,
  parseSecretKey,
  parseTokenShape,
  parseTokenValue,
} from '@postern/core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { launchPostern } from '../../../testing/postern-process.ts';
import {
  ACCOUNTS,
  type Answer,
  accountPath,
  type Client,
  call,
  type IssuedToken,
  type ServiceAccount,
  tokenPath,
} from './api.ts';
import { ENGINES, startPostern, type TestServer } from './postern.ts';
import {
  databaseRows,
  databaseRowsWithoutDigests,
  dataFiles,
  digestNeedles,
  findSecrets,
  type Needle,
  type Place,
  processOutput,
  secretNeedles,
} from './secret-scan.ts';

describe.for(ENGINES)('on %s', (engine) => {
  const values: string[] = [];
  const idempotencyKeys: string[] = [];
  const secretKeys: string[] = [];
  const answers: Place[] = [];
  let server: TestServer;
  let admin: Client;
  let needles: Needle[];
  let digests: Needle[];

  /** A call whose answer is kept for the scan. */
  async function send<Body>(client: Client, method: string, path: string, options: Parameters<typeof call>[3] = {}) {
    const answer = await call<Body>(client, method, path, options);
    keep(`the answer to ${method} ${path.split('?')[0]}`, answer);
    return answer;
  }

  function keep(where: string, { status, headers, text }: Answer<unknown>): void {
    answers.push({ where: `${where} (${status})`, bytes: Buffer.from(JSON.stringify([...headers, text])) });
  }

  /** A call whose answer shows a value, this once; what else it says is kept for the scan. */
  async function issue(path: string, body: unknown, key?: string): Promise<IssuedToken> {
    const headers = key === undefined ? {} : { 'idempotency-key': key };
    const answer = await call<IssuedToken>(admin, 'POST', path, { body, headers });
    expect([200, 201], answer.text).toContain(answer.status);
    const { value } = answer.body;
    if (!values.includes(value)) values.push(value);
    keep('the answer that shows a value, besides it', { ...answer, text: answer.text.replace(value, '') });
    return answer.body;
  }

  function newKey(): string {
    const key = randomBytes(32).toString('base64url');
    idempotencyKeys.push(key);
    return key;
  }

  beforeAll(async () => {
    server = await startPostern(engine, { POSTERN_LOG_LEVEL: 'trace' });
    admin = server.admin;
    values.push(server.admin.token);
    secretKeys.push(server.secretKey);
    await liveThrough();
    // The second half under another secret key, the first one being the previous one now.
    const next = generateSecretKey('next', randomBytes);
    secretKeys.push(next);
    await server.restart({ env: { POSTERN_SECRET_KEY: next, POSTERN_SECRET_KEY_PREVIOUS: server.secretKey } });
    await liveThrough();
    await readEverything();
    needles = secretNeedles({ values, idempotencyKeys, secretKeys });
    digests = digestNeedles(values, secretKeys);
  });
  afterAll(async () => {
    await server?.stop();
  });

  /** A life of an account in which each kind of secret is sent, answered, repeated, mistaken and ended. */
  async function liveThrough(): Promise<void> {
    const input = { displayName: 'Nightly export', organizationRole: 'admin' };
    const account = (
      await send<ServiceAccount>(admin, 'POST', ACCOUNTS, { body: input, headers: { 'idempotency-key': newKey() } })
    ).body;
    const tokens = accountPath(account, '/tokens');
    const key = newKey();
    const first = await issue(tokens, { name: 'first' }, key);
    expect((await issue(tokens, { name: 'first' }, key)).value).toBe(first.value);
    const refreshKey = newKey();
    const refreshing = tokenPath(account, first.token, '/refresh');
    const second = await issue(refreshing, { overlapSeconds: 600 }, refreshKey);
    await issue(refreshing, { overlapSeconds: 600 }, refreshKey);
    const third = await issue(tokens, { name: 'third' });
    const deleted = await issue(tokens, { name: 'deleted' }, newKey());
    await send(admin, 'DELETE', tokenPath(account, deleted.token));

    for (const value of [first.value, second.value, third.value, deleted.value, mint()]) {
      await send({ url: server.url, token: value }, 'GET', '/api/v1/me');
      await send({ url: server.url, token: value }, 'POST', tokens, { body: { name: value.length } });
      await send(admin, 'POST', '/api/v1/tokens/verify', { body: { token: value, userAgent: 'curl' } });
      await send(admin, 'POST', '/api/v1/tokens/verify', { body: { token: value, typo: value } });
      await send(admin, 'GET', `/api/v1/tokens?search=${value}`);
      await send(admin, 'GET', `/api/v1/service-accounts/${value}`);
      await send(admin, 'GET', `/${value}`);
      await send(admin, 'POST', ACCOUNTS, { body: { [value]: 1 } });
      await send(admin, 'POST', ACCOUNTS, { body: { ...input, organizationRole: value } });
      await send({ url: server.url, token: `${value}, Bearer ${value}` }, 'GET', '/api/v1/me');
      await send({ url: server.url, token: value.slice(0, -1) }, 'GET', '/api/v1/me');
      await send(admin, 'GET', '/api/v1/me', { headers: { cookie: `postern_session=${value}` } });
      await send(admin, 'GET', '/api/v1/me', { headers: { 'x-request-id': value, traceparent: value } });
      await form('/oauth2/introspect', { token: value });
      await form('/oauth2/introspect', { token: 'x', access_token: value });
      await form('/oauth2/introspect', { token: value, client_address: value });
    }
    // The right keys for other requests, and keys of a wrong form.
    await send(admin, 'POST', tokens, { body: { name: 'other' }, headers: { 'idempotency-key': key } });
    await send(admin, 'POST', tokens, { body: { name: 'n' }, headers: { 'idempotency-key': `${newKey()}!` } });
    await form('/oauth2/revoke', { token: third.value });
    await send(admin, 'POST', '/api/v1/tokens/revoke', { body: { accountId: account.id } });
    await send(admin, 'POST', tokens, { body: { name: 'first' }, headers: { 'idempotency-key': key } });
    await send(admin, 'POST', accountPath(account, '/disable'));
    for (const { value } of [first, second, third]) await send({ url: server.url, token: value }, 'GET', '/api/v1/me');
  }

  /** A well-formed value that nobody issued: a secret all the same, for it may be somebody's elsewhere. */
  function mint(): string {
    const value = mintTokenValue(randomBytes).reveal();
    values.push(value);
    return value;
  }

  async function form(path: string, parameters: Record<string, string>): Promise<void> {
    const response = await fetch(`${server.url}${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${admin.token}` },
      body: new URLSearchParams(parameters),
    });
    keep(`the answer to ${path}`, {
      status: response.status,
      headers: response.headers,
      text: await response.text(),
      body: undefined,
    });
  }

  async function readEverything(): Promise<void> {
    const lists = ['/api/v1/audit-events?limit=200', '/api/v1/tokens?limit=200', `${ACCOUNTS}?limit=200`];
    for (const path of [...lists, '/api/v1/organization', '/api/v1/me', '/openapi.json', '/readyz']) {
      expect((await send(admin, 'GET', path)).status).toBe(200);
    }
    const accounts = await send<{ items: ServiceAccount[] }>(admin, 'GET', `${ACCOUNTS}?limit=200`);
    for (const account of accounts.body.items) {
      for (const query of ['', '?deleted=true']) {
        const tokens = await send<{ items: { id: string }[] }>(admin, 'GET', accountPath(account, `/tokens${query}`));
        for (const token of tokens.body.items) {
          for (const rest of ['', '/callers', '/callers?generation=previous', '/usage']) {
            await send(admin, 'GET', tokenPath(account, token, rest));
          }
        }
      }
    }
  }

  /** Everything that the process has left while it runs, with what is in memory no longer. */
  async function everything(): Promise<Place[]> {
    return [...(await dataFiles(server)), ...(await databaseRows(server)), await processOutput(server), ...answers];
  }

  test('the scenario reached what it is about', async () => {
    expect(values.length).toBeGreaterThanOrEqual(9);
    const statuses = new Set(answers.map(({ where }) => /\((\d+)\)$/.exec(where)?.[1]));
    expect([...statuses].sort()).toEqual(expect.arrayContaining(['200', '201', '204', '400', '401', '404', '409']));
    expect((await server.output()).split('\n').length).toBeGreaterThan(100);
    // The digests are the right ones: that is where they belong.
    const [table] = (await databaseRows(server)).filter(({ where }) => where === 'table token_digest');
    expect(findSecrets([table as Place], digests).length).toBeGreaterThanOrEqual(8);
  });

  test('no value, idempotency key or secret key is in files, tables, logs or answers', async () => {
    expect(findSecrets(await everything(), needles)).toEqual([]);
  });

  test('no digest is anywhere but in its own column', async () => {
    const places = [...(await databaseRowsWithoutDigests(server)), await processOutput(server), ...answers];
    expect(findSecrets(places, digests)).toEqual([]);
  });

  test('nor after the process has written its last', async () => {
    await server.restart();
    expect(findSecrets(await everything(), needles)).toEqual([]);
  });

  test('the scan finds what is planted in a log line, in a table and in an answer', async () => {
    const [value = '', key = ''] = [values[3], idempotencyKeys[0]];
    const log = join(server.data.directory, 'log');
    const planted = `planted ${value.slice(4, 47)}\n`;
    await appendFile(log, planted);
    try {
      expect(findSecrets(await everything(), needles)).toEqual(['the core of value 3 in the log and stdout']);
    } finally {
      const { truncate, stat } = await import('node:fs/promises');
      await truncate(log, (await stat(log)).size - planted.length);
    }

    await server.query(`update organization set name = '${key}' returning id`);
    const found = findSecrets(await everything(), needles);
    await server.query(`update organization set name = 'Acme' returning id`);
    expect(found).toContain('idempotency key 0 in table organization');
    if (engine === 'sqlite') expect(found.some((each) => /in postern\.db(-wal)?$/.test(each))).toBe(true);

    const digest = digests[1] as Needle;
    const answer = {
      where: 'an answer',
      bytes: Buffer.concat([Buffer.from('{"digest":"'), digest.bytes, Buffer.from('"}')]),
    };
    expect(findSecrets([answer], digests)).toEqual([`${digest.what} in an answer`]);
  });
});

describe('a database with a key that is not its own', () => {
  test.for(ENGINES)('on %s a copy does not start', async (engine) => {
    const server = await startPostern(engine);
    const kid = server.secretKey.split(':')[0];
    const directory = `${server.data.directory}-copy`;
    try {
      await cp(server.data.directory, directory, { recursive: true });
      await rm(join(directory, 'data', 'secret.key'), { force: true });
      for (const name of [kid, 'another']) {
        const secretKey = generateSecretKey(name as string, randomBytes);
        const launch = launchPostern({ ...server.data, directory, secretKey });
        expect(await launch.exited).toBe(78);
        expect(launch.stdout()).toBe('');
        const said = launch.stderr();
        expect(said).toMatch(/secret key/);
        expect(said.trim().split('\n')).toHaveLength(1);
        expect(said).not.toMatch(/\n\s+at |\.[jt]s:\d/);
        expect(said).not.toContain(secretKey.split(':')[1]);
      }
    } finally {
      await rm(directory, { recursive: true, force: true });
      await server.stop();
    }
  });
});

test('whatever wraps a secret prints as [redacted]', () => {
  const value = mintTokenValue(randomBytes).reveal();
  const key = randomBytes(32).toString('base64url');
  const text = generateSecretKey('main', randomBytes);
  const wrapped = {
    value: parseTokenValue(value),
    shape: parseTokenShape(value),
    idempotencyKey: parseIdempotencyKey(key),
    list: [parseTokenValue(value)],
    map: new Map([['value', parseTokenValue(value)]]),
    error: new Error('failed', { cause: parseTokenValue(value) }),
    secretKey: parseSecretKey(text),
  };
  const printed = [
    inspect(wrapped, { depth: 10, showHidden: true, getters: true }),
    JSON.stringify(wrapped),
    `${wrapped.value} ${wrapped.shape} ${wrapped.idempotencyKey}`,
    String(wrapped.value),
    JSON.stringify({ ...wrapped.value }),
    inspect({ ...wrapped.value }, { showHidden: true }),
    inspect(Object.entries(wrapped.value ?? {})),
    JSON.stringify(structuredClone({ ...wrapped.value })),
  ].join('\n');
  expect(printed).toContain('[redacted]');
  const raw = Buffer.from(text.split(':')[1] as string, 'base64url');
  const needles = secretNeedles({ values: [value], idempotencyKeys: [key], secretKeys: [text] });
  expect(findSecrets([{ where: 'what was printed', bytes: Buffer.from(printed) }], needles)).toEqual([]);
  expect(printed).not.toContain([...raw.subarray(0, 8)].join(', '));
});
