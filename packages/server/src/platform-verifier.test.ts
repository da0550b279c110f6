import {
  createPlatformVerifier,
  deletePlatformVerifier,
  listAllOrganizations,
  listPlatformVerifiers,
} from '@postern/core';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { engines } from '../../storage/test/engines.ts';
import { type Door, openDoor } from '../test/door.ts';
import { listOperations } from '../test/operations.ts';

const operations = await listOperations();
/** Asked without a query; forward-auth has none that would do. */
const isPlainRead = ({ id, method }: (typeof operations)[number]) => method === 'GET' && id !== 'forwardAuth';

describe.each(engines)('a platform verifier on $name', (engine) => {
  let door: Door;
  let token: string;
  let id: Awaited<ReturnType<typeof createPlatformVerifier>>['verifier']['id'];
  let ours: { accountId: string; tokenId: string; value: string };
  let outsider: string;

  beforeEach(async () => {
    door = await openDoor(engine);
    const made = await createPlatformVerifier(door.server, { name: 'gateway' });
    token = made.value.reveal();
    id = made.verifier.id;
    ours = await door.createCaller('member');
    outsider = await door.createOutsider();
  });
  afterEach(() => door.close());

  const verify = (value: string, body: Record<string, unknown> = {}) =>
    door.call('POST', '/api/v1/tokens/verify', { token, body: { token: value, ...body } });
  const introspect = (value: string) =>
    door.call('POST', '/oauth2/introspect', {
      token,
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      raw: `token=${value}`,
    });

  test('verifies tokens of every organization, and says of which', async () => {
    const [mine, theirs] = [await verify(ours.value), await verify(outsider)];
    expect(mine.body).toMatchObject({
      active: true,
      organization: { name: 'Acme' },
      principal: { id: ours.accountId },
    });
    expect(theirs.body).toMatchObject({ active: true });
    expect(theirs.body.organization.id).not.toBe(mine.body.organization.id);
    expect((await introspect(outsider)).body).toMatchObject({
      active: true,
      'urn:postern:organization_id': theirs.body.organization.id,
    });
    const decided = await verify(outsider, { permission: 'service_account.create' });
    expect([decided.body.allowed, decided.body.organization]).toEqual([true, theirs.body.organization]);
    await door.call('POST', '/api/v1/workspaces', { token: outsider, body: { name: 'theirs' } });
    const there = await verify(outsider, { permission: 'workspace.read', workspace: 'theirs' });
    expect(there.body.allowed).toBe(true);
    // Another organization's verifier still sees nothing of it.
    const verifier = await door.createCaller('verifier');
    const foreign = await door.call('POST', '/api/v1/tokens/verify', {
      token: verifier.value,
      body: { token: outsider },
    });
    expect(foreign.body).toEqual({ active: false });
  });

  test('a warm verification is answered from memory', async () => {
    expect((await verify(ours.value)).body.active).toBe(true);
    // Behind the server's back: no change tells of it, so whoever read would find nobody.
    await door.database.query('delete from token_digest returning token_id');
    expect((await verify(ours.value)).body.active).toBe(true);
    expect((await verify(outsider)).body.active).toBe(false);
  });

  test('does nothing else: it may read who it is, and what anybody may', async () => {
    const allowed: string[] = [];
    for (const { id: name, method, path } of operations.filter(isPlainRead)) {
      const answer = await door.call(method, path.replace(/\{\w+\}/g, ours.accountId), { token });
      if (answer.status < 400) allowed.push(name);
      else expect([403, 404], name).toContain(answer.status);
    }
    expect((await door.call('GET', '/forward-auth?organization=*', { token })).status).toBe(401);
    // It has no workspace to list.
    expect(allowed.sort()).toEqual([
      'getAuthorizationServerMetadata',
      'getHealth',
      'getMe',
      'getProtectedResourceMetadata',
      'getReadiness',
      'getSignInOptions',
      'listWorkspaces',
    ]);
    expect((await door.call('GET', '/api/v1/workspaces', { token })).body.items).toEqual([]);
    const changes: readonly [string, string, object?][] = [
      ['POST', 'service-accounts', { displayName: 'x', organizationRole: 'admin' }],
      ['PATCH', `service-accounts/${id}`, { organizationRole: 'admin' }],
      ['DELETE', `service-accounts/${ours.accountId}`],
      ['POST', `service-accounts/${id}/tokens`, { name: 'x' }],
      ['POST', 'members', { emails: ['eve@example.com'] }],
      ['POST', 'me/tokens', { name: 'x' }],
      ['POST', 'groups', { name: 'x' }],
      ['POST', 'workspaces', { name: 'x' }],
      ['POST', 'roles', { name: 'x', permissions: [] }],
      ['POST', 'permissions', { name: 'x.read' }],
      ['PATCH', 'organization', { name: 'x' }],
      ['POST', 'tokens/revoke', { accountId: ours.accountId }],
      ['POST', 'access/check', { principalId: ours.accountId, permission: 'workspace.read' }],
      [
        'POST',
        'access/preview',
        { changes: [{ kind: 'organization_role', principalId: ours.accountId, role: 'admin' }] },
      ],
    ];
    for (const [method, path, body] of changes) {
      const answer = await door.call(method, `/api/v1/${path}`, { token, ...(body && { body }) });
      expect([path, answer.status], answer.text).toEqual([path, 403]);
    }
    expect((await verify(ours.value)).body.active).toBe(true);
  });

  test('last use and refused use are told to the organization of the token', async () => {
    await verify(ours.value, { clientAddress: '203.0.113.7' });
    await door.server.usage.flush(door.database.storage);
    const path = `/api/v1/service-accounts/${ours.accountId}`;
    expect((await door.call('GET', `${path}/tokens/${ours.tokenId}`)).body.lastUsedIp).toBe('203.0.113.7');
    expect((await door.call('POST', `${path}/disable`)).status).toBe(200);
    expect((await verify(ours.value)).body).toEqual({ active: false });
    await door.server.usage.flush(door.database.storage);
    expect(await door.listEvents('&action=token.use_refused')).toMatchObject([{ target: { id: ours.tokenId } }]);
    const [verifier] = await listPlatformVerifiers(door.database.storage);
    expect(verifier?.lastUsedAt).toBe(door.database.clock.now());
  });

  test('deleting it revokes it at once, and only it', async () => {
    const other = (await createPlatformVerifier(door.server, { name: 'other' })).value.reveal();
    expect((await verify(ours.value)).status).toBe(200);
    expect(await deletePlatformVerifier(door.server, id)).toBe(true);
    const refused = await verify(ours.value);
    expect([refused.status, refused.body.code]).toEqual([401, 'token.invalid']);
    const still = await door.call('POST', '/api/v1/tokens/verify', { token: other, body: { token: ours.value } });
    expect(still.body.active).toBe(true);
    expect(await deletePlatformVerifier(door.server, id)).toBe(false);
    expect((await listPlatformVerifiers(door.database.storage)).map(({ name }) => name)).toEqual(['other']);
  });

  test('is a caller nowhere, and no organization shows it', async () => {
    const other = (await createPlatformVerifier(door.server, { name: 'other' })).value.reveal();
    expect((await verify(other)).body).toEqual({ active: false });
    const asked = await door.call('POST', '/api/v1/tokens/verify', { body: { token } });
    expect(asked.body).toEqual({ active: false });
    expect((await listAllOrganizations(door.database.storage)).map(({ name }) => name)).not.toContain('Platform');
    expect((await door.call('GET', `/api/v1/service-accounts/${id}`)).status).toBe(404);
    expect(await deletePlatformVerifier(door.server, ours.accountId as typeof id)).toBe(false);
  });
});
