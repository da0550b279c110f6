import { DomainError } from '@postern/core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { engines } from '../../storage/test/engines.ts';
import { type Door, openDoor } from '../test/door.ts';
import { headerOf, sendRaw } from '../test/raw-request.ts';
import { buildApp } from './app.ts';

const [sqlite] = engines;
if (!sqlite) throw new Error('there is no engine');

describe('what every answer has', () => {
  let door: Door;
  beforeAll(async () => {
    door = await openDoor(sqlite);
  });
  afterAll(() => door.close());

  test('a request id of ours, whatever the client sends, and no-store', async () => {
    const answers = [
      await door.call('GET', '/api/v1/me', { headers: { 'x-request-id': 'mine' } }),
      await door.call('GET', '/nowhere'),
      await door.call('GET', '/api/v1/me', { token: null }),
      await door.call('GET', '/healthz'),
    ];
    for (const { headers } of answers) {
      expect(headers['x-request-id']).toMatch(/^req_[0-9a-z]{26}$/);
      expect(headers['cache-control']).toBe('no-store');
    }
    expect(new Set(answers.map(({ headers }) => headers['x-request-id'])).size).toBe(answers.length);
  });

  test('one log line, without query, header, body or value', async () => {
    door.log.length = 0;
    await door.call('GET', '/api/v1/service-accounts?search=findme', { headers: { 'user-agent': 'secret-agent' } });
    expect(door.log).toHaveLength(1);
    expect(door.log[0]).toMatchObject({
      level: 'info',
      method: 'GET',
      route: '/api/v1/service-accounts',
      status: 200,
      principal: door.adminAccountId,
      requestId: expect.stringMatching(/^req_/),
      ms: expect.any(Number),
    });
    expect(JSON.stringify(door.log)).not.toMatch(/findme|secret-agent|pst_/);
  });

  test.each([
    ['GET', '/'],
    ['GET', '/api/v1/me/'],
    ['GET', '/api/v1/ME'],
    ['GET', '/api/v1//me'],
    ['GET', '/API/v1/me'],
    ['POST', '/api/v1/unknown'],
    ['GET', `/api/v1/service-accounts/${'a'.repeat(200)}`],
  ])('404 at %s %s', async (method, url) => {
    const answer = await door.call(method, url, { body: method === 'POST' ? {} : undefined });
    expect([answer.status, answer.body.code]).toEqual([404, 'route.not_found']);
    expect(answer.headers['content-type']).toContain('application/problem+json');
  });

  test.each([
    ['PUT', '/api/v1/me', 'GET, HEAD'],
    ['POST', '/api/v1/me/token', 'DELETE'],
    ['DELETE', '/api/v1/service-accounts', 'POST, GET, HEAD'],
    ['OPTIONS', '/api/v1/tokens/verify', 'POST'],
    ['GET', '/oauth2/introspect', 'POST'],
    ['PATCH', '/openapi.json', 'GET, HEAD'],
  ])('405 for %s %s', async (method, url, allow) => {
    const answer = await door.call(method, url, { raw: 'not even json' });
    expect([answer.status, answer.body.code]).toEqual([405, 'request.method_not_allowed']);
    expect(answer.headers['allow']).toBe(allow);
  });

  test('200 without a body for HEAD', async () => {
    const answer = await door.call('HEAD', '/api/v1/me');
    expect([answer.status, answer.text]).toEqual([200, '']);
  });

  test('405 where a method is only asked for by an override header', async () => {
    const answer = await door.call('POST', '/api/v1/me', { headers: { 'x-http-method-override': 'GET' }, body: {} });
    expect(answer.status).toBe(405);
  });

  test.each([
    ['no JSON at all', '{"displayName":', 400, 'request.malformed'],
    ['not UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]), 400, 'request.malformed'],
    ['a key that reaches into the prototype', '{"__proto__":{"organizationRole":"admin"}}', 400, 'request.malformed'],
    ['a constructor', '{"constructor":{"prototype":{"x":1}}}', 400, 'request.malformed'],
    ['nothing', '', 400, 'request.invalid'],
    ['null', 'null', 400, 'request.invalid'],
    ['a list', '[]', 400, 'request.invalid'],
    ['more than 64 KiB', JSON.stringify({ displayName: 'x'.repeat(70_000) }), 413, 'request.too_large'],
  ])('a body that is %s', async (_, raw, status, code) => {
    const answer = await door.call('POST', '/api/v1/service-accounts', {
      raw,
      headers: { 'content-type': 'application/json' },
    });
    expect([answer.status, answer.body.code]).toEqual([status, code]);
  });

  test.each(['text/plain', 'application/x-www-form-urlencoded', 'application/jsonp', 'nonsense', ''])(
    '415 for a body of type "%s"',
    async (type) => {
      const answer = await door.call('POST', '/api/v1/service-accounts', {
        raw: '{}',
        headers: { 'content-type': type },
      });
      expect([answer.status, answer.body.code]).toEqual([415, 'request.media_type']);
    },
  );

  test('400 for unknown fields, each by its path and never by a value', async () => {
    const answer = await door.call('POST', '/api/v1/service-accounts', {
      body: { displayName: 7, organizationRole: 'king', 'o/w~n': 1, [door.admin]: 1, owner: [], ['k'.repeat(65)]: 1 },
    });
    expect(answer.status).toBe(400);
    expect(answer.body.errors).toEqual(
      expect.arrayContaining([
        { path: '/displayName', message: 'must be text' },
        { path: '/organizationRole', message: 'must be one of member, admin, verifier' },
        { path: '/o~1w~0n', message: 'is not a known field' },
        { path: '/owner', message: 'is not a known field' },
        { path: '', message: 'has a field that is not known' },
      ]),
    );
    expect(answer.text).not.toMatch(/king|pst_|kkkkk/);
  });

  test('400 names at most twenty fields', async () => {
    const body = Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`field${index}`, 1]));
    const answer = await door.call('POST', '/api/v1/service-accounts', { body });
    expect(answer.body.errors).toHaveLength(20);
  });

  test.each([
    '?unknown=1',
    '?limit=0',
    '?limit=201',
    '?limit=ten',
    '?limit=',
    '?limit=1&limit=2',
    '?status=gone',
    '?sort=owner',
    '?cursor=',
    '?unusedSince=yesterday',
    '?search=%E2%80%AE',
  ])('400 for the query %s', async (query) => {
    const answer = await door.call('GET', `/api/v1/service-accounts${query}`);
    expect([answer.status, answer.body.code]).toEqual([400, 'request.invalid']);
    expect(answer.body.errors[0].path).toBe(`/${/\?(\w+)/.exec(query)?.[1]}`);
  });

  test('400 for a body where a call takes none', async () => {
    const accountId = await door.createAccount();
    const answer = await door.call('POST', `/api/v1/service-accounts/${accountId}/disable`, { body: { force: true } });
    expect([answer.status, answer.body.errors]).toEqual([400, [{ path: '/force', message: 'is not a known field' }]]);
    expect((await door.call('POST', `/api/v1/service-accounts/${accountId}/disable`, { body: {} })).status).toBe(200);
  });

  test('400 for what is written as a token in path or query, also when it is encoded', async () => {
    for (const url of [
      `/api/v1/me?token=${door.admin}`,
      `/api/v1/service-accounts/${door.admin}`,
      `/nowhere/${door.admin}`,
      `/api/v1/me?access_token=%70${door.admin.slice(1)}`,
    ]) {
      const answer = await door.call('GET', url);
      expect([answer.status, answer.body.code]).toEqual([400, 'request.credentials_misplaced']);
      expect(answer.text).not.toContain(door.admin.slice(4));
    }
  });

  test('400 for a path that cannot be decoded', async () => {
    door.log.length = 0;
    const answer = await door.call('GET', '/api/v1/service-accounts/%zz');
    expect([answer.status, answer.body.code]).toEqual([400, 'request.malformed']);
    expect(door.log).toMatchObject([{ status: 400, requestId: answer.headers['x-request-id'] }]);
  });
});

