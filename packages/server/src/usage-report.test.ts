import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { engines, TEST_NOW } from '../../storage/test/engines.ts';
import { type Door, openDoor } from '../test/door.ts';

const REPORTS = '/api/v1/usage-reports';
const time = (ms: number): string => new Date(ms).toISOString();
let reports = 0;
function reportId(): string {
  reports += 1;
  return `report-${String(reports).padStart(20, '0')}`;
}

describe.each(engines)('POST /api/v1/usage-reports on $name', (engine) => {
  let door: Door;
  let verifier: string;
  let accountId: string;
  let tokenId: string;
  beforeEach(async () => {
    door = await openDoor(engine);
    // Past the full hour, so that the hour is one that has begun.
    door.database.clock.advance(1);
    verifier = (await door.createCaller('verifier')).value;
    accountId = await door.createAccount();
    tokenId = (await door.createToken(accountId)).id;
  });
  afterEach(() => door.close());

  const item = (fields: Record<string, unknown> = {}) => ({
    tokenId,
    generation: 1,
    address: '203.0.113.7',
    userAgent: 'ci/1',
    permission: 'workspace.read',
    outcome: 'allowed',
    count: 3,
    lastAt: time(TEST_NOW),
    ...fields,
  });
  const send = (body: Record<string, unknown>, token = verifier) =>
    door.call('POST', REPORTS, { token, body: { reportId: reportId(), items: [], ...body } });
  const tokenPath = () => `/api/v1/service-accounts/${accountId}/tokens/${tokenId}`;
  const readToken = async () => (await door.call('GET', tokenPath())).body;

  async function calls(): Promise<number> {
    const { items } = (await door.call('GET', `${tokenPath()}/usage`)).body;
    return items.reduce((sum: number, entry: { calls: number }) => sum + entry.calls, 0);
  }

  test('204: last use, hours, callers and permissions are what the verifier answered', async () => {
    door.database.clock.advance(1_000);
    const lastAt = time(TEST_NOW + 500);
    expect((await send({ items: [item({ lastAt })] })).status).toBe(204);
    expect(await readToken()).toMatchObject({
      lastUsedAt: lastAt,
      lastUsedIp: '203.0.113.7',
      lastUsedUserAgent: 'ci/1',
    });
    expect(await calls()).toBe(3);
    const callers = (await door.call('GET', `${tokenPath()}/callers`)).body.items;
    expect(callers).toEqual([{ address: '203.0.113.7', userAgent: 'ci/1', firstAt: lastAt, lastAt, calls: 3 }]);
  });

  test('204 again for the same report, and nothing counts twice', async () => {
    const body = { reportId: reportId(), items: [item()] };
    await send(body);
    expect((await send(body)).status).toBe(204);
    expect(await calls()).toBe(3);
    await send({ items: [item()] });
    expect(await calls()).toBe(6);
  });

  test('times only move forwards, and never into the future', async () => {
    door.database.clock.advance(9_999);
    await send({ items: [item({ lastAt: time(TEST_NOW + 86_400_000) })] });
    expect((await readToken()).lastUsedAt).toBe(time(TEST_NOW + 10_000));
    await send({ items: [item({ lastAt: time(TEST_NOW + 1) })] });
    expect((await readToken()).lastUsedAt).toBe(time(TEST_NOW + 10_000));
  });

  test('204 for tokens that are unknown, deleted or of another organization, all alike, and leaves no trace', async () => {
    const outsider = await door.createOutsider();
    const other = await door.call('GET', '/api/v1/me', { token: outsider });
    const deleted = (await door.createToken(accountId)).id;
    await door.call('DELETE', `/api/v1/service-accounts/${accountId}/tokens/${deleted}`);
    const strange = [other.body.token.id, deleted, 'tok_unknown'];
    const answers = await Promise.all(strange.map((id) => send({ items: [item({ tokenId: id })] })));
    expect(answers.map(({ status, text }) => [status, text])).toEqual([
      [204, ''],
      [204, ''],
      [204, ''],
    ]);
    expect(await door.database.query('select * from token_usage_hour')).toEqual([]);
    expect((await send({ items: [item({ generation: 2 })] })).status).toBe(204);
    expect(await calls()).toBe(0);
  });

  test('usageCompleteUntil waits for a verifier that has said who it is, until it closes or is silent for a day', async () => {
    const { clock, storage } = door.database;
    const until = async () => {
      await door.server.usage.flush(storage);
      await door.server.usage.flush(storage);
      return Date.parse((await readToken()).usageCompleteUntil);
    };
    await send({ verifier: { id: 'api-1', completeUntil: time(TEST_NOW) } });
    await send({ verifier: { id: 'api-2', completeUntil: time(TEST_NOW) } });
    clock.advance(60_000);
    expect(await until()).toBe(TEST_NOW);
    await send({ verifier: { id: 'api-1', completeUntil: time(TEST_NOW + 50_000) } });
    expect(await until()).toBe(TEST_NOW);
    await send({ verifier: { id: 'api-2', closing: true } });
    expect(await until()).toBe(TEST_NOW + 50_000);
    await send({ verifier: { id: 'api-1', completeUntil: time(TEST_NOW + 10_000) } });
    expect(await until()).toBe(TEST_NOW + 50_000);
    expect((await readToken()).silentVerifiers).toBe(0);
    clock.advance(200_000);
    expect(await until()).toBe(TEST_NOW + 50_000);
    expect((await readToken()).silentVerifiers).toBe(1);
    clock.advance(86_400_001);
    expect(await until()).toBeGreaterThan(TEST_NOW + 50_000);
    expect((await readToken()).silentVerifiers).toBe(0);
  });

  test('a verifier of another organization is not waited for', async () => {
    const outsider = await door.createOutsider();
    await send({ verifier: { id: 'api-1', completeUntil: time(TEST_NOW - 5_000) } }, outsider);
    expect(Date.parse((await readToken()).usageCompleteUntil)).toBeGreaterThan(TEST_NOW - 5_000);
  });

  test('400 for what is no report; 403 without the permission', async () => {
    expect((await send({ reportId: 'short' })).status).toBe(400);
    expect((await send({ items: [item({ address: 'here' })] })).body.errors[0].path).toBe('/items/0/address');
    expect((await send({ items: [item({ count: 0 })] })).status).toBe(400);
    expect((await send({ items: Array.from({ length: 101 }, () => item()) })).status).toBe(400);
    expect((await send({}, (await door.createCaller('member')).value)).status).toBe(403);
  });
});
