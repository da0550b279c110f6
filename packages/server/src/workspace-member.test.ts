import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { engines } from '../../storage/test/engines.ts';
import { type Door, openDoor } from '../test/door.ts';

const BUILT_IN = ['viewer', 'member', 'manager'];
const OWN = ['Invoicer', 'Keeper', 'Nothing'];

describe.each(engines)('the roles that can be given in a workspace, on $name', (engine) => {
  let door: Door;
  /** Ids by name. */
  const roles = new Map<string, string>(BUILT_IN.map((name) => [name, name]));

  beforeAll(async () => {
    door = await openDoor(engine);
    await post('/permissions', { name: 'invoices.read' });
    for (const [name, permissions] of [
      ['Nothing', []],
      ['Keeper', ['workspace.read', 'workspace_member.read', 'workspace_member.update']],
      ['Invoicer', ['workspace.read', 'invoices.read']],
    ] as const) {
      roles.set(name, (await post('/roles', { name, permissions })).id);
    }
    await post('/workspaces', { name: 'prod' });
    await post('/workspaces', { name: 'lab' });
  });
  afterAll(() => door.close());

  async function post(path: string, body: object) {
    const answer = await door.call('POST', `/api/v1${path}`, { body });
    expect(answer.status, answer.text).toBe(201);
    return answer.body;
  }
  async function put(path: string, body: object): Promise<void> {
    const answer = await door.call('PUT', `/api/v1${path}`, { body });
    expect(answer.status, answer.text).toBe(200);
  }
  const ask = (token: string, workspace = 'prod') =>
    door.call('GET', `/api/v1/workspaces/${workspace}/roles`, { token });

  /** An organization member with this role in the workspace. */
  async function createHolder(role: string) {
    const caller = await door.createCaller('member');
    await put(`/workspaces/prod/members/${caller.accountId}`, { role: roles.get(role) });
    return caller;
  }

  async function createGroupMember(role: string) {
    const caller = await door.createCaller('member');
    const { id } = await post('/groups', { name: `All with ${role}` });
    await put(`/groups/${id}/members/${caller.accountId}`, { role: 'member' });
    await put(`/workspaces/prod/groups/${id}`, { role: roles.get(role) });
    return caller;
  }

  async function restrict({ accountId }: { readonly accountId: string }, restrictions: object) {
    return door.createToken(accountId, { restrictions });
  }

  test.each<[string, () => Promise<{ readonly value: string }>, readonly string[]]>([
    ['a manager', () => createHolder('manager'), [...BUILT_IN, ...OWN]],
    ['who holds a few permissions', () => createHolder('Keeper'), ['viewer', 'Keeper', 'Nothing']],
    ['who holds them through a group', () => createGroupMember('Keeper'), ['viewer', 'Keeper', 'Nothing']],
    [
      "a manager's token that is restricted",
      async () =>
        restrict(await createHolder('manager'), {
          permissions: ['workspace.read', 'workspace_member.update', 'invoices.read'],
        }),
      ['Invoicer', 'Nothing'],
    ],
  ])('200 for %s: each that is listed can be given, and no other', async (_, createCaller, listed) => {
    const { value: token } = await createCaller();
    expect((await door.call('GET', '/api/v1/roles', { token })).status).toBe(403);
    const answer = await ask(token);
    expect([answer.status, answer.body.items.map(({ name }: { name: string }) => name)]).toEqual([200, listed]);
    for (const [name, role] of roles) {
      const path = `/api/v1/workspaces/prod/members/${await door.createAccount()}`;
      const given = await door.call('PUT', path, { token, body: { role } });
      const expected = listed.includes(name) ? [200, undefined] : [403, 'permission.missing'];
      expect([given.status, given.body.code], name).toEqual(expected);
    }
  });

  test('200 for an admin: the very roles of the organization', async () => {
    expect((await ask(door.admin)).body).toEqual((await door.call('GET', '/api/v1/roles')).body);
  });

  test('403 for who has a role in it and gives none, 404 for everybody else', async () => {
    const { value: viewer } = await createHolder('viewer');
    const refused = await ask(viewer);
    expect([refused.status, refused.body]).toMatchObject([
      403,
      { code: 'permission.missing', permission: 'workspace_member.update', where: { kind: 'workspace' } },
    ]);
    const keeper = await createHolder('Keeper');
    const elsewhere = await restrict(keeper, { workspaces: ['lab'] });
    for (const [token, workspace] of [
      [await door.createOutsider(), 'prod'],
      [keeper.value, 'lab'],
      [keeper.value, 'nowhere'],
      [elsewhere.value, 'prod'],
    ] as const) {
      const hidden = await ask(token, workspace);
      expect([hidden.status, hidden.body.code]).toEqual([404, 'workspace.not_found']);
    }
  });
});