describe('at the socket', () => {
  let door: Door;
  let url: string;
  beforeAll(async () => {
    door = await openDoor(sqlite, { headersTimeoutMs: 300, requestTimeoutMs: 600 });
    url = await door.app.listen({ port: 0, host: '127.0.0.1' });
  });
  afterAll(() => door.close());

  test.each<[number, string, string]>([
    [400, 'request.malformed', 'NONSENSE\r\n\r\n'],
    [400, 'request.malformed', 'GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n'],
    [400, 'request.malformed', 'GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\nConnection: close\r\n\r\n'],
    [400, 'request.malformed', 'GET /healthz HTTP/1.1\r\nHost: a\r\nBad Header: x\r\n\r\n'],
    [431, 'request.headers_too_large', `GET /healthz HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(9_000)}\r\n\r\n`],
    [408, 'request.timeout', 'GET /healthz HTTP/1.1\r\nHost: a\r\n'],
    [
      408,
      'request.timeout',
      'POST /oauth2/revoke HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 9\r\n\r\ntok',
    ],
    [405, 'request.method_not_allowed', 'CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n'],
    [405, 'request.method_not_allowed', 'PROPFIND /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'],
  ])('%i %s', async (status, code, request) => {
    const answer = await sendRaw(url, request);
    expect(answer.status).toBe(status);
    expect(headerOf(answer, 'content-type')).toContain('application/problem+json');
    expect(headerOf(answer, 'x-request-id')).toMatch(/^req_/);
    expect(JSON.parse(answer.text)).toMatchObject({ status, code });
  });

  test.each(['/api/v1/tokens/verify', '/api/v1/service-accounts'])(
    '401 at %s before the body has come',
    async (path) => {
      const head = [`POST ${path} HTTP/1.1`, 'Host: a', 'Content-Type: application/json', 'Content-Length: 9'];
      const answer = await sendRaw(url, `${[...head, 'Connection: close'].join('\r\n')}\r\n\r\n`);
      expect([answer.status, JSON.parse(answer.text).code]).toEqual([401, 'credentials.missing']);
    },
  );

  test('200 whatever is expected', async () => {
    const answer = await sendRaw(
      url,
      'GET /healthz HTTP/1.1\r\nHost: a\r\nExpect: wonders\r\nConnection: close\r\n\r\n',
    );
    expect(answer.status).toBe(200);
  });

  test('400 for two Authorization headers, of which Node keeps one', async () => {
    const good = `Authorization: Bearer ${door.admin}\r\n`;
    const head = 'GET /api/v1/me HTTP/1.1\r\nHost: a\r\nConnection: close\r\n';
    for (const headers of [
      `${good}${good}`,
      `${good}authorization: Bearer x\r\n`,
      `${good}Cookie: a=b; __Host-postern_session=x\r\n`,
    ]) {
      const answer = await sendRaw(url, `${head}${headers}\r\n`);
      expect([answer.status, JSON.parse(answer.text).code]).toEqual([400, 'request.credentials_ambiguous']);
    }
    expect((await sendRaw(url, `${head}${good}Cookie: a=b\r\n\r\n`)).status).toBe(200);
  });
});

