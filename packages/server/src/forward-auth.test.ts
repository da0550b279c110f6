import { BlockList } from 'node:net';
import { createPlatformVerifier } from '@postern/core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { engines, TEST_NOW } from '../../storage/test/engines.ts';
import { type CallOptions, type Door, openDoor } from '../test/door.ts';
import { PRINCIPAL_HEADERS } from './forward-auth-verdict.ts';

const PROXY = '10.0.0.1';

describe.each(engines)('forward-auth on $name', (engine) => {
  let door: Door;
  let outsider: string;
  let shop: string;
  let caller: { accountId: string; tokenId: string; value: string };
  beforeAll(async () => {
    const trustedProxies = new BlockList();
    trustedProxies.addAddress(PROXY, 'ipv4');
    door = await openDoor(engine, { trustedProxies, forwardAuthHeader: 'x-api-key' });
    outsider = await door.createOutsider();
    const post = (path: string, body: object) => door.call('POST', `/api/v1${path}`, { body });
    await post('/permissions', { name: 'orders.read' });
    const role = (await post('/roles', { name: 'Shop keeper / Händler', permissions: ['orders.read'] })).body.id;
    shop = (await post('/workspaces', { name: 'shop' })).body.id;
    caller = await door.createCaller('member');
    await door.call('PUT', `/api/v1/workspaces/${shop}/members/${caller.accountId}`, { body: { role } });
  });
  afterAll(() => door.close());

  interface Question {
    readonly organization?: string;
    readonly permission?: string;
    readonly workspace?: string;
  }

  /** Of the door's own organization, unless the question says else. */
  function ask(token: string | null, question: Question = {}, { method = 'GET', ...options }: Asking = {}) {
    const query = new URLSearchParams({ organization: door.organizationId, ...question });
    return door.call(method, `/forward-auth?${query}`, { token, ...options });
  }
  type Asking = CallOptions & { readonly method?: string };

  const principalHeaders = (headers: Readonly<Record<string, string>>) =>
    Object.fromEntries(Object.entries(headers).filter(([name]) => name.startsWith('x-postern-')));

  test('200 with all headers of the principal, what is void empty, and no body', async () => {
    const answer = await ask(caller.value);
    expect([answer.status, answer.text, answer.headers['content-type']]).toEqual([200, '', undefined]);
    expect(answer.headers['cache-control']).toBe('no-store');
    expect(principalHeaders(answer.headers)).toEqual({
      'x-postern-principal': caller.accountId,
      'x-postern-principal-kind': 'service_account',
      'x-postern-principal-name': 'A%20member',
      'x-postern-organization': door.organizationId,
      'x-postern-organization-role': 'member',
      'x-postern-workspace-role': '',
      'x-postern-token': caller.tokenId,
    });
    expect(Object.keys(principalHeaders(answer.headers)).toSorted()).toEqual(
      Object.keys(PRINCIPAL_HEADERS)
        .map((name) => name.toLowerCase())
        .toSorted(),
    );
  });

  test('200 where the permission is held in the workspace, by its name or its id, with the role there', async () => {
    for (const workspace of ['shop', 'SHOP', shop]) {
      const answer = await ask(caller.value, { permission: 'orders.read', workspace });
      expect([answer.status, answer.headers['x-postern-workspace-role']]).toEqual([
        200,
        'Shop%20keeper%20%2F%20H%C3%A4ndler',
      ]);
    }
    const admin = await ask(door.admin, { permission: 'workspace.read', workspace: 'shop' });
    expect([admin.status, admin.headers['x-postern-workspace-role']]).toEqual([200, '']);
  });

  test.each(['HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])('%s is answered like GET', async (method) => {
    const [get, other] = [await ask(caller.value), await ask(caller.value, {}, { method })];
    expect([other.status, principalHeaders(other.headers)]).toEqual([200, principalHeaders(get.headers)]);
    expect((await ask(null, {}, { method })).status).toBe(401);
  });

  test('200 whatever body and headers a proxy passes on', async () => {
    const answer = await ask(
      caller.value,
      {},
      {
        method: 'POST',
        raw: Buffer.alloc(200_000, '{'),
        headers: {
          'content-type': 'application/json',
          'if-match': 'nonsense',
          'idempotency-key': 'short',
          'x-postern-principal': 'sa_forged',
        },
      },
    );
    expect([answer.status, answer.headers['x-postern-principal']]).toEqual([200, caller.accountId]);
  });

  test('401 with a bare challenge and no body where there is no token; a session is none', async () => {
    for (const headers of [{}, { cookie: '__Host-postern_session=whatever' }, { 'x-api-key': '' }]) {
      const answer = await ask(null, {}, { headers });
      expect([answer.status, answer.text, answer.headers['www-authenticate']]).toEqual([
        401,
        '',
        'Bearer realm="postern"',
      ]);
    }
    expect((await ask(caller.value, {}, { headers: { cookie: 'postern_session=whatever' } })).status).toBe(200);
  });

  test('401, all alike, for everything that is not a valid token of the organization', async () => {
    const deleted = await door.createCaller('member');
    await door.call('DELETE', `/api/v1/service-accounts/${deleted.accountId}/tokens/${deleted.tokenId}`);
    const { value: platform } = await createPlatformVerifier(door.server, { name: 'gateway' });
    const answers = [];
    for (const token of [deleted.value, outsider, platform.reveal(), 'nonsense']) answers.push(await ask(token));
    const elsewhere = `org_${'1'.repeat(26)}`;
    answers.push(await ask(caller.value, { organization: elsewhere }));
    answers.push(await ask(null, {}, { headers: { authorization: 'Basic YTpi' } }));
    for (const { status, text, headers } of answers) {
      expect([status, text, headers['www-authenticate'], principalHeaders(headers)]).toEqual([
        401,
        '',
        'Bearer realm="postern", error="invalid_token"',
        {},
      ]);
    }
  });

  test('a token of another organization leaves no trace there; a refused one of ours does here', async () => {
    const from = (agent: string) => ({ headers: { 'user-agent': agent } });
    expect((await ask(outsider, {}, from('to our proxy'))).status).toBe(401);
    expect((await ask(outsider, { organization: '*' }, from('to any'))).status).toBe(200);
    await door.server.usage.flush(door.database.storage);
    const { id, token } = (await door.call('GET', '/api/v1/me', { token: outsider, ...from('me') })).body;
    const callers = await door.call('GET', `/api/v1/service-accounts/${id}/tokens/${token.id}/callers`, {
      token: outsider,
    });
    const agents = callers.body.items.map(({ userAgent }: { userAgent: string }) => userAgent);
    expect(agents).toContain('to any');
    expect(agents).not.toContain('to our proxy');
    const refused = await door.createToken(caller.accountId, { restrictions: { networks: ['192.0.2.0/24'] } });
    expect((await ask(refused.value)).status).toBe(401);
    const events = await door.listEvents(`&targetId=${refused.id}`);
    expect(events.map(({ action }) => action)).toContain('token.use_refused');
    const reasons = door.log.filter(({ route }) => route === '/forward-auth').map(({ reason }) => reason);
    expect(reasons).toContain('another_organization');
    expect(reasons).toContain('network');
  });

  test('200 with `*` for every organization, which is named; never for who verifies for everybody', async () => {
    const [ours, theirs] = [await ask(caller.value, { organization: '*' }), await ask(outsider, { organization: '*' })];
    expect([ours.status, theirs.status]).toEqual([200, 200]);
    expect(ours.headers['x-postern-organization']).toBe(door.organizationId);
    expect(theirs.headers['x-postern-organization']).not.toBe(door.organizationId);
    const { value } = await createPlatformVerifier(door.server, { name: 'gateway' });
    expect((await ask(value.reveal(), { organization: '*' })).status).toBe(401);
  });

  test('403 names the permission, has no body, and says nothing of the principal', async () => {
    for (const question of [
      { permission: 'orders.read' },
      { permission: 'orders.read', workspace: 'nowhere' },
      { permission: 'workspace.manage', workspace: 'shop' },
    ]) {
      const answer = await ask(caller.value, question);
      expect([
        answer.status,
        answer.text,
        answer.headers['www-authenticate'],
        principalHeaders(answer.headers),
      ]).toEqual([403, '', `Bearer realm="postern", error="insufficient_scope", scope="${question.permission}"`, {}]);
    }
    expect(door.log.at(-1)).toMatchObject({
      route: '/forward-auth',
      code: 'permission.missing',
      principal: caller.accountId,
    });
  });

  test('what was asked about is the use of the token', async () => {
    const { accountId, tokenId, value } = await door.createCaller('member');
    await ask(value, {}, { headers: { 'user-agent': 'invoices/1.2' }, address: '192.0.2.7' });
    await ask(
      value,
      { permission: 'orders.read' },
      { headers: { 'user-agent': 'invoices/1.2' }, address: '192.0.2.7' },
    );
    await door.server.usage.flush(door.database.storage);
    const path = `/api/v1/service-accounts/${accountId}/tokens/${tokenId}`;
    expect((await door.call('GET', `${path}/callers`)).body.items).toMatchObject([
      { address: '192.0.2.7', userAgent: 'invoices/1.2', calls: 2 },
    ]);
    const to = new Date(TEST_NOW + 1).toISOString();
    const usage = (await door.call('GET', `${path}/usage?to=${to}`)).body.items;
    expect(usage.map(({ outcome, calls }: { outcome: string; calls: number }) => [outcome, calls]).sort()).toEqual([
      ['allowed', 1],
      ['denied', 1],
    ]);
  });

  test.each([
    ['no organization', '', '/organization'],
    ['an organization by name', '?organization=Acme', '/organization'],
    ['an empty organization', '?organization=', '/organization'],
    ['two organizations', '?organization=*&organization=*', '/organization'],
    ['an empty permission', '?organization=*&permission=', '/permission'],
    ['an empty workspace', '?organization=*&permission=orders.read&workspace=', '/workspace'],
    ['a workspace without a permission', '?organization=*&workspace=shop', '/workspace'],
    ['a misspelled parameter', '?organization=*&permision=orders.read', '/permision'],
    ['what a caller’s address adds', '?organization=*&permission=orders.read&permission=workspace.read', '/permission'],
  ])('400 for a question with %s: a mistake in a configuration lets nobody in', async (_, query, path) => {
    const answer = await door.call('GET', `/forward-auth${query}`, { token: door.admin });
    expect([answer.status, answer.body.code]).toEqual([400, 'request.invalid']);
    expect(answer.body.errors).toContainEqual({ path, message: expect.any(String) });
  });

  test('400 for a token in the query, for two tokens, and for one beside another', async () => {
    const misplaced = await ask(caller.value, { permission: 'orders.read', workspace: caller.value });
    expect([misplaced.status, misplaced.body.code]).toEqual([400, 'request.credentials_misplaced']);
    const two = await ask(caller.value, {}, { headers: { 'x-api-key': caller.value } });
    expect([two.status, two.body.code]).toEqual([400, 'request.credentials_ambiguous']);
  });

  test('200 for the value alone in the header that the server is set to', async () => {
    const answer = await ask(null, {}, { headers: { 'X-API-Key': caller.value } });
    expect([answer.status, answer.headers['x-postern-principal']]).toEqual([200, caller.accountId]);
    expect((await ask(null, {}, { headers: { 'x-api-key': `Bearer ${caller.value}` } })).status).toBe(401);
    expect((await ask(null, {}, { headers: { 'x-other-key': caller.value } })).status).toBe(401);
  });

  test('a restricted network is held against the nearest address that is no trusted proxy', async () => {
    const accountId = await door.createAccount();
    const { value } = await door.createToken(accountId, { restrictions: { networks: ['192.0.2.0/24'] } });
    const from = async (address: string, forwarded?: string) =>
      (await ask(value, {}, { address, ...(forwarded && { headers: { 'x-forwarded-for': forwarded } }) })).status;
    expect(await from(PROXY, '192.0.2.9')).toBe(200);
    expect(await from(PROXY, `192.0.2.9, ${PROXY}`)).toBe(200);
    // What a caller wrote stands further left than what the proxy added.
    expect(await from(PROXY, '192.0.2.9, 203.0.113.5')).toBe(401);
    expect(await from(PROXY, '203.0.113.5')).toBe(401);
    expect(await from(PROXY)).toBe(401);
    // Whoever is no proxy says what it likes.
    expect(await from('203.0.113.5', '192.0.2.9')).toBe(401);
    expect(await from('192.0.2.9')).toBe(200);
  });

  test('a token that is disabled, or whose role is gone, is refused at the next question', async () => {
    const { accountId, value } = await door.createCaller('member');
    const put = { body: { role: 'member' } };
    await door.call('PUT', `/api/v1/workspaces/${shop}/members/${accountId}`, put);
    const question = { permission: 'workspace.read', workspace: 'shop' };
    expect((await ask(value, question)).status).toBe(200);
    await door.call('DELETE', `/api/v1/workspaces/${shop}/members/${accountId}`);
    expect((await ask(value, question)).status).toBe(403);
    await door.call('POST', `/api/v1/service-accounts/${accountId}/disable`);
    expect((await ask(value, question)).status).toBe(401);
  });

  test('a warm question is answered from memory', async () => {
    const { tokenId, value } = await door.createCaller('member');
    const question = { permission: 'workspace.read', workspace: 'shop' };
    expect((await ask(value)).status).toBe(200);
    expect((await ask(value, question)).status).toBe(403);
    // Behind the server's back: no change tells of it, so whoever read would find nobody.
    await door.database.query(`delete from token_digest where token_id = '${tokenId}' returning token_id`);
    expect((await ask(value)).status).toBe(200);
    expect((await ask(value, question)).status).toBe(403);
  });

  test('an old value is let through and told so', async () => {
    const { accountId, tokenId, value } = await door.createCaller('member');
    await door.call('POST', `/api/v1/service-accounts/${accountId}/tokens/${tokenId}/refresh`, {
      body: { overlapSeconds: 600 },
    });
    const answer = await ask(value);
    expect([answer.status, answer.headers['postern-token']]).toEqual([200, expect.stringMatching(/^retiring; until=/)]);
    expect((await ask(value, { permission: 'orders.read' })).headers['postern-token']).toMatch(/^retiring/);
  });
});

describe('where there are many failures', () => {
  test('429 for one more, and 200 for a valid token from there', async () => {
    const door = await openDoor(engines[0] as (typeof engines)[number], {
      throttle: { burst: 2, refillPerSecond: 0.001, addresses: 10 },
    });
    const ask = (token: string) => door.call('GET', `/forward-auth?organization=${door.organizationId}`, { token });
    expect((await ask('nonsense')).status).toBe(401);
    expect((await ask('nonsense')).status).toBe(401);
    const throttled = await ask('nonsense');
    expect([throttled.status, throttled.body.code, Number(throttled.headers['retry-after'])]).toEqual([
      429,
      'rate.limited',
      expect.any(Number),
    ]);
    expect((await ask(door.admin)).status).toBe(200);
    await door.close();
  });
});
