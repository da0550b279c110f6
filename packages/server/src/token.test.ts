import { DomainError } from '@postern/core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { engines, TEST_NOW } from '../../storage/test/engines.ts';
import { type Answer, type Door, openDoor } from '../test/door.ts';

const UNKNOWN = `tok_${'0'.repeat(26)}`;
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

describe.each(engines)('tokens on $name', (engine) => {
  let door: Door;
  let accountId: string;
  let outsider: string;
  beforeAll(async () => {
    door = await openDoor(engine);
    outsider = await door.createOutsider();
    accountId = await door.createAccount();
  });
  afterAll(() => door.close());

  const tokens = () => `/api/v1/service-accounts/${accountId}/tokens`;
  const at = (ms: number) => new Date(TEST_NOW + ms).toISOString();
  const works = async (value: string) => (await door.call('GET', '/api/v1/me', { token: value })).status === 200;

  test('201 with the value, once, with Location, ETag and receipt', async () => {
    const body = { name: 'Nightly', description: 'Every night', expiresAt: at(DAY) };
    const made = await door.call('POST', tokens(), { body });
    expect(made.status).toBe(201);
    expect(made.body.value).toMatch(/^pst_[0-9A-Za-z]{49}$/);
    expect(made.body.token).toMatchObject({
      ...body,
      accountId,
      hint: made.body.value.slice(43, 47),
      status: 'active',
      refreshedAt: null,
      lastUsedAt: null,
    });
    expect(made.body.token).not.toHaveProperty('previous');
    expect(made.headers['location']).toBe(`${tokens()}/${made.body.token.id}`);
    expect(made.headers['postern-receipt']).toMatch(/^position=/);
    const found = await door.call('GET', made.headers['location'] ?? '');
    expect([found.status, found.headers['etag'], found.body.name]).toEqual([200, '"1"', 'Nightly']);
    expect(found.text).not.toContain(made.body.value.slice(4, 40));
    expect(await works(made.body.value)).toBe(true);
  });

  test.each([
    ['/name', {}],
    ['/name', { name: '' }],
    ['/expiresAt', { name: 'x', expiresAt: 'tomorrow' }],
    ['/expiresAt', { name: 'x', expiresAt: '2026-02-30T00:00:00Z' }],
    ['/expiresAt', { name: 'x', expiresAt: '2020-01-01T00:00:00Z' }],
    ['/expiresAt', { name: 'x', expiresAt: 12 }],
    ['/restrictions/scopes', { name: 'x', restrictions: { scopes: [] } }],
    ['/restrictions/permissions/0', { name: 'x', restrictions: { permissions: ['orders.read'] } }],
    ['/restrictions/workspaces/0', { name: 'x', restrictions: { workspaces: ['nowhere'] } }],
    ['/restrictions/networks/0', { name: 'x', restrictions: { networks: ['192.0.2.1/24'] } }],
  ])('400 at %s for %j', async (path, body) => {
    const answer = await door.call('POST', tokens(), { body });
    expect([answer.status, answer.body.errors?.[0]?.path]).toEqual([400, path]);
  });

  test('409 for a token of a disabled account, 404 for one of no account', async () => {
    const disabled = await door.createAccount();
    await door.call('POST', `/api/v1/service-accounts/${disabled}/disable`);
    const body = { name: 'x' };
    const answer = await door.call('POST', `/api/v1/service-accounts/${disabled}/tokens`, { body });
    expect([answer.status, answer.body.code]).toEqual([409, 'service_account.disabled']);
    const unknown = await door.call('POST', `/api/v1/service-accounts/sa_${'0'.repeat(26)}/tokens`, { body });
    expect([unknown.status, unknown.body.code]).toEqual([404, 'service_account.not_found']);
  });

  test('403 for a token that would outlast the one that makes it', async () => {
    const { accountId: owner } = await door.createCaller('admin');
    const { value } = await door.createToken(owner, { expiresAt: at(HOUR) });
    for (const expiresAt of [null, at(2 * HOUR)]) {
      const answer = await door.call('POST', tokens(), { token: value, body: { name: 'x', expiresAt } });
      expect([answer.status, answer.body.code]).toEqual([403, 'token.exceeds_credential']);
      expect(answer.headers['www-authenticate']).toBe('Bearer realm="postern", error="insufficient_scope"');
    }
  });

  test('401 from the instant of its expiry on', async () => {
    const { id, value } = await door.createToken(accountId, { expiresAt: at(HOUR) });
    door.database.clock.set(TEST_NOW + HOUR - 1);
    expect(await works(value)).toBe(true);
    door.database.clock.set(TEST_NOW + HOUR);
    expect(await works(value)).toBe(false);
    expect((await door.call('GET', `${tokens()}/${id}`)).body.status).toBe('expired');
    door.database.clock.set(TEST_NOW);
  });

  test('200 for a new name; 400 for a later expiry; 412 for another ETag', async () => {
    const { id } = await door.createToken(accountId, { expiresAt: at(DAY) });
    const url = `${tokens()}/${id}`;
    const renamed = await door.call('PATCH', url, { body: { name: 'Renamed', expiresAt: at(HOUR) } });
    expect([renamed.status, renamed.body.name, renamed.body.expiresAt]).toEqual([200, 'Renamed', at(HOUR)]);
    const later = await door.call('PATCH', url, { body: { expiresAt: at(2 * HOUR) } });
    expect([later.status, later.body.errors?.[0]?.path]).toEqual([400, '/expiresAt']);
    expect((await door.call('PATCH', url, { body: { expiresAt: null } })).status).toBe(400);
    expect((await door.call('PATCH', url, { body: {}, headers: { 'if-match': '"1"' } })).status).toBe(412);
  });

  test('200 for a refresh without body: the old value is dead, the id stays', async () => {
    const { id, value } = await door.createToken(accountId);
    const refreshed = await door.call('POST', `${tokens()}/${id}/refresh`);
    expect([refreshed.status, refreshed.body.token.id, refreshed.headers['etag']]).toEqual([200, id, '"2"']);
    expect(refreshed.body.token).toMatchObject({ refreshedAt: at(0), hint: refreshed.body.value.slice(43, 47) });
    expect(refreshed.body.receipt).toMatchObject({ confirmed: 1, expired: 0 });
    expect([await works(value), await works(refreshed.body.value)]).toEqual([false, true]);
  });

  test('Postern-Token on calls with the old value during an overlap, which ends when it is told to', async () => {
    const { id, value } = await door.createToken(accountId);
    const refreshed = await door.call('POST', `${tokens()}/${id}/refresh`, { body: { overlapSeconds: 60 } });
    expect(refreshed.body.token.previous).toMatchObject({ hint: value.slice(43, 47), validUntil: at(60_000) });
    const old = await door.call('GET', '/api/v1/me', { token: value });
    expect([old.status, old.headers['postern-token']]).toEqual([200, `retiring; until=${at(60_000)}`]);
    const now = await door.call('GET', '/api/v1/me', { token: refreshed.body.value });
    expect(now.headers).not.toHaveProperty('postern-token');
    const again = await door.call('POST', `${tokens()}/${id}/refresh`, { body: { overlapSeconds: 1 } });
    expect([again.status, again.body.code]).toEqual([409, 'token.overlap_in_progress']);
    expect(
      (await door.call('GET', '/api/v1/tokens?overlap=true')).body.items.map((item: { id: string }) => item.id),
    ).toEqual([id]);

    const ended = await door.call('POST', `${tokens()}/${id}/end-overlap`);
    expect([ended.status, ended.body.id, ended.body.receipt.confirmed]).toEqual([200, id, 1]);
    expect(ended.body).not.toHaveProperty('previous');
    expect(await works(value)).toBe(false);
    expect((await door.call('POST', `${tokens()}/${id}/end-overlap`)).status).toBe(200);
  });

  test.each([-1, 604_801, 1.5, '60', null])('400 for overlapSeconds %j', async (overlapSeconds) => {
    const { id } = await door.createToken(accountId);
    const answer = await door.call('POST', `${tokens()}/${id}/refresh`, { body: { overlapSeconds } });
    expect([answer.status, answer.body.errors?.[0]?.path]).toEqual([400, '/overlapSeconds']);
  });

  test('409 when two refreshes race: one new value, and no other', async () => {
    const { id } = await door.createToken(accountId);
    const answers = await Promise.all([1, 2, 3].map(() => door.call('POST', `${tokens()}/${id}/refresh`)));
    const won = answers.filter(({ status }) => status === 200);
    expect(won.length).toBeGreaterThanOrEqual(1);
    for (const { status, body } of answers)
      if (status !== 200) expect([status, body.code]).toEqual([409, 'token.refresh_conflict']);
    const alive = await Promise.all(won.map(({ body }) => works(body.value)));
    expect(alive.filter((each) => each)).toHaveLength(1);
  });

  test('200 with the same token and value for a repeated refresh under one key, until it is superseded', async () => {
    const { id } = await door.createToken(accountId);
    const request = { body: { overlapSeconds: 60 }, headers: { 'idempotency-key': 'refresh-0123456789-0123456' } };
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => door.call('POST', `${tokens()}/${id}/refresh`, request)),
    );
    const said = ({ status, body }: Answer<{ token: unknown; value: string }>) =>
      JSON.stringify([status, body.token, body.value]);
    expect(new Set(answers.map(said)).size).toBe(1);
    expect(answers[0]?.status).toBe(200);
    const events = await door.listEvents(`&targetId=${id}`);
    expect(events.filter(({ action }) => action === 'token.refresh')).toHaveLength(1);
    expect(events.filter(({ action }) => action === 'token.value_replayed')).toHaveLength(9);

    await door.call('POST', `${tokens()}/${id}/refresh`);
    const late = await door.call('POST', `${tokens()}/${id}/refresh`, request);
    expect([late.status, late.body.code]).toEqual([409, 'idempotency.superseded']);
    expect(late.text).not.toMatch(/pst_/);
    const other = await door.call('POST', `${tokens()}/${id}/refresh`, { ...request, body: {} });
    expect([other.status, other.body.code]).toEqual([409, 'idempotency.mismatch']);
  });

  test('201 with one and the same value for fifty requests under one key at once', async () => {
    const request = { body: { name: 'Once' }, headers: { 'idempotency-key': 'create-0123456789-01234567' } };
    const answers = await Promise.all(Array.from({ length: 50 }, () => door.call('POST', tokens(), request)));
    expect(new Set(answers.map(({ status, text }) => `${status} ${text}`)).size).toBe(1);
    expect(answers[0]?.status).toBe(201);
    expect((await door.call('GET', `${tokens()}?search=once`)).body.items).toHaveLength(1);
  });

  test('204 for deleting, then 404; the deleted one is listed without anything secret', async () => {
    const { id, value } = await door.createToken(accountId, { name: 'Doomed' });
    const url = `${tokens()}/${id}`;
    expect((await door.call('DELETE', url, { headers: { 'if-match': '"7"' } })).status).toBe(412);
    const deleted = await door.call('DELETE', url, { headers: { 'if-match': '"1"' } });
    expect([deleted.status, deleted.text]).toEqual([204, '']);
    expect(await works(value)).toBe(false);
    for (const [method, path] of [
      ['GET', ''],
      ['PATCH', ''],
      ['DELETE', ''],
      ['POST', '/refresh'],
      ['POST', '/end-overlap'],
    ] as const) {
      const answer = await door.call(method, `${url}${path}`, { body: method === 'PATCH' ? {} : undefined });
      expect([path, answer.status, answer.body.code]).toEqual([path, 404, 'token.not_found']);
    }
    const listed = await door.call('GET', `${tokens()}?deleted=true&search=doomed`);
    expect(listed.body.items).toMatchObject([{ id, name: 'Doomed', deletedAt: at(0) }]);
    expect((await door.call('GET', `${tokens()}?search=doomed`)).body.items).toEqual([]);
  });

  test('404 for what is not there, or of another account, or of another organization', async () => {
    const { id } = await door.createToken(accountId);
    const other = await door.createAccount();
    for (const [url, token] of [
      [`${tokens()}/${UNKNOWN}`, door.admin],
      [`${tokens()}/nonsense`, door.admin],
      [`/api/v1/service-accounts/${other}/tokens/${id}`, door.admin],
      [`${tokens()}/${id}`, outsider],
    ] as const) {
      const answer = await door.call('GET', url, { token });
      expect([url, answer.status, answer.body.code]).toEqual([url, 404, 'token.not_found']);
    }
  });

  test('200 with how many for deleting all tokens of an account', async () => {
    const owner = await door.createAccount();
    const values = [(await door.createToken(owner)).value, (await door.createToken(owner)).value];
    const answer = await door.call('DELETE', `/api/v1/service-accounts/${owner}/tokens`);
    expect([answer.status, answer.body]).toEqual([
      200,
      { deleted: 2, receipt: { position: expect.any(Number), confirmed: 1, expired: 0, ms: expect.any(Number) } },
    ]);
    expect(await Promise.all(values.map(works))).toEqual([false, false]);
    expect((await door.call('DELETE', `/api/v1/service-accounts/${owner}/tokens`)).body.deleted).toBe(0);
  });

  test('204 for a token that ends itself, then 401', async () => {
    const { value, accountId: owner, tokenId } = await door.createCaller('member');
    const answer = await door.call('DELETE', '/api/v1/me/token', { token: value });
    expect([answer.status, answer.text]).toEqual([204, '']);
    expect((await door.call('DELETE', '/api/v1/me/token', { token: value })).status).toBe(401);
    const events = await door.listEvents(`&targetId=${tokenId}`);
    expect(events.filter(({ action }) => action === 'token.delete')).toMatchObject([
      { outcome: 'done', actor: { id: owner, tokenId } },
    ]);
  });

  test('revokes what meets all conditions, and says first what it would', async () => {
    const owner = await door.createAccount();
    const old = await door.createToken(owner, { name: 'old' });
    door.database.clock.advance(HOUR);
    const young = await door.createToken(owner, { name: 'young' });
    const body = { accountId: owner, createdBefore: at(HOUR / 2) };
    const dry = await door.call('POST', '/api/v1/tokens/revoke', { body: { ...body, dryRun: true } });
    expect([dry.status, dry.body.revoked, dry.body.tokens.map((token: { id: string }) => token.id)]).toEqual([
      200,
      1,
      [old.id],
    ]);
    expect(dry.body).not.toHaveProperty('receipt');
    expect(await works(old.value)).toBe(true);
    const done = await door.call('POST', '/api/v1/tokens/revoke', { body });
    expect([done.status, done.body.revoked, done.body.receipt.confirmed]).toEqual([200, 1, 1]);
    expect([await works(old.value), await works(young.value)]).toEqual([false, true]);
    door.database.clock.set(TEST_NOW);
  });

  test.each([
    [400, {}],
    [400, { dryRun: true }],
    [400, { createdBefore: 'now' }],
    [400, { createdBy: 'me' }],
    [404, { accountId: `sa_${'0'.repeat(26)}` }],
    [404, { accountId: 'nonsense' }],
  ])('%i for revoking %j', async (status, body) => {
    expect((await door.call('POST', '/api/v1/tokens/revoke', { body })).status).toBe(status);
  });

  test('409 for revoking the token that asks, and nothing is revoked', async () => {
    const { value } = await door.createToken(accountId);
    const body = { createdBefore: at(DAY) };
    const answer = await door.call('POST', '/api/v1/tokens/revoke', { body });
    expect([answer.status, answer.body.code]).toEqual([409, 'caller.locked_out']);
    expect(await works(value)).toBe(true);
  });

  test('403 for a refused dry run leaves no event: it asks for no change', async () => {
    const { value, accountId: owner } = await door.createCaller('member');
    const revoke = (dryRun: boolean) =>
      door.call('POST', '/api/v1/tokens/revoke', { token: value, body: { accountId, dryRun } });
    expect((await revoke(true)).status).toBe(403);
    expect(await door.listEvents(`&actorId=${owner}`)).toEqual([]);
    expect((await revoke(false)).status).toBe(403);
    expect(await door.listEvents(`&actorId=${owner}`)).toMatchObject([{ action: 'token.revoke', outcome: 'refused' }]);
  });

  test('who uses which value, how often, and up to when that is all', async () => {
    const owner = await door.createAccount();
    const { id, value } = await door.createToken(owner);
    const url = `/api/v1/service-accounts/${owner}/tokens/${id}`;
    const refreshed = await door.call('POST', `${url}/refresh`, { body: { overlapSeconds: 3_600 } });
    const use = (token: string, address: string, agent: string) =>
      door.call('GET', '/api/v1/me', { token, address, headers: { 'user-agent': agent } });
    await use(value, '192.0.2.7', 'old-job');
    await use(refreshed.body.value, '192.0.2.8', 'new-job');
    await use(refreshed.body.value, '192.0.2.8', 'new-job');
    await door.call('GET', '/api/v1/organization', { token: refreshed.body.value, address: '192.0.2.8' });
    await door.server.usage.flush(door.server.storage);

    const token = (await door.call('GET', url)).body;
    expect(token).toMatchObject({
      lastUsedIp: '192.0.2.8',
      previous: { lastUsedIp: '192.0.2.7', lastUsedUserAgent: 'old-job' },
    });
    expect(token.usageCompleteUntil).toBe(at(0));
    const current = (await door.call('GET', `${url}/callers`)).body;
    expect(current).toMatchObject({ nextCursor: null });
    expect(current.items).toContainEqual({
      address: '192.0.2.8',
      userAgent: 'new-job',
      firstAt: at(0),
      lastAt: at(0),
      calls: 2,
    });
    const previous = (await door.call('GET', `${url}/callers?generation=previous`)).body.items;
    expect(previous).toMatchObject([{ address: '192.0.2.7', userAgent: 'old-job', calls: 1 }]);
    const usage = (await door.call('GET', `${url}/usage?by=hour&from=${at(-HOUR)}&to=${at(HOUR)}`)).body;
    expect(usage.items).toEqual(
      expect.arrayContaining([
        { at: at(0), generation: 1, outcome: 'allowed', calls: 1 },
        { at: at(0), generation: 2, outcome: 'allowed', calls: 2 },
        { at: at(0), generation: 2, outcome: 'denied', calls: 1 },
      ]),
    );
  });

  test.each(['?from=x', '?by=week', `?from=${at(0)}&to=${at(-1)}`, `?by=hour&from=${at(-40 * DAY)}`, '?generation=1'])(
    '400 for usage%s',
    async (query) => {
      const { id } = await door.createToken(accountId);
      expect((await door.call('GET', `${tokens()}/${id}/usage${query}`)).status).toBe(400);
    },
  );

  test('lists the tokens of the organization by hint, status and order', async () => {
    const { id, value } = await door.createToken(accountId, { name: 'Zz last', expiresAt: at(HOUR) });
    const ids = async (query: string) =>
      (await door.call('GET', `/api/v1/tokens?${query}`)).body.items.map((item: { id: string }) => item.id);
    expect(await ids(`hint=${value.slice(43, 47)}&search=zz`)).toEqual([id]);
    expect(await ids(`expiresBefore=${at(2 * HOUR)}&search=zz`)).toEqual([id]);
    expect(await ids(`expiresBefore=${at(0)}`)).toEqual([]);
    expect((await ids('sort=-name'))[0]).toBe(id);
    expect(await ids('status=expired')).toEqual([]);
    expect((await door.call('GET', '/api/v1/tokens', { token: outsider })).body.items).toHaveLength(1);
  });

  test('503 only where nothing was done: what an answer tells is read before', async () => {
    const { storage } = door.server;
    const { findUsageCompleteness: read, updateToken, endTokenOverlap, revokeTokens } = storage;
    const { id, value } = await door.createToken(accountId, { name: 'Before' });
    await door.call('POST', `${tokens()}/${id}/refresh`, { body: { overlapSeconds: 600 } });
    let isDone = false;
    // The database goes away with the first commit.
    const unavailable = async () => {
      throw new DomainError('storage.unavailable');
    };
    const until =
      <Args extends unknown[], Result>(operation: (...args: Args) => Promise<Result>) =>
      async (...args: Args): Promise<Result> => {
        const result = await operation(...args);
        isDone = true;
        return result;
      };
    Object.assign(storage, {
      findUsageCompleteness: (...args: Parameters<typeof read>) => (isDone ? unavailable() : read(...args)),
      updateToken: until(updateToken),
      endTokenOverlap: until(endTokenOverlap),
      revokeTokens: until(revokeTokens),
    });
    try {
      for (const [method, url, body, told] of [
        ['PATCH', `${tokens()}/${id}`, { name: 'After' }, { name: 'After' }],
        ['POST', `${tokens()}/${id}/end-overlap`, undefined, { name: 'After' }],
        ['POST', '/api/v1/tokens/revoke', { accountId, createdBefore: at(DAY) }, { revoked: expect.any(Number) }],
      ] as const) {
        isDone = false;
        const answer = await door.call(method, url, { body });
        expect([method, url, answer.status]).toEqual([method, url, 200]);
        expect(answer.body).toMatchObject(told);
        expect(isDone).toBe(true);
      }
    } finally {
      Object.assign(storage, { findUsageCompleteness: read, updateToken, endTokenOverlap, revokeTokens });
    }
    expect(await works(value)).toBe(false);
  });
});
