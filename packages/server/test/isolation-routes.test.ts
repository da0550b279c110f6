import { randomBytes } from 'node:crypto';
import { mintTokenValue } from '@postern/core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { engines } from '../../storage/test/engines.ts';
import { type Answer, type Door, openDoor } from './door.ts';
import { listOperations, parametersOf } from './operations.ts';

/**
 * Every route that takes an id, with another organization's: answered byte for byte as for ids that nothing has, and
 * nothing happens. Generated from the routes, so a new one is asked too.
 */
const UNKNOWN = {
  id: `sa_${'0'.repeat(26)}`,
  tokenId: `tok_${'0'.repeat(26)}`,
  group: `grp_${'0'.repeat(26)}`,
  groupId: `grp_${'0'.repeat(26)}`,
  workspace: `ws_${'0'.repeat(26)}`,
  role: `role_${'0'.repeat(26)}`,
  principal: `sa_${'0'.repeat(26)}`,
  name: 'nothing.there',
  member: `mem_${'0'.repeat(26)}`,
  session: `ses_${'0'.repeat(26)}`,
};
type Ids = typeof UNKNOWN;

/** What is one's own is of people only; that is told before anything is looked for. */
const OWN = '/api/v1/me/';
const operations = (await listOperations()).filter(
  (operation) => parametersOf(operation).length > 0 && !operation.path.startsWith(OWN),
);

