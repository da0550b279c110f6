import { randomBytes } from 'node:crypto';
import { mintTokenValue } from '@postern/core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { engines, TEST_NOW } from '../../storage/test/engines.ts';
import { type Door, openDoor } from '../test/door.ts';

const BARE = 'Bearer realm="postern"';
const INVALID = 'Bearer realm="postern", error="invalid_token"';

describe.each(engines)('credentials on $name', (engine) => {
  let door: Door;
  beforeAll(async () => {
    door = await openDoor(engine);
  });
  afterAll(() => door.close());

  const callWith = (authorization: string) =>
    door.call('GET', '/api/v1/me', { token: null, headers: { authorization } });

  test('401 with a bare challenge without any', async () => {
    const answer = await door.call('GET', '/api/v1/me', { token: null });
    expect([answer.status, answer.body.code, answer.headers['www-authenticate']]).toEqual([
      401,
      'credentials.missing',
      BARE,
    ]);
  });

  test.each(['Bearer', 'bearer', 'BEARER', 'bEaReR '])('200 for the scheme "%s"', async (scheme) => {
    expect((await callWith(`${scheme} ${door.admin}`)).status).toBe(200);
  });

  test.each([
    ['no token', 'Bearer'],
    ['two tokens', `Bearer A, Bearer B`],
    ['a tab', 'Bearer\tTOKEN'],
    ['another scheme', 'Token TOKEN'],
    ['no scheme', 'TOKEN'],
    ['HTTP Basic', `Basic ${Buffer.from('sa_x:TOKEN').toString('base64')}`],
    ['something after it', 'Bearer TOKEN x'],
    ['a wrong checksum', 'Bearer pst_0000000000000000000000000000000000000000000000000'],
    ['another case', 'Bearer pST'],
    ['something shorter', 'Bearer pst_1'],
    ['quotes', 'Bearer "TOKEN"'],
  ])('401 token.malformed for %s', async (_, authorization) => {
    const answer = await callWith(authorization.replace('TOKEN', door.admin));
    expect([answer.status, answer.body.code, answer.headers['www-authenticate']]).toEqual([
      401,
      'token.malformed',
      INVALID,
    ]);
    expect(answer.text).not.toContain(door.admin.slice(4));
  });

  test('one and the same 401 for unknown, expired, old, deleted and disabled; the log and the audit log say why', async () => {
    const expiresAt = new Date(TEST_NOW + 60_000).toISOString();
    const expired = await door.createCaller('member');
    const short = await door.createToken(expired.accountId, { expiresAt });
    const refreshed = await door.createCaller('member');
    const deleted = await door.createCaller('member');
    const disabled = await door.createCaller('member');
    const gone = await door.createCaller('member');
    const url = (caller: { accountId: string; tokenId: string }) =>
      `/api/v1/service-accounts/${caller.accountId}/tokens/${caller.tokenId}`;
    await door.call('POST', `${url(refreshed)}/refresh`);
    await door.call('DELETE', url(deleted));
    await door.call('POST', `/api/v1/service-accounts/${disabled.accountId}/disable`);
    await door.call('DELETE', `/api/v1/service-accounts/${gone.accountId}`);
    door.database.clock.advance(60_000);

    const cases: [string, string][] = [
      ['unknown', mintTokenValue(randomBytes).reveal()],
      ['expired', short.value],
      ['retired', refreshed.value],
      ['token_deleted', deleted.value],
      ['account_disabled', disabled.value],
      ['account_deleted', gone.value],
    ];
    for (const [reason, value] of cases) {
      const answer = await callWith(`Bearer ${value}`);
      const requestId = answer.headers['x-request-id'];
      expect([reason, answer.status, answer.headers['www-authenticate']]).toEqual([reason, 401, INVALID]);
      expect(answer.body).toEqual({
        type: expect.stringMatching(/errors\.md#token-invalid$/),
        title: 'The token is not valid.',
        status: 401,
        code: 'token.invalid',
        requestId,
      });
      expect(door.log.find((line) => line['requestId'] === requestId)).toMatchObject({ code: 'token.invalid' });
      const events = await door.listEvents(`&requestId=${requestId}`);
      if (reason === 'unknown') expect(events).toEqual([]);
      else
        expect(events).toMatchObject([
          { action: 'token.use_refused', outcome: 'refused', details: { reason: expect.any(String) } },
        ]);
    }
    door.database.clock.set(TEST_NOW);
  });

  test('401 while the plan pauses service accounts, 200 once it does not', async () => {
    await door.setPlan('community');
    expect((await callWith(`Bearer ${door.admin}`)).status).toBe(401);
    await door.setPlan('commercial');
    expect((await callWith(`Bearer ${door.admin}`)).status).toBe(200);
  });

  test('before the body is read: 401 for a body that would be 400', async () => {
    const answer = await door.call('POST', '/api/v1/service-accounts', {
      token: null,
      raw: '{',
      headers: { 'content-type': 'application/json' },
    });
    expect(answer.status).toBe(401);
  });
});

describe('who fails too often', () => {
  const [sqlite] = engines;
  if (!sqlite) throw new Error('there is no engine');
  let door: Door;
  let now = 0;
  beforeAll(async () => {
    const throttle = { burst: 3, refillPerSecond: 1, addresses: 10 };
    door = await openDoor(sqlite, { throttle, monotonic: () => now });
  });
  afterAll(() => door.close());

  const fail = (address: string) => door.call('GET', '/api/v1/me', { token: 'nonsense', address });

  test('429 with Retry-After; a valid token from there is never affected; others are not either', async () => {
    expect(await Promise.all([1, 2, 3].map(async () => (await fail('192.0.2.1')).status))).toEqual([401, 401, 401]);
    const answer = await fail('192.0.2.1');
    expect([answer.status, answer.body.code, answer.headers['retry-after']]).toEqual([429, 'rate.limited', '1']);
    expect((await door.call('GET', '/api/v1/me', { address: '192.0.2.1' })).status).toBe(200);
    expect((await door.call('GET', '/api/v1/me', { token: null, address: '192.0.2.1' })).status).toBe(401);
    expect((await fail('192.0.2.2')).status).toBe(401);
    now += 1_000;
    expect((await fail('192.0.2.1')).status).toBe(401);
    expect((await fail('192.0.2.1')).status).toBe(429);
  });

  test('429 for all of an IPv6 /64 together', async () => {
    for (const host of [1, 2, 3]) expect((await fail(`2001:db8::${host}`)).status).toBe(401);
    expect((await fail('2001:db8::4')).status).toBe(429);
    expect((await fail('2001:db8:0:1::4')).status).toBe(401);
  });

  test('429 as OAuth says it', async () => {
    for (let index = 0; index < 3; index += 1) await fail('192.0.2.9');
    const answer = await door.call('POST', '/oauth2/introspect', { token: 'nonsense', address: '192.0.2.9', body: {} });
    expect([answer.status, answer.body.error]).toEqual([429, 'temporarily_unavailable']);
  });
});