describe('when the database cannot be reached', () => {
  let door: Door;
  let app: Awaited<ReturnType<typeof buildApp>>;
  let failure: Error;
  beforeAll(async () => {
    door = await openDoor(sqlite);
    const fail = () => Promise.reject(failure);
    app = await buildApp({ ...door.server, storage: { ...door.server.storage, findOrganization: fail, ping: fail } });
  });
  afterAll(async () => {
    await app.close();
    await door.close();
  });

  test('503 with Retry-After, which says nothing of the inside', async () => {
    failure = new DomainError('storage.unavailable', { internal: 'disk on fire', retryAfterSeconds: 3 });
    const answer = await app.inject({
      url: '/api/v1/organization',
      headers: { authorization: `Bearer ${door.admin}` },
    });
    expect([answer.statusCode, answer.json().code, answer.headers['retry-after']]).toEqual([
      503,
      'storage.unavailable',
      '3',
    ]);
    expect(answer.body).not.toContain('fire');
    expect(door.log.at(-1)).toMatchObject({ level: 'error', code: 'storage.unavailable', internal: 'disk on fire' });
  });

  test('500 for what nobody expected', async () => {
    failure = new TypeError('disk on fire');
    const answer = await app.inject({
      url: '/api/v1/organization',
      headers: { authorization: `Bearer ${door.admin}` },
    });
    expect([answer.statusCode, answer.json().code]).toEqual([500, 'internal']);
    expect(answer.body).not.toContain('fire');
  });

  test('not ready, yet alive', async () => {
    failure = new DomainError('storage.unavailable');
    const ready = await app.inject({ url: '/readyz' });
    expect([ready.statusCode, ready.json(), ready.headers['retry-after']]).toEqual([
      503,
      { status: 'not_ready', reason: 'database_unreachable' },
      '1',
    ]);
    expect((await app.inject({ url: '/healthz' })).statusCode).toBe(200);
  });
});
