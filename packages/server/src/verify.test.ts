import { randomBytes } from 'node:crypto';
import { mintTokenValue } from '@postern/core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { engines, TEST_NOW } from '../../storage/test/engines.ts';
import { type Door, openDoor } from '../test/door.ts';

describe.each(engines)('verification on $name', (engine) => {
  let door: Door;
  let verifier: string;
  let outsider: string;
  beforeAll(async () => {
    door = await openDoor(engine);
    verifier = (await door.createCaller('verifier')).value;
    outsider = await door.createOutsider();
  });
  afterAll(() => door.close());

  const verify = (body: Record<string, unknown>, token = verifier) =>
    door.call('POST', '/api/v1/tokens/verify', { token, body });

  test('200 with who it is; nothing of a permission when none was asked about', async () => {
    const { accountId, tokenId, value } = await door.createCaller('member');
    const answer = await verify({ token: value });
    expect([answer.status, answer.body]).toEqual([
      200,
      {
        active: true,
        principal: { id: accountId, kind: 'service_account', displayName: 'A member', organizationRole: 'member' },
        organization: { id: expect.stringMatching(/^org_/), name: 'Acme' },
        token: {
          id: tokenId,
          name: 'nightly',
          expiresAt: null,
          generation: 1,
          validUntil: null,
          networkRestricted: false,
        },
      },
    ]);
  });

  test('200 with the decision and its reason', async () => {
    const { value } = await door.createCaller('member');
    const denied = await verify({ token: value, permission: 'token.read' });
    expect(denied.body).toMatchObject({
      allowed: false,
      missing: { permission: 'token.read', scope: 'organization' },
    });
    expect(denied.body).not.toHaveProperty('because');
    const allowed = await verify({ token: door.admin, permission: 'token.read' });
    expect(allowed.body).toMatchObject({ allowed: true, because: [{ source: 'organization_role', role: 'admin' }] });
    expect((await verify({ token: door.admin, permission: 'invoices.read' })).body.allowed).toBe(false);
  });

  test('200 and inactive for everything that is not a valid token of the organization, all alike', async () => {
    const { value, accountId, tokenId } = await door.createCaller('member');
    await door.call('DELETE', `/api/v1/service-accounts/${accountId}/tokens/${tokenId}`);
    for (const token of [
      '',
      'nonsense',
      `Bearer ${door.admin}`,
      mintTokenValue(randomBytes).reveal(),
      value,
      outsider,
    ]) {
      const answer = await verify({ token, permission: 'token.read' });
      expect([answer.status, answer.text]).toEqual([200, '{"active":false}']);
    }
  });

  test('a refused token of our own is noted with the address that presented it; one of another organization nowhere', async () => {
    const { value, accountId, tokenId } = await door.createCaller('member');
    await door.call('DELETE', `/api/v1/service-accounts/${accountId}/tokens/${tokenId}`);
    const answer = await verify({ token: value, clientAddress: '198.51.100.7', userAgent: 'curl' });
    const events = await door.listEvents(`&requestId=${answer.headers['x-request-id']}`);
    expect(events).toMatchObject([{ action: 'token.use_refused', address: '198.51.100.7', target: { id: tokenId } }]);
    await verify({ token: outsider });
    await door.server.usage.flush(door.server.storage);
    const theirs = await door.call('GET', '/api/v1/tokens', { token: outsider });
    expect(theirs.body.items[0].lastUsedAt).toBe(null);
    await verify({ token: door.admin }, outsider);
    expect(
      (await door.call('GET', '/api/v1/audit-events?action=token.use_refused', { token: outsider })).body.items,
    ).toEqual([]);
  });

  test('a user agent that no database can keep is noted all the same', async () => {
    const { value, accountId, tokenId } = await door.createCaller('member');
    for (const userAgent of ['a\0b', '\ud800']) expect((await verify({ token: value, userAgent })).status).toBe(200);
    await door.server.usage.flush(door.server.storage);
    const url = `/api/v1/service-accounts/${accountId}/tokens/${tokenId}`;
    const { items } = (await door.call('GET', `${url}/callers`)).body;
    expect(items.map(({ userAgent }: { userAgent: string }) => userAgent).sort()).toEqual(['a\ufffdb', '\ufffd']);
    expect(door.server.usage.stats().lost).toBe(0);
  });

  test('the use of the presented token is recorded, allowed or denied, with what the verifier told', async () => {
    const { value, accountId, tokenId } = await door.createCaller('member');
    await verify({ token: value, permission: 'token.read', clientAddress: '::ffff:198.51.100.9', userAgent: 'job' });
    await verify({ token: value });
    await door.server.usage.flush(door.server.storage);
    const url = `/api/v1/service-accounts/${accountId}/tokens/${tokenId}`;
    const { items } = (await door.call('GET', `${url}/callers`)).body;
    const at = new Date(TEST_NOW).toISOString();
    expect(items).toContainEqual({ address: '198.51.100.9', userAgent: 'job', firstAt: at, lastAt: at, calls: 1 });
    expect(items).toContainEqual({ address: null, userAgent: null, firstAt: at, lastAt: at, calls: 1 });
    const to = new Date(TEST_NOW + 1).toISOString();
    const usage = (await door.call('GET', `${url}/usage?to=${to}`)).body.items;
    expect(usage.map(({ outcome, calls }: { outcome: string; calls: number }) => [outcome, calls]).sort()).toEqual([
      ['allowed', 1],
      ['denied', 1],
    ]);
  });

  test('403 for who may not verify', async () => {
    const { value } = await door.createCaller('member');
    const answer = await verify({ token: door.admin }, value);
    expect([answer.status, answer.body.permission]).toEqual([403, 'token.introspect']);
  });

  test.each([
    ['/token', {}],
    ['/token', { token: 7 }],
    ['/token', { token: 'x'.repeat(5_000) }],
    ['/permission', { token: 'x', permission: 'Everything' }],
    ['/clientAddress', { token: 'x', clientAddress: 'localhost' }],
    ['/workspace', { token: 'x', workspace: '' }],
  ])('400 at %s for %j', async (path, body) => {
    const answer = await verify(body);
    expect([answer.status, answer.body.errors?.[0]?.path]).toEqual([400, path]);
    expect(answer.text).not.toMatch(/Everything|localhost/);
  });
});