describe.each(engines)('on $name', (engine) => {
  let door: Door;
  let theirs: Ids;
  let outsider: string;
  let own: Ids;

  beforeAll(async () => {
    door = await openDoor(engine);
    outsider = await door.createOutsider();
    theirs = await makeAll(door.admin, 'theirs');
    own = await makeAll(outsider, 'own');
  });
  afterAll(() => door.close());

  async function makeAll(token: string, name: string): Promise<Ids> {
    const post = async (path: string, body: object) => {
      const answer = await door.call('POST', `/api/v1${path}`, { body, token });
      expect(answer.status, answer.text).toBe(201);
      return answer.body;
    };
    const id = (await post('/service-accounts', { displayName: name, organizationRole: 'member' })).id;
    const tokenId = (await post(`/service-accounts/${id}/tokens`, { name })).token.id;
    const group = (await post('/groups', { name })).id;
    const workspace = (await post('/workspaces', { name })).id;
    await post('/permissions', { name: `${name}.read` });
    const role = (await post('/roles', { name, permissions: [`${name}.read`] })).id;
    const invited = await door.call('POST', '/api/v1/members', { body: { emails: [`${name}@example.com`] }, token });
    const member = invited.body.items[0].invitation.member.id;
    const places = { id, tokenId, group, groupId: group, workspace, role, principal: id, name: `${name}.read` };
    return { ...places, member, session: UNKNOWN.session };
  }

  /** What an answer says, without what differs from one request to the next. */
  function comparable({ status, headers, text }: Answer) {
    const { 'x-request-id': _id, date: _date, ...kept } = headers;
    return { status, headers: kept, text: text.replace(/"requestId":"req_\w+"/, '') };
  }

  /** Everything of theirs, as their admin sees it. */
  async function snapshot(): Promise<string[]> {
    const paths = [
      `/service-accounts/${theirs.id}`,
      `/service-accounts/${theirs.id}/memberships`,
      `/service-accounts/${theirs.id}/tokens/${theirs.tokenId}`,
      `/members/${theirs.member}`,
      `/groups/${theirs.group}`,
      `/groups/${theirs.group}/members`,
      `/workspaces/${theirs.workspace}`,
      `/workspaces/${theirs.workspace}/members`,
      `/roles`,
      `/permissions`,
      `/audit-events?limit=200&principalId=${theirs.id}`,
      `/audit-events?limit=200&targetId=${theirs.workspace}`,
    ];
    const answers = await Promise.all(paths.map((path) => door.call('GET', `/api/v1${path}`)));
    return answers.map(({ text }) => text.replace(/"(?:usageCompleteUntil|lastUsedAt)":[^,}]+/g, ''));
  }

  const fill = (path: string, ids: Ids): string => path.replace(/\{(\w+)\}/g, (_, name: keyof Ids) => ids[name]);

  test.each(operations.map((operation) => [operation.id, operation] as const))('%s', async (id, operation) => {
    const before = await snapshot();
    const send = (ids: Ids) =>
      door.call(operation.method, fill(operation.path, ids), { token: outsider, ...bodyOf(id, ids) });
    const stolen = await send(theirs);
    expect(stolen.status, stolen.text).toBe(404);
    expect(comparable(stolen)).toEqual(comparable(await send(UNKNOWN)));
    // One of their ids among our own.
    for (const name of parametersOf(operation)) {
      const mixed = await send({ ...own, [name]: theirs[name as keyof Ids] });
      expect(comparable(mixed), name).toEqual(comparable(await send({ ...own, [name]: UNKNOWN[name as keyof Ids] })));
    }
    expect(await snapshot()).toEqual(before);
  });

  test.each([
    ['POST', '/access/check', (ids: Ids) => ({ principalId: ids.id, permission: 'workspace.read' })],
    [
      'POST',
      '/access/preview',
      (ids: Ids) => ({ changes: [{ kind: 'organization_role', principalId: ids.id, role: 'admin' }] }),
    ],
    [
      'POST',
      '/access/preview',
      (ids: Ids) => ({
        changes: [{ kind: 'workspace_member', workspace: ids.workspace, principalId: own.id, role: 'viewer' }],
      }),
    ],
    ['PUT', '/workspaces/own/members/OWN', (ids: Ids) => ({ role: ids.role })],
    ['PUT', '/workspaces/own/groups/OWNGROUP', (ids: Ids) => ({ role: ids.role })],
    [
      'POST',
      '/service-accounts/OWN/tokens',
      (ids: Ids) => ({ name: 'x', restrictions: { workspaces: [ids.workspace] } }),
    ],
    ['POST', '/service-accounts/OWN/tokens', (ids: Ids) => ({ name: 'x', restrictions: { permissions: [ids.name] } })],
    ['POST', '/roles', (ids: Ids) => ({ name: 'x', permissions: [ids.name] })],
    [
      'PATCH',
      '/organization',
      (ids: Ids) => ({ tokenPolicy: { creation: { groupIds: [ids.group] }, requireExpiry: false } }),
    ],
    ['POST', '/tokens/revoke', (ids: Ids) => ({ accountId: ids.id })],
  ] as const)('%s %s with theirs in its body', async (method, path, body) => {
    const before = await snapshot();
    const url = `/api/v1${path.replace('OWNGROUP', own.group).replace('OWN', own.id)}`;
    const stolen = await door.call(method, url, { token: outsider, body: body(theirs) });
    const unknown = await door.call(method, url, { token: outsider, body: body(UNKNOWN) });
    expect([400, 404]).toContain(stolen.status);
    expect(comparable(stolen)).toEqual(comparable(unknown));
    expect(await snapshot()).toEqual(before);
  });

  test('a proxy of theirs lets nobody of ours through, and cannot be told from one that knows no such token', async () => {
    const ask = (token: string) =>
      door.call('GET', `/forward-auth?organization=${door.organizationId}&permission=workspace.read`, { token });
    const before = await snapshot();
    const [ours, unknown] = [await ask(outsider), await ask(mintTokenValue(randomBytes).reveal())];
    expect(ours.status).toBe(401);
    expect(comparable(ours)).toEqual(comparable(unknown));
    expect(await snapshot()).toEqual(before);
  });

  test('names are free in one organization whatever stands in the other', async () => {
    for (const [path, body] of [
      ['/groups', { name: 'theirs' }],
      ['/workspaces', { name: 'theirs' }],
      ['/roles', { name: 'theirs', permissions: [] }],
      ['/permissions', { name: 'theirs.read' }],
    ] as const) {
      expect((await door.call('POST', `/api/v1${path}`, { token: outsider, body })).status).toBe(201);
    }
    const verdict = await door.call('POST', '/api/v1/access/check', {
      token: outsider,
      body: { principalId: own.id, permission: 'theirs.read', workspace: theirs.workspace },
    });
    expect(verdict.body).toMatchObject({ allowed: false, missing: { placeId: null } });
  });
});

function bodyOf(id: string, ids: Ids): { readonly body?: object } {
  const bodies: Readonly<Record<string, object>> = {
    updateServiceAccount: { displayName: 'Stolen' },
    createToken: { name: 'stolen' },
    updateToken: { name: 'stolen' },
    updateGroup: { name: 'Stolen' },
    setGroupMember: { role: 'manager' },
    updateWorkspace: { displayName: 'Stolen' },
    setWorkspaceMember: { role: ids.role },
    setWorkspaceGroup: { role: ids.role },
    updateRole: { name: 'Stolen' },
    updateMember: { displayName: 'Stolen' },
    updatePermission: { description: 'stolen' },
  };
  return id in bodies ? { body: bodies[id] as object } : {};
}
