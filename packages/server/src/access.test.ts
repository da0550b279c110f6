import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { engines } from '../../storage/test/engines.ts';
import { type Door, openDoor } from '../test/door.ts';

describe.each(engines)('access on $name', (engine) => {
  let door: Door;
  let accountId: string;
  let value: string;
  let tokenId: string;
  let workspaceId: string;
  let groupId: string;
  let roleId: string;

  beforeAll(async () => {
    door = await openDoor(engine);
    const post = async (path: string, body: unknown) => {
      const answer = await door.call('POST', `/api/v1${path}`, { body });
      expect(answer.status, answer.text).toBe(201);
      return answer;
    };
    accountId = await door.createAccount({ displayName: 'Nightly import' });
    ({ value, id: tokenId } = await door.createToken(accountId));
    await post('/permissions', { name: 'invoices.read', description: 'Read invoices' });
    roleId = (await post('/roles', { name: 'Invoicer', permissions: ['invoices.read', 'workspace.read'] })).body.id;
    workspaceId = (await post('/workspaces', { name: 'prod', displayName: 'Production' })).body.id;
    const group = await post('/groups', { name: 'Builders', description: 'build' });
    groupId = group.body.id;
    expect(group.headers).toMatchObject({ etag: '"1"', location: `/api/v1/groups/${groupId}` });
    expect(group.headers['postern-receipt']).toMatch(/^position=/);
    expect((await put(`/groups/${groupId}/members/${accountId}`, { role: 'member' })).status).toBe(200);
    expect((await put(`/workspaces/PROD/groups/${groupId}`, { role: roleId })).status).toBe(200);
    expect((await put(`/workspaces/${workspaceId}/members/${accountId}`, { role: 'viewer' })).status).toBe(200);
  });
  afterAll(() => door.close());

  const get = (path: string, token?: string) => door.call('GET', `/api/v1${path}`, { ...(token && { token }) });
  const put = (path: string, body: unknown, token?: string) =>
    door.call('PUT', `/api/v1${path}`, { body, ...(token && { token }) });
  const verify = (body: object) => door.call('POST', '/api/v1/tokens/verify', { body: { token: value, ...body } });

  test('/me names groups, and workspaces with what is held there', async () => {
    expect((await get('/me', value)).body).toMatchObject({
      groups: [{ id: groupId, name: 'Builders', role: 'member' }],
      workspaces: [
        {
          id: workspaceId,
          name: 'prod',
          role: 'viewer',
          permissions: ['workspace.read', 'workspace_member.read', 'invoices.read'],
        },
      ],
    });
  });

  test('a verification says why, and by which way', async () => {
    const answer = await verify({ permission: 'invoices.read', workspace: 'prod' });
    expect(answer.body).toMatchObject({
      active: true,
      allowed: true,
      because: [
        { source: 'workspace_role', role: { id: roleId, name: 'Invoicer' }, group: { id: groupId, name: 'Builders' } },
      ],
    });
    expect((await verify({ permission: 'workspace.read', workspace: workspaceId })).body.because).toHaveLength(2);
  });

  test('an account’s access says when each permission was last used, and up to when that is all', async () => {
    const robot = await door.createAccount({ displayName: 'Unhurried', organizationRole: 'verifier' });
    const { value: token } = await door.createToken(robot);
    await put(`/workspaces/${workspaceId}/members/${robot}`, { role: roleId });
    const access = async () => {
      await door.server.usage.flush(door.server.storage);
      const { body } = await get(`/service-accounts/${robot}/access`);
      const held = [...body.organization, ...body.workspaces[0].permissions];
      const used = held.map(({ permission, lastUsedAt }) => [permission, lastUsedAt]);
      return { used: Object.fromEntries(used), since: body.usageRecordedSince, until: body.usageCompleteUntil };
    };
    const now = () => new Date(door.database.clock.now()).toISOString();
    const never = {
      'access.check': null,
      'changes.read': null,
      'token.introspect': null,
      'invoices.read': null,
      'workspace.read': null,
    };
    const started = now();
    expect(await access()).toEqual({ used: never, since: started, until: started });

    door.database.clock.advance(60_000);
    const ask = (permission: string, workspace?: string) =>
      door.call('POST', '/api/v1/tokens/verify', { body: { token, permission, ...(workspace && { workspace }) } });
    expect((await ask('invoices.read', 'prod')).body.allowed).toBe(true);
    // Denied here: it is a permission of workspaces.
    expect((await ask('workspace.read')).body.allowed).toBe(false);
    expect((await ask('organization.read')).body.allowed).toBe(false);
    const first = now();
    expect(await access()).toEqual({ used: { ...never, 'invoices.read': first }, since: started, until: first });

    door.database.clock.advance(60_000);
    expect((await door.call('POST', '/api/v1/tokens/verify', { token, body: { token } })).status).toBe(200);
    expect((await get('/organization', token)).status).toBe(403);
    const { used } = await access();
    expect(used).toEqual({ ...never, 'invoices.read': first, 'token.introspect': now() });
  });

  test('a workspace that is not there, and one it has no part in, are missing alike', async () => {
    await door.call('POST', '/api/v1/workspaces', { body: { name: 'secret' } });
    const unknown = await verify({ permission: 'workspace.read', workspace: 'nowhere' });
    const foreign = await verify({ permission: 'workspace.read', workspace: 'secret' });
    expect(unknown.body.missing).toEqual({
      permission: 'workspace.read',
      scope: 'workspace',
      placeId: null,
      withheldBy: null,
      grantableBy: ['organization_admin', 'workspace_manager'],
    });
    expect(foreign.text).toBe(unknown.text);
  });

  test('an introspection answers the scope of the named workspace, never a union', async () => {
    const introspect = async (more: string) =>
      (
        await door.call('POST', '/oauth2/introspect', {
          raw: `token=${value}${more}`,
          headers: { 'content-type': 'application/x-www-form-urlencoded' },
        })
      ).body.scope;
    expect(await introspect('')).toBe('');
    expect(await introspect('&workspace=prod')).toBe('workspace.read workspace_member.read invoices.read');
    expect(await introspect('&workspace=secret')).toBe('');
  });

  test('an admin holds everything in every workspace that is there', async () => {
    const check = (workspace: string) =>
      door.call('POST', '/api/v1/access/check', {
        body: { principalId: door.adminAccountId, permission: 'invoices.read', workspace },
      });
    expect((await check('prod')).body).toEqual({
      allowed: true,
      because: [{ source: 'organization_role', role: 'admin' }],
    });
    expect((await check('nowhere')).body).toMatchObject({ allowed: false, missing: { placeId: null } });
  });

  test("an admin's token is answered from memory, and hears at once that a workspace is gone", async () => {
    const { value: admin } = await door.createCaller('admin');
    const made = await door.call('POST', '/api/v1/workspaces', { body: { name: 'passing' } });
    const ask = async () => {
      const body = { token: admin, permission: 'workspace.read', workspace: 'passing' };
      return (await door.call('POST', '/api/v1/tokens/verify', { body })).body.allowed;
    };
    const { storage } = door.server;
    const { findWorkspace } = storage;
    let reads = 0;
    storage.findWorkspace = (...asked) => {
      reads += 1;
      return findWorkspace(...asked);
    };
    // The first is a miss, the second finds the facts in memory, and what it looks up is kept with them.
    expect([await ask(), await ask()]).toEqual([true, true]);
    reads = 0;
    expect([await ask(), await ask()]).toEqual([true, true]);
    expect(reads).toBe(0);
    storage.findWorkspace = findWorkspace;
    await door.call('DELETE', `/api/v1/workspaces/${made.body.id}`);
    expect(await ask()).toBe(false);
  });

  test('a disabled account may do nothing until it is enabled, and keeps its memberships', async () => {
    const { accountId: other } = await door.createCaller('member');
    await put(`/workspaces/prod/members/${other}`, {});
    const check = () =>
      door.call('POST', '/api/v1/access/check', {
        body: { principalId: other, permission: 'workspace.run', workspace: 'prod' },
      });
    expect((await check()).body.allowed).toBe(true);
    await door.call('POST', `/api/v1/service-accounts/${other}/disable`);
    expect((await check()).body).toMatchObject({ allowed: false, missing: { withheldBy: 'disabled' } });
    expect((await get(`/service-accounts/${other}/memberships`)).body).toEqual({
      groups: [],
      workspaces: [{ id: workspaceId, name: 'prod', role: { id: 'member', name: 'member' } }],
    });
    await door.call('POST', `/api/v1/service-accounts/${other}/enable`);
    expect((await check()).body.allowed).toBe(true);
  });

  test('a restricted token says what it is restricted from', async () => {
    const narrow = await door.createToken(accountId, {
      restrictions: {
        permissions: ['invoices.read'],
        workspaces: ['prod'],
        networks: ['192.0.2.0/24', '2001:db8::/32'],
      },
    });
    const ask = (body: object) =>
      door.call('POST', '/api/v1/tokens/verify', { body: { token: narrow.value, ...body } });
    expect((await ask({})).body).toEqual({ active: false });
    expect((await ask({ clientAddress: '198.51.100.1' })).body).toEqual({ active: false });
    const clientAddress = '2001:db8::7';
    const denied = await ask({ clientAddress, permission: 'workspace.read', workspace: 'prod' });
    expect(denied.body).toMatchObject({ active: true, allowed: false, missing: { withheldBy: 'token_permissions' } });
    const allowed = await ask({ clientAddress, permission: 'invoices.read', workspace: 'prod' });
    expect(allowed.body).toMatchObject({ allowed: true });
    const me = await door.call('GET', '/api/v1/me', { token: narrow.value, address: '192.0.2.9' });
    expect(me.body).toMatchObject({
      workspaces: [{ name: 'prod', permissions: ['invoices.read'] }],
      token: { restrictions: { workspaces: [workspaceId] } },
    });
    const outside = await door.call('GET', '/api/v1/me', { token: narrow.value, address: '198.51.100.1' });
    expect([outside.status, outside.body.code]).toEqual([401, 'token.invalid']);
    const report = await get(`/service-accounts/${accountId}/access?tokenId=${narrow.id}`);
    const [prod] = report.body.workspaces;
    expect(prod.permissions).toContainEqual(
      expect.objectContaining({ permission: 'workspace.read', withheldBy: 'token_permissions' }),
    );
  });

  test('a report names every source of a permission', async () => {
    const { body } = await get(`/service-accounts/${accountId}/access`);
    expect(body.groups).toMatchObject([{ id: groupId, permissions: [{ permission: 'group.read' }] }]);
    const held = body.workspaces[0].permissions.find(
      (each: { permission: string }) => each.permission === 'workspace.read',
    );
    expect(held.because).toHaveLength(2);
    expect((await get(`/service-accounts/${accountId}/access?tokenId=${tokenId}x`)).status).toBe(404);
  });

  describe('of a workspace', () => {
    test('who cannot read it is told that it is not there; who can, what is missing and where', async () => {
      const { accountId: outsider, value: token } = await door.createCaller('member');
      const path = `/workspaces/${workspaceId}/members/${accountId}`;
      const hidden = await put(path, { role: 'viewer' }, token);
      expect([hidden.status, hidden.body.code]).toEqual([404, 'workspace.not_found']);
      await put(`/workspaces/prod/members/${outsider}`, { role: 'viewer' });
      const refused = await put(path, { role: 'viewer' }, token);
      expect([refused.status, refused.body]).toMatchObject([
        403,
        {
          code: 'permission.missing',
          permission: 'workspace_member.update',
          where: { kind: 'workspace', id: workspaceId },
        },
      ]);
      expect(refused.headers['www-authenticate']).toContain('insufficient_scope');
      const listed = await get('/workspaces', token);
      expect(listed.body.items.map(({ name }: { name: string }) => name)).toEqual(['prod']);
      const events = await door.listEvents('&action=workspace_member.set');
      expect(events).toContainEqual(expect.objectContaining({ outcome: 'refused', code: 'permission.missing' }));
    });

    test('a manager gives and takes roles in it', async () => {
      const { accountId: managerId, value: token } = await door.createCaller('member');
      await put(`/workspaces/prod/members/${managerId}`, { role: 'manager' });
      const { accountId: third } = await door.createCaller('member');
      expect((await put(`/workspaces/prod/members/${third}`, { role: roleId }, token)).body).toEqual({
        principal: { id: third, kind: 'service_account', displayName: 'A member' },
        role: { id: roleId, name: 'Invoicer' },
      });
      const search = await get('/workspaces/prod/members?search=nightly', token);
      expect(search.body.items).toMatchObject([{ principal: { id: accountId }, role: { id: 'viewer' } }]);
      const gone = await door.call('DELETE', `/api/v1/workspaces/prod/members/${third}`, { token });
      expect(gone.status).toBe(204);
      const again = await door.call('DELETE', `/api/v1/workspaces/prod/members/${third}`, { token });
      expect([again.status, again.body.code]).toEqual([404, 'membership.not_found']);
    });

    test('it is changed by whoever may, under If-Match', async () => {
      const answer = await get('/workspaces/prod');
      const patch = (etag: string) =>
        door.call('PATCH', '/api/v1/workspaces/prod', { body: { displayName: 'Prod' }, headers: { 'if-match': etag } });
      expect((await patch('"99"')).status).toBe(412);
      expect((await patch(String(answer.headers['etag']))).body).toMatchObject({ displayName: 'Prod' });
    });

    test.each([
      ['/name', { name: 'two words' }],
      ['/name', { name: `ws_${'0'.repeat(26)}` }],
      ['/displayName', { name: 'x', displayName: '' }],
      ['/id', { name: 'x', id: 'ws_1' }],
      ['/organizationId', { name: 'x', organizationId: 'org_1' }],
    ])('400 at %s for %j', async (path, body) => {
      const answer = await door.call('POST', '/api/v1/workspaces', { body });
      expect([answer.status, answer.body.errors?.[0]?.path]).toEqual([400, path]);
    });
  });

  test('a group manager manages members and nothing else', async () => {
    const { accountId: managerId, value: token } = await door.createCaller('member');
    const { accountId: third } = await door.createCaller('member');
    const made = await door.call('POST', '/api/v1/groups', { body: { name: 'Empty' } });
    const path = `/groups/${made.body.id}`;
    expect((await get(path, token)).body.code).toBe('group.not_found');
    await put(`${path}/members/${managerId}`, { role: 'manager' });
    expect((await put(`${path}/members/${third}`, { role: 'member' }, token)).status).toBe(200);
    expect((await get(`${path}/members`, token)).body.items).toHaveLength(2);
    const rename = await door.call('PATCH', `/api/v1${path}`, { body: { name: 'Mine' }, token });
    expect([rename.status, rename.body.permission]).toEqual([403, 'group.update']);
    expect((await get('/groups', token)).status).toBe(403);
  });

  test('nobody takes from itself what it asks with, but for what it holds twice', async () => {
    const { accountId: managerId, value: token } = await door.createCaller('member');
    const made = await door.call('POST', '/api/v1/groups', { body: { name: 'Keepers' } });
    const mine = `/workspaces/prod/groups/${made.body.id}`;
    await put(`/groups/${made.body.id}/members/${managerId}`, { role: 'member' });
    await put(mine, { role: 'manager' });
    for (const refused of [
      await put(mine, { role: 'viewer' }, token),
      await door.call('DELETE', `/api/v1${mine}`, { token }),
    ]) {
      expect([refused.status, refused.body.code]).toEqual([409, 'caller.locked_out']);
      expect(refused.body.detail).toMatch(
        /^This would take the permission workspace_member.update there from whoever asks/,
      );
    }
    expect((await get(`/workspaces/prod/groups`, token)).body.items).toContainEqual({
      group: { id: made.body.id, name: 'Keepers' },
      role: { id: 'manager', name: 'manager' },
    });
    await put(`/workspaces/prod/members/${managerId}`, { role: 'manager' });
    expect((await put(mine, { role: 'viewer' }, token)).status).toBe(200);
  });

  test('what is built in is read and never changed', async () => {
    const roles = await get('/roles');
    expect(roles.body.items.map(({ id }: { id: string }) => id).slice(0, 3)).toEqual(['viewer', 'member', 'manager']);
    expect((await get('/roles/manager')).body).toMatchObject({ builtIn: true });
    const change = await door.call('PATCH', '/api/v1/roles/manager', { body: { permissions: [] } });
    expect([change.status, change.body.code]).toEqual([404, 'role.not_found']);
    for (const name of ['Manager', 'ｍｅｍｂｅｒ', ' view er']) {
      const made = await door.call('POST', '/api/v1/roles', { body: { name, permissions: [] } });
      expect([made.status, made.body.errors?.[0]?.path]).toEqual([400, '/name']);
    }
    const permission = await door.call('POST', '/api/v1/permissions', { body: { name: 'token.create' } });
    expect([permission.status, permission.body.errors?.[0]?.path]).toEqual([400, '/name']);
    expect((await get('/permissions')).body.items).toContainEqual({
      name: 'invoices.read',
      description: 'Read invoices',
      scope: 'workspace',
      builtIn: false,
    });
  });

  test('a policy is tried before it is set, and acts on what exists', async () => {
    const tokenPolicy = { creation: { groupIds: [groupId] }, requireExpiry: false };
    const dry = await door.call('PATCH', '/api/v1/organization?dryRun=true', { body: { tokenPolicy } });
    expect(dry.body).toMatchObject({ affected: expect.any(Number), tokens: expect.any(Array) });
    const locked = await door.call('PATCH', '/api/v1/organization', { body: { tokenPolicy } });
    expect([locked.status, locked.body.code]).toEqual([409, 'caller.locked_out']);
    await put(`/groups/${groupId}/members/${door.adminAccountId}`, { role: 'member' });
    const { accountId: other, value: stopped } = await door.createCaller('member');
    expect((await get('/me', stopped)).status).toBe(200);
    expect((await door.call('PATCH', '/api/v1/organization', { body: { tokenPolicy } })).status).toBe(200);
    expect((await get('/me', stopped)).status).toBe(401);
    expect((await get('/me', value)).status).toBe(200);
    const refused = await door.call('POST', `/api/v1/service-accounts/${other}/tokens`, { body: { name: 'x' } });
    expect([refused.status, refused.body.code]).toEqual([403, 'token.policy_forbids']);
    const open = { creation: 'everyone', maxLifetimeDays: 30, requireExpiry: false };
    expect((await door.call('PATCH', '/api/v1/organization', { body: { tokenPolicy: open } })).status).toBe(200);
    expect((await get('/me', stopped)).status).toBe(200);
    const late = await door.call('POST', `/api/v1/service-accounts/${other}/tokens`, { body: { name: 'x' } });
    expect([late.status, late.body]).toMatchObject([
      400,
      { code: 'token.expiry_not_allowed', maxExpiresAt: expect.stringMatching(/Z$/) },
    ]);
    await door.call('PATCH', '/api/v1/organization', {
      body: { tokenPolicy: { creation: 'everyone', requireExpiry: false } },
    });
  });

  test('a preview tells who would gain and lose what, and changes nothing', async () => {
    const preview = (changes: unknown) => door.call('POST', '/api/v1/access/preview', { body: { changes } });
    const before = (await get(`/service-accounts/${accountId}/access`)).text;
    const answer = await preview([
      { kind: 'workspace_member', workspace: 'prod', principalId: accountId, role: null },
      { kind: 'role', roleId, permissions: ['workspace.read', 'workspace.run'] },
    ]);
    const where = { kind: 'workspace', id: workspaceId, name: 'prod' };
    expect(answer.body.complete).toBe(true);
    expect(answer.body.items).toContainEqual({
      principal: { kind: 'service_account', id: accountId, displayName: 'Nightly import' },
      gains: [{ permission: 'workspace.run', where }],
      losses: [
        { permission: 'workspace_member.read', where },
        { permission: 'invoices.read', where },
      ],
    });
    expect((await get(`/service-accounts/${accountId}/access`)).text).toBe(before);
    const unknown = await preview([
      { kind: 'group_member', groupId: `grp_${'0'.repeat(26)}`, principalId: accountId, role: null },
    ]);
    expect([unknown.status, unknown.body.code]).toEqual([404, 'group.not_found']);
    const nobody = await preview([{ kind: 'organization_role', principalId: `sa_${'0'.repeat(26)}`, role: 'admin' }]);
    expect([nobody.status, nobody.body.code]).toEqual([404, 'principal.not_found']);
    expect((await preview([])).status).toBe(400);
    expect((await preview([{ kind: 'nonsense' }])).status).toBe(400);
  });
});
