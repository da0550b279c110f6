import * as oauth from 'oauth4webapi';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { engines, TEST_NOW } from '../../storage/test/engines.ts';
import { type Door, openDoor } from '../test/door.ts';

describe.each(engines)('OAuth endpoints on $name', (engine) => {
  let door: Door;
  let verifier: { accountId: string; value: string };
  beforeAll(async () => {
    door = await openDoor(engine);
    verifier = await door.createCaller('verifier');
  });
  afterAll(() => door.close());

  const basic = (user: string, password: string) => `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;

  function post(path: string, form: string, { authorization }: { authorization?: string } = {}) {
    return door.call('POST', path, {
      token: null,
      raw: form,
      headers: { 'content-type': 'application/x-www-form-urlencoded', ...(authorization && { authorization }) },
    });
  }
  const introspect = (form: string, authorization = `Bearer ${verifier.value}`) =>
    post('/oauth2/introspect', form, { authorization });

  test('200 with what RFC 7662 says of a token', async () => {
    const expiresAt = new Date(TEST_NOW + 60_500).toISOString();
    const { id, value } = await door.createToken(door.adminAccountId, { expiresAt });
    const answer = await introspect(`token=${value}&token_type_hint=access_token&unknown=ignored`);
    expect(answer.status).toBe(200);
    expect(answer.headers['cache-control']).toBe('no-store');
    expect(answer.body).toEqual({
      active: true,
      sub: door.adminAccountId,
      client_id: door.adminAccountId,
      username: 'bootstrap',
      scope: expect.stringContaining('service_account.create'),
      exp: Math.floor(TEST_NOW / 1_000) + 60,
      iat: Math.floor(TEST_NOW / 1_000),
      token_type: 'Bearer',
      iss: 'https://postern.test',
      'urn:postern:kind': 'service_account',
      'urn:postern:organization_id': expect.stringMatching(/^org_/),
      'urn:postern:organization_name': 'Acme',
      'urn:postern:organization_role': 'admin',
      'urn:postern:token_id': id,
      'urn:postern:token_name': 'nightly',
      'urn:postern:generation': 1,
    });
  });

  test('200 with an empty scope for a workspace: there is none', async () => {
    expect((await introspect(`token=${door.admin}&workspace=prod`)).body).toMatchObject({ active: true, scope: '' });
  });

  test('200 and inactive for everything else, a token of another organization included', async () => {
    for (const token of ['nonsense', await door.createOutsider()]) {
      expect((await introspect(`token=${token}`)).text).toBe('{"active":false}');
    }
  });

  test('HTTP Basic takes the account id and the token, here only', async () => {
    const good = basic(verifier.accountId, verifier.value);
    expect((await introspect(`token=${door.admin}`, good)).body.active).toBe(true);
    const encoded = basic(verifier.accountId.replace('_', '%5F'), verifier.value.replace('_', '%5F'));
    expect((await introspect(`token=${door.admin}`, encoded)).body.active).toBe(true);
    const me = await door.call('GET', '/api/v1/me', { token: null, headers: { authorization: good } });
    expect([me.status, me.body.code]).toEqual([401, 'token.malformed']);
  });

  test.each<[number, string, string, string, string]>([
    [401, 'invalid_client', 'Basic realm="postern", charset="UTF-8"', 'no credential', ''],
    [401, 'invalid_client', 'Basic realm="postern", charset="UTF-8"', 'another account', 'basic:sa_x'],
    [401, 'invalid_client', 'Basic realm="postern", charset="UTF-8"', 'a wrong password', 'basic:wrong'],
    [401, 'invalid_token', 'Bearer realm="postern", error="invalid_token"', 'a bad token', 'Bearer nonsense'],
  ])('%i %s with %s for %s', async (status, error, challenge, _, given) => {
    const authorization =
      given === 'basic:sa_x'
        ? basic('sa_x', verifier.value)
        : given === 'basic:wrong'
          ? basic(verifier.accountId, 'wrong')
          : given;
    const answer = await post('/oauth2/introspect', `token=${door.admin}`, { authorization });
    expect([answer.status, answer.body.error, answer.headers['www-authenticate']]).toEqual([status, error, challenge]);
    expect(Object.keys(answer.body)).toEqual(['error', 'error_description']);
  });

  test('403 for who may not introspect', async () => {
    const { value } = await door.createCaller('member');
    const answer = await introspect('token=x', `Bearer ${value}`);
    expect([answer.status, answer.body.error]).toEqual([403, 'insufficient_scope']);
    expect(answer.headers['www-authenticate']).toContain('scope="token.introspect"');
  });

  test.each([
    '',
    'token=',
    'token=a&token=b',
    'token=a&client_address=nowhere',
    'token=a&client_address=::1&client_address=::2',
  ])('400 invalid_request for "%s"', async (form) => {
    const answer = await introspect(form);
    expect([answer.status, answer.body.error]).toEqual([400, 'invalid_request']);
  });

  test('400 for a credential in the body', async () => {
    const answer = await introspect(`token=a&client_secret=${verifier.value}`);
    expect([answer.status, answer.body.error]).toEqual([400, 'invalid_request']);
  });

  test('415 for JSON', async () => {
    const answer = await door.call('POST', '/oauth2/introspect', {
      token: verifier.value,
      body: { token: door.admin },
    });
    expect([answer.status, answer.body.error]).toEqual([415, 'invalid_request']);
  });

  test('the presenter that the verifier names is recorded', async () => {
    const { accountId, tokenId, value } = await door.createCaller('member');
    await introspect(`token=${value}&client_address=203.0.113.5`);
    await door.server.usage.flush(door.server.storage);
    const callers = await door.call('GET', `/api/v1/service-accounts/${accountId}/tokens/${tokenId}/callers`);
    expect(callers.body.items).toMatchObject([{ address: '203.0.113.5', calls: 1 }]);
  });

  test('whoever holds a token may revoke it, once or twice, and it leaves its event', async () => {
    const { accountId, tokenId, value } = await door.createCaller('member');
    const first = await post('/oauth2/revoke', `token=${value}&token_type_hint=refresh_token`);
    expect([first.status, first.text]).toEqual([200, '{}']);
    expect(first.headers['postern-receipt']).toMatch(/^position=\d+, confirmed=1/);
    expect((await door.call('GET', '/api/v1/me', { token: value })).status).toBe(401);
    expect((await post('/oauth2/revoke', `token=${value}`)).status).toBe(200);
    const events = await door.listEvents(`&targetId=${tokenId}`);
    expect(events.filter(({ action }) => action === 'token.delete')).toMatchObject([
      { outcome: 'done', actor: { id: accountId, tokenId } },
    ]);
  });

  describe('whoever holds a token may revoke it where it is refused', () => {
    /** Refused now, revoked then, and still refused once nothing else keeps it from working. */
    async function expectRevoked(value: string, lift: () => Promise<unknown>): Promise<void> {
      expect((await door.call('GET', '/api/v1/me', { token: value })).status).toBe(401);
      const answer = await post('/oauth2/revoke', `token=${value}`);
      expect([answer.status, answer.headers['postern-receipt']]).toEqual([200, expect.stringContaining('position=')]);
      await lift();
      expect((await introspect(`token=${value}&client_address=192.0.2.1`)).text).toBe('{"active":false}');
      const [event] = await door.listEvents('&action=token.delete');
      expect(event).toMatchObject({ outcome: 'done', actor: { kind: 'service_account' } });
    }

    test('by its networks', async () => {
      const { accountId } = await door.createCaller('member');
      const { value } = await door.createToken(accountId, { restrictions: { networks: ['192.0.2.0/24'] } });
      expect((await introspect(`token=${value}&client_address=192.0.2.1`)).body.active).toBe(true);
      await expectRevoked(value, async () => undefined);
    });

    test('by the plan', async () => {
      const { value } = await door.createCaller('member');
      await door.setPlan('community');
      await expectRevoked(value, () => door.setPlan('enterprise'));
    });

    test('by the token policy', async () => {
      const { value } = await door.createCaller('member');
      const group = await door.call('POST', '/api/v1/groups', { body: { name: 'Trusted' } });
      const members = `/api/v1/groups/${group.body.id}/members`;
      for (const id of [door.adminAccountId, verifier.accountId])
        await door.call('PUT', `${members}/${id}`, { body: { role: 'member' } });
      const setPolicy = async (creation: unknown) => {
        const answer = await door.call('PATCH', '/api/v1/organization', {
          body: { tokenPolicy: { creation, requireExpiry: false } },
        });
        expect(answer.status).toBe(200);
      };
      await setPolicy({ groupIds: [group.body.id] });
      await expectRevoked(value, () => setPolicy('everyone'));
    });
  });

  test('revoking a value that has ended leaves the token as it is', async () => {
    const { accountId, tokenId, value } = await door.createCaller('member');
    const refreshed = await door.call('POST', `/api/v1/service-accounts/${accountId}/tokens/${tokenId}/refresh`, {
      body: {},
    });
    expect((await post('/oauth2/revoke', `token=${value}`)).status).toBe(200);
    expect((await door.call('GET', '/api/v1/me', { token: refreshed.body.value })).status).toBe(200);
  });

  test.each(['nonsense', `pst_${'0'.repeat(49)}`])('200 for revoking %s', async (token) => {
    expect((await post('/oauth2/revoke', `token=${token}`)).status).toBe(200);
  });

  test('401 for revoking beside a bad credential', async () => {
    const { value } = await door.createCaller('member');
    const answer = await post('/oauth2/revoke', `token=${value}`, { authorization: 'Bearer nonsense' });
    expect([answer.status, answer.body.error]).toEqual([401, 'invalid_token']);
    expect((await door.call('GET', '/api/v1/me', { token: value })).status).toBe(200);
  });

  test('a client that we did not write introspects and revokes over a real connection', async () => {
    const url = await door.app.listen({ port: 0, host: '127.0.0.1' });
    const server: oauth.AuthorizationServer = {
      issuer: 'https://postern.test',
      introspection_endpoint: `${url}/oauth2/introspect`,
      revocation_endpoint: `${url}/oauth2/revoke`,
    };
    const insecure = { [oauth.allowInsecureRequests]: true };
    const client: oauth.Client = { client_id: verifier.accountId };
    const authentication = oauth.ClientSecretBasic(verifier.value);
    const { value, accountId } = await door.createCaller('member');

    async function isActive() {
      const response = await oauth.introspectionRequest(server, client, authentication, value, insecure);
      return oauth.processIntrospectionResponse(server, client, response);
    }
    expect(await isActive()).toMatchObject({ active: true, sub: accountId, scope: '' });
    const revoked = await oauth.revocationRequest(server, { client_id: accountId }, oauth.None(), value, insecure);
    expect(await oauth.processRevocationResponse(revoked)).toBeUndefined();
    expect(await isActive()).toEqual({ active: false });

    const stranger = oauth.ClientSecretBasic('nonsense');
    const refused = await oauth.introspectionRequest(server, client, stranger, value, insecure);
    await expect(oauth.processIntrospectionResponse(server, client, refused)).rejects.toThrow();
  });
});

describe('who revokes what is not valid', () => {
  const [sqlite] = engines;
  if (!sqlite) throw new Error('there is no engine');
  let door: Door;
  beforeEach(async () => {
    door = await openDoor(sqlite, { throttle: { burst: 3, refillPerSecond: 1, addresses: 10 }, monotonic: () => 0 });
  });
  afterEach(() => door.close());

  const revoke = (value: string, address = '192.0.2.1') =>
    door.call('POST', '/oauth2/revoke', {
      token: null,
      raw: `token=${value}`,
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      address,
    });

  test('429 once it was too often, whatever the value; one that works is revoked all the same', async () => {
    const { value: dead } = await door.createToken(door.adminAccountId);
    const { value } = await door.createToken(door.adminAccountId);
    const sent = [dead, dead, 'nonsense', `pst_${'0'.repeat(49)}`, dead, 'nonsense'];
    const answers = [];
    for (const each of sent) answers.push(await revoke(each));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 429, 429]);
    expect(answers.at(-1)).toMatchObject({
      body: { error: 'temporarily_unavailable' },
      headers: { 'retry-after': '1' },
    });
    const done = await revoke(value);
    expect([done.status, done.headers['postern-receipt']]).toEqual([200, expect.stringContaining('position=')]);
    expect((await revoke(dead, '192.0.2.2')).status).toBe(200);
  });

  test('one that is refused only here, and ends by it, is no attempt, after however many', async () => {
    const { accountId } = await door.createCaller('member');
    for (let index = 0; index < 5; index += 1) await revoke('nonsense');
    expect((await revoke('nonsense')).status).toBe(429);
    for (let index = 0; index < 5; index += 1) {
      const { value } = await door.createToken(accountId, { restrictions: { networks: ['203.0.113.0/24'] } });
      const answer = await revoke(value);
      expect([answer.status, answer.headers['postern-receipt']]).toEqual([200, expect.stringContaining('position=')]);
    }
  });
});