describe.each(engines)('who calls, on $name', (engine) => {
  let door: Door;
  beforeAll(async () => {
    door = await openDoor(engine);
  });
  afterAll(() => door.close());

  test('GET /me says who, where and with which token', async () => {
    const { accountId, tokenId, value } = await door.createCaller('verifier');
    expect((await door.call('GET', '/api/v1/me', { token: value })).body).toEqual({
      id: accountId,
      kind: 'service_account',
      displayName: 'A verifier',
      organization: { id: expect.stringMatching(/^org_/), name: 'Acme', plan: 'enterprise' },
      organizationRole: 'verifier',
      permissions: ['token.introspect', 'access.check', 'changes.read'],
      groups: [],
      workspaces: [],
      token: { id: tokenId, name: 'nightly', expiresAt: null, restrictions: null },
    });
  });

  test('GET /organization has an ETag, and needs its permission', async () => {
    const answer = await door.call('GET', '/api/v1/organization');
    expect([answer.status, answer.headers['etag'], answer.body]).toEqual([
      200,
      '"1"',
      {
        id: expect.stringMatching(/^org_/),
        name: 'Acme',
        plan: 'enterprise',
        tokenPolicy: { creation: 'everyone', maxLifetimeDays: null, requireExpiry: false },
        leakResponse: 'revoke',
        quarantine: null,
        createdAt: expect.any(String),
      },
    ]);
    const { value } = await door.createCaller('member');
    expect((await door.call('GET', '/api/v1/organization', { token: value })).status).toBe(403);
  });
});
