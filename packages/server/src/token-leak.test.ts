import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { engines, TEST_NOW } from '../../storage/test/engines.ts';
import { type Door, openDoor } from '../test/door.ts';

describe.each(engines)('a reported leak on $name', (engine) => {
  let door: Door;
  let accountId: string;
  beforeAll(async () => {
    door = await openDoor(engine);
    accountId = await door.createAccount();
  });
  afterAll(() => door.close());

  const report = (token: string) =>
    door.call('POST', '/api/v1/tokens/report-leak', { token: null, body: { token }, address: '203.0.113.7' });
  const works = async (value: string) => (await door.call('GET', '/api/v1/me', { token: value })).status === 200;
  const respondWith = (leakResponse: string) => door.call('PATCH', '/api/v1/organization', { body: { leakResponse } });
  const eventsOf = (id: string) => door.listEvents(`&action=token.leak_reported&targetId=${id}`);

  test('204: a live token ends with the answer, and one event says so', async () => {
    const token = await door.createToken(accountId);
    expect(await works(token.value)).toBe(true);
    const answer = await report(token.value);
    expect([answer.status, answer.text]).toEqual([204, '']);
    expect(await works(token.value)).toBe(false);
    expect(await eventsOf(token.id)).toMatchObject([
      {
        outcome: 'done',
        actor: { kind: 'system', id: null, tokenId: null },
        target: { kind: 'token', id: token.id },
        address: '203.0.113.7',
        details: { accountId, generation: 1, effect: 'token_ended' },
      },
    ]);
    await report(token.value);
    expect(await eventsOf(token.id)).toHaveLength(1);
  });

  test('a token that has expired is left as it is: it may be refreshed', async () => {
    const token = await door.createToken(accountId, { expiresAt: new Date(TEST_NOW + 1_000).toISOString() });
    door.database.clock.advance(1_000);
    expect((await report(token.value)).status).toBe(204);
    door.database.clock.advance(-1_000);
    expect(await eventsOf(token.id)).toEqual([]);
    expect(await works(token.value)).toBe(true);
  });

  test('204 with the same headers for live, dead, unknown and mistyped ones, and no receipt', async () => {
    const token = await door.createToken(accountId);
    const other = await door.createToken(accountId);
    const unknown = `${'pst_'}${'0'.repeat(49)}`;
    const answers = [];
    for (const value of [token.value, token.value, unknown, 'nothing like it']) answers.push(await report(value));
    const shown = answers.map(({ status, text, headers }) => {
      const { 'x-request-id': _id, date: _date, ...rest } = headers;
      return { status, text, headers: rest };
    });
    expect(shown).toEqual(Array(4).fill(shown[0]));
    expect(shown[0]?.headers).not.toHaveProperty('postern-receipt');
    expect(await works(other.value)).toBe(true);
  });

  test('a token that is restricted to other networks, or of another organization, ends as well', async () => {
    const body = { restrictions: { networks: ['192.0.2.0/24'] } };
    const token = await door.createToken(accountId, body);
    await report(token.value);
    const found = await door.call('GET', `/api/v1/service-accounts/${accountId}/tokens/${token.id}`);
    expect(found.status).toBe(404);
    const outsider = await door.createOutsider();
    await report(outsider);
    expect(await works(outsider)).toBe(false);
  });

  test('of the old value of a refreshed token only the overlap ends', async () => {
    const token = await door.createToken(accountId, { expiresAt: new Date(TEST_NOW + 86_400_000).toISOString() });
    const url = `/api/v1/service-accounts/${accountId}/tokens/${token.id}/refresh`;
    const refreshed = await door.call('POST', url, { body: { overlapSeconds: 3_600 } });
    expect([await works(token.value), await works(refreshed.body.value)]).toEqual([true, true]);
    await report(token.value);
    expect([await works(token.value), await works(refreshed.body.value)]).toEqual([false, true]);
    expect(await eventsOf(token.id)).toMatchObject([{ details: { generation: 1, effect: 'overlap_ended' } }]);
  });

  test('where the organization wants to be told only, the token lives, and one event an hour says so', async () => {
    expect((await respondWith('notify')).body).toMatchObject({ leakResponse: 'notify' });
    const token = await door.createToken(accountId);
    for (const value of [token.value, token.value]) expect((await report(value)).status).toBe(204);
    expect(await works(token.value)).toBe(true);
    expect(await eventsOf(token.id)).toMatchObject([{ details: { effect: 'noted' } }]);
    expect((await respondWith('revoke')).body).toMatchObject({ leakResponse: 'revoke' });
    await report(token.value);
    expect(await works(token.value)).toBe(false);
  });

  test('400 for a response that there is not, and for a report without a value', async () => {
    expect((await respondWith('ignore')).status).toBe(400);
    expect((await report('')).status).toBe(400);
  });
});
