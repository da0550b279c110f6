import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { engines, TEST_NOW } from '../../storage/test/engines.ts';
import { type Door, openDoor } from '../test/door.ts';

const URL = '/api/v1/audit-events';

describe.each(engines)('the audit log on $name', (engine) => {
  let door: Door;
  let accountId: string;
  beforeAll(async () => {
    door = await openDoor(engine);
    accountId = await door.createAccount();
    door.database.clock.advance(60_000);
    await door.call('PATCH', `/api/v1/service-accounts/${accountId}`, {
      body: { description: 'hush-hush' },
      headers: { 'user-agent': 'terraform' },
      address: '203.0.113.1',
    });
  });
  afterAll(() => door.close());

  const actions = async (query: string) =>
    (await door.call('GET', `${URL}?${query}`)).body.items.map(({ action }: { action: string }) => action);
  const at = (ms: number) => new Date(TEST_NOW + ms).toISOString();

  test('says who did what to what, with what, from where, newest first', async () => {
    const { items } = (await door.call('GET', `${URL}?targetId=${accountId}`)).body;
    expect(items).toMatchObject([
      {
        id: expect.stringMatching(/^evt_/),
        at: at(60_000),
        action: 'service_account.update',
        outcome: 'done',
        code: null,
        actor: {
          kind: 'service_account',
          id: door.adminAccountId,
          displayName: 'bootstrap',
          tokenId: door.adminTokenId,
        },
        target: { kind: 'service_account', id: accountId },
        requestId: expect.stringMatching(/^req_/),
        address: '203.0.113.1',
        userAgent: 'terraform',
      },
      { action: 'service_account.create', at: at(0) },
    ]);
    expect(JSON.stringify(items)).not.toContain('hush');
  });

  test('filters by actor, action, request and time', async () => {
    expect(await actions('action=service_account.create')).toContain('service_account.create');
    expect(await actions(`targetId=${accountId}&action=service_account.update`)).toHaveLength(1);
    expect(await actions(`actorId=${accountId}`)).toEqual([]);
    expect(await actions(`targetId=${accountId}&from=${at(1)}`)).toEqual(['service_account.update']);
    expect(await actions(`targetId=${accountId}&to=${at(1)}`)).toEqual(['service_account.create']);
    const [event] = (await door.call('GET', `${URL}?targetId=${accountId}`)).body.items;
    expect(await actions(`requestId=${event.requestId}`)).toEqual(['service_account.update']);
  });

  test('finds what concerns an account: done by it, and to it, its tokens and its roles', async () => {
    const { accountId: id, value } = await door.createCaller('admin');
    const made = await door.call('POST', '/api/v1/service-accounts', {
      token: value,
      body: { displayName: 'made', organizationRole: 'member' },
    });
    door.database.clock.advance(1_000);
    const group = await door.call('POST', '/api/v1/groups', { body: { name: 'finders' } });
    await door.call('PUT', `/api/v1/groups/${group.body.id}/members/${id}`, { body: { role: 'member' } });
    door.database.clock.advance(1_000);
    await door.call('DELETE', `/api/v1/service-accounts/${id}/tokens`);
    const found = await actions(`principalId=${id}`);
    expect(found.slice(0, 2)).toEqual(['token.delete_all', 'group_member.set']);
    const first = ['service_account.create', 'service_account.create', 'token.create'];
    expect(found.slice(2).sort()).toEqual(first);
    expect(await actions(`principalId=${id}&targetId=${made.body.id}`)).toEqual(['service_account.create']);
    const page = (await door.call('GET', `${URL}?limit=2&principalId=${id}`)).body;
    const rest = `limit=9&cursor=${page.nextCursor}`;
    expect((await actions(`${rest}&principalId=${id}`)).sort()).toEqual(first);
    expect((await door.call('GET', `${URL}?${rest}&principalId=${accountId}`)).status).toBe(400);
  });

  test('pages from the newest to the oldest', async () => {
    const all = await actions('limit=200');
    const paged: string[] = [];
    for (let cursor = ''; ; ) {
      const { items, nextCursor } = (await door.call('GET', `${URL}?limit=2${cursor}`)).body;
      paged.push(...items.map(({ action }: { action: string }) => action));
      if (nextCursor === null) break;
      cursor = `&cursor=${nextCursor}`;
    }
    expect(paged).toEqual(all);
  });

  test('403 for who may not read it', async () => {
    const { value } = await door.createCaller('verifier');
    const answer = await door.call('GET', URL, { token: value });
    expect([answer.status, answer.body.permission]).toEqual([403, 'audit.read']);
  });

  test.each(['from=x', 'actorId=', 'principalId=', 'action=', 'search=x', 'limit=1000'])(
    '400 for ?%s',
    async (query) => {
      expect((await door.call('GET', `${URL}?${query}`)).status).toBe(400);
    },
  );
});
