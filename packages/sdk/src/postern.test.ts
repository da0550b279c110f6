import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { startPostern } from '../test/server.ts';
import {
  Conflict,
  InvalidRequest,
  inDays,
  NotFound,
  PermissionDenied,
  Postern,
  SettingsError,
  Unauthenticated,
} from './index.ts';

/** Against a real server, from the public surface alone. */

async function start() {
  const server = await startPostern();
  const warnings: string[] = [];
  const client = (token: string) =>
    new Postern({ url: server.url, token, warn: (sentence) => void warnings.push(sentence) });
  return { server, client, postern: client(server.adminToken), warnings };
}

test('the life of a service account and its token', async () => {
  const { server, client, postern, warnings } = await start();
  const { serviceAccounts, tokens } = postern;

  const account = await serviceAccounts.create({ displayName: 'nightly-import', organizationRole: 'member' });
  expect(account).toMatchObject({ displayName: 'nightly-import', status: 'active', tokenCount: 0 });
  const verifierAccount = await serviceAccounts.create({ displayName: 'orders-api', organizationRole: 'verifier' });
  const ordersApi = client(
    (await serviceAccounts.tokens.create(verifierAccount.id, { name: 'production' })).value.reveal(),
  );

  const expiresAt = inDays(90);
  const first = await serviceAccounts.tokens.create(account.id, { name: 'ci', expiresAt });
  expect(first.token).toMatchObject({ name: 'ci', expiresAt, accountId: account.id });
  expect(inspect(first)).not.toContain(first.value.reveal());
  expect(await ordersApi.tokens.verify(first.value, { clientAddress: '10.2.3.4', userAgent: 'pipeline/1' })).toEqual({
    active: true,
    principal: {
      id: account.id,
      kind: 'service_account',
      displayName: 'nightly-import',
      organizationRole: 'member',
    },
    organization: { id: expect.stringMatching(/^org_/), name: 'Acme' },
    token: {
      id: first.token.id,
      name: 'ci',
      expiresAt,
      generation: 1,
      validUntil: expiresAt,
      networkRestricted: false,
    },
  });
  expect(await ordersApi.tokens.verify(first.value.reveal(), { permission: 'orders.read' })).toMatchObject({
    active: true,
    allowed: false,
    missing: { permission: 'orders.read', scope: 'organization' },
  });

  const second = await serviceAccounts.tokens.refresh(account.id, first.token.id, { overlapSeconds: 3_600 });
  expect(second.token).toMatchObject({ id: first.token.id, previous: { hint: first.token.hint } });
  expect(second.receipt).toMatchObject({ confirmed: 1, expired: 0 });
  const late = client(first.value.reveal());
  expect((await late.me()).id).toBe(account.id);
  expect((await client(second.value.reveal()).me()).token?.name).toBe('ci');
  await late.me();
  expect(warnings).toEqual([expect.stringContaining(second.token.previous?.validUntil ?? 'no overlap')]);

  await server.flushUsage();
  const callers = await serviceAccounts.tokens
    .callers(account.id, first.token.id, { generation: 'previous' })
    .toArray({ max: 10 });
  expect(callers.map(({ userAgent, calls }) => [userAgent, calls]).sort()).toEqual([
    [null, 1],
    ['pipeline/1', 1],
    ['postern-sdk/0.1.0', 2],
  ]);
  const usage = await serviceAccounts.tokens.usage(account.id, first.token.id, { by: 'day' });
  expect(usage.items.reduce((sum, { calls }) => sum + calls, 0)).toBe(5);

  const ended = await serviceAccounts.tokens.endOverlap(account.id, first.token.id);
  expect(ended.previous).toBeUndefined();
  expect(ended.receipt.confirmed).toBe(1);
  expect(await ordersApi.tokens.verify(first.value)).toEqual({ active: false });

  const disabled = await serviceAccounts.disable(account.id);
  expect(disabled).toMatchObject({ status: 'disabled', tokenCount: 0, receipt: { confirmed: 1 } });
  expect(await ordersApi.tokens.verify(second.value)).toEqual({ active: false });
  await expect(client(second.value.reveal()).me()).rejects.toThrow(Unauthenticated);
  expect((await serviceAccounts.enable(account.id)).tokenCount).toBe(0);
  expect(await ordersApi.tokens.verify(second.value)).toEqual({ active: false });
  expect(await tokens.list({ search: 'ci' }).toArray({ max: 10 })).toEqual([]);

  expect((await serviceAccounts.delete(account.id)).receipt).toMatchObject({ confirmed: 1 });
  await expect(serviceAccounts.get(account.id)).rejects.toThrow(NotFound);
});

test('an account and a token are changed, found and listed', async () => {
  const { postern } = await start();
  const { serviceAccounts, tokens } = postern;
  const made = await Promise.all(
    ['a', 'b', 'c', 'd', 'e'].map((name) =>
      serviceAccounts.create({ displayName: `job-${name}`, organizationRole: 'member', externalId: name }),
    ),
  );
  const names: string[] = [];
  for await (const { displayName } of serviceAccounts.list({ search: 'job-', limit: 2 })) names.push(displayName);
  expect(names).toEqual(['job-a', 'job-b', 'job-c', 'job-d', 'job-e']);
  const page = await serviceAccounts.list({ search: 'job-', limit: 2, sort: '-name' }).page();
  expect(page.items.map(({ displayName }) => displayName)).toEqual(['job-e', 'job-d']);
  expect(page.nextCursor).not.toBeNull();

  const [account] = made as [(typeof made)[0], ...typeof made];
  expect(await serviceAccounts.update(account.id, { displayName: 'job-z', externalId: null })).toMatchObject({
    displayName: 'job-z',
    externalId: null,
  });
  const { token } = await serviceAccounts.tokens.create(account.id, { name: 'one', expiresAt: inDays(30) });
  const shorter = inDays(7);
  const { tokens: accountTokens } = serviceAccounts;
  const change = { name: 'two', expiresAt: shorter };
  expect(await accountTokens.update(account.id, token.id, change, { ifMatch: token })).toMatchObject(change);
  await expect(accountTokens.update(account.id, token.id, { name: 'three' }, { ifMatch: token })).rejects.toMatchObject(
    {
      name: 'PreconditionFailed',
    },
  );
  expect(await accountTokens.get(account.id, token.id)).toMatchObject({ name: 'two', hint: token.hint });
  expect((await tokens.list({ hint: token.hint }).toArray({ max: 9 })).map(({ id }) => id)).toEqual([token.id]);
  expect((await accountTokens.delete(account.id, token.id)).receipt).not.toBeNull();
  expect((await accountTokens.list(account.id, { deleted: true }).toArray({ max: 9 })).map(({ id }) => id)).toEqual([
    token.id,
  ]);

  await accountTokens.create(account.id, { name: 'three' });
  await accountTokens.create(account.id, { name: 'four' });
  expect(await tokens.revoke({ accountId: account.id, dryRun: true })).toMatchObject({ revoked: 2 });
  expect(await accountTokens.deleteAll(account.id)).toMatchObject({ deleted: 2, receipt: { confirmed: 1 } });
  await accountTokens.create(account.id, { name: 'five' });
  expect(await tokens.revoke({ accountId: account.id })).toMatchObject({ revoked: 1, tokens: [{ name: 'five' }] });
});

test('organization, own token and audit log', async () => {
  const { postern, client } = await start();
  expect(await postern.organization.get()).toMatchObject({ name: 'Acme', plan: 'enterprise' });
  const me = await postern.me();
  expect(me).toMatchObject({ kind: 'service_account', displayName: 'bootstrap', organizationRole: 'admin' });

  const account = await postern.serviceAccounts.create({ displayName: 'job', organizationRole: 'member' });
  const { token, value } = await postern.serviceAccounts.tokens.create(account.id, { name: 'run 1' });
  const job = client(value.reveal());
  expect((await job.me.deleteToken()).receipt).toMatchObject({ expired: 0 });
  await expect(job.me()).rejects.toThrow(Unauthenticated);

  const [event] = await postern.audit.list({ targetId: token.id, action: 'token.delete' }).toArray({ max: 5 });
  expect(event).toMatchObject({
    actor: { id: account.id, tokenId: token.id },
    outcome: 'done',
    userAgent: 'postern-sdk/0.1.0',
  });
  const concerning = await postern.audit.list({ principalId: account.id }).toArray({ max: 5 });
  expect(concerning.map(({ action }) => action)).toEqual(['token.delete', 'token.create', 'service_account.create']);
});

describe('the same idempotency key', () => {
  test('gives the same value again, and none once that has ended', async () => {
    const { postern } = await start();
    const { tokens } = postern.serviceAccounts;
    const { id } = await postern.serviceAccounts.create({ displayName: 'job', organizationRole: 'member' });
    const idempotencyKey = 'kept-by-the-caller-0123456789';
    const first = await tokens.create(id, { name: 'ci' }, { idempotencyKey });
    const again = await tokens.create(id, { name: 'ci' }, { idempotencyKey });
    expect(again.token.id).toBe(first.token.id);
    expect(again.value.reveal()).toBe(first.value.reveal());
    await expect(tokens.create(id, { name: 'other' }, { idempotencyKey })).rejects.toMatchObject({
      name: 'Conflict',
      code: 'idempotency.mismatch',
    });
    await tokens.delete(id, first.token.id);
    const superseded = tokens.create(id, { name: 'ci' }, { idempotencyKey });
    await expect(superseded).rejects.toThrow(Conflict);
    await expect(superseded).rejects.toMatchObject({ code: 'idempotency.superseded' });
  });

  test('comes before a version that its own success has spent', async () => {
    const { postern } = await start();
    const { id } = await postern.serviceAccounts.create({ displayName: 'job', organizationRole: 'member' });
    const { token } = await postern.serviceAccounts.tokens.create(id, { name: 'ci' });
    const options = { idempotencyKey: 'kept-by-the-caller-0123456789', headers: { 'if-match': '"1"' } };
    const first = await postern.serviceAccounts.tokens.refresh(id, token.id, {}, options);
    const again = await postern.serviceAccounts.tokens.refresh(id, token.id, {}, options);
    expect(again.value.reveal()).toBe(first.value.reveal());
  });

  test('is one of its own for each call otherwise', async () => {
    const { postern } = await start();
    const input = { displayName: 'twin', organizationRole: 'member' as const };
    const [one, two] = [await postern.serviceAccounts.create(input), await postern.serviceAccounts.create(input)];
    expect(one.id).not.toBe(two.id);
  });
});

test('access: permissions of an API, a role, a group that carries it, and why', async () => {
  const { postern } = await start();
  const { serviceAccounts, groups, workspaces, roles, permissions, access, organization } = postern;
  const account = await serviceAccounts.create({ displayName: 'import', organizationRole: 'member' });
  await permissions.create({ name: 'orders.read', description: 'Read orders' });
  expect((await permissions.update('orders.read', { description: 'See orders' })).description).toBe('See orders');
  const role = await roles.create({ name: 'Reader', permissions: ['orders.read'] });
  const workspace = await workspaces.create({ name: 'prod' });
  const group = await groups.create({ name: 'Importers' });
  await groups.members.set(group.id, account.id, { role: 'member' });
  expect((await workspaces.roles('prod')).map(({ id }) => id)).toEqual(['viewer', 'member', 'manager', role.id]);
  await workspaces.groups.set('prod', group.id, { role: role.id });
  const question = { principalId: account.id, permission: 'orders.read', workspace: 'prod' };
  expect(await access.check(question)).toEqual({
    allowed: true,
    because: [
      {
        source: 'workspace_role',
        role: { id: role.id, name: 'Reader' },
        group: { id: group.id, name: 'Importers' },
      },
    ],
  });
  expect(await serviceAccounts.memberships(account.id)).toMatchObject({ groups: [{ id: group.id }], workspaces: [] });
  expect((await serviceAccounts.access(account.id)).workspaces).toMatchObject([{ id: workspace.id }]);
  expect(await groups.workspaces(group.id)).toEqual([
    { workspace: { id: workspace.id, name: 'prod' }, role: { id: role.id, name: 'Reader' } },
  ]);
  const preview = await access.preview([
    { kind: 'group_member', groupId: group.id, principalId: account.id, role: null },
  ]);
  expect(preview.items[0]?.losses.map(({ permission }) => permission)).toContain('orders.read');
  const policy = { creation: 'nobody', requireExpiry: false } as const;
  expect((await organization.previewTokenPolicy(policy)).affected).toBe(1);
  expect((await organization.update({ name: 'Acme & Sons' })).name).toBe('Acme & Sons');

  const [outcome, known] = await postern.members.invite({ emails: ['ada@example.com', 'ada@example.com'] });
  expect([outcome?.invitation?.member.status, known?.code]).toEqual(['invited', 'member.email_taken']);
  const ada = outcome?.invitation?.member.id ?? '';
  expect((await postern.members.resend(ada)).link).not.toBe(outcome?.invitation?.link);
  expect((await postern.members.update(ada, { organizationRole: 'admin' })).organizationRole).toBe('admin');
  expect(await postern.members.list().toArray({ max: 9 })).toMatchObject([{ id: ada }]);
  expect((await postern.members.access(ada)).organization.length).toBeGreaterThan(30);
  expect((await postern.members.get(ada)).email).toBe('ada@example.com');
  await postern.members.delete(ada);

  await workspaces.members.set('prod', account.id);
  expect(await workspaces.members.list('prod').toArray({ max: 9 })).toMatchObject([{ role: { id: 'member' } }]);
  expect((await workspaces.members.remove('prod', account.id)).receipt).toMatchObject({ confirmed: 1 });
  await workspaces.groups.remove('prod', group.id);
  expect(await access.check(question)).toMatchObject({ allowed: false, missing: { permission: 'orders.read' } });
  await groups.members.remove(group.id, account.id);
  await groups.delete(group.id);
  await workspaces.delete('prod');
  await roles.delete(role.id);
  await permissions.delete('orders.read');
  expect((await roles.list()).map(({ id }) => id)).toEqual(['viewer', 'member', 'manager']);
});

describe('what is refused', () => {
  test('names the fields that are not valid', async () => {
    const { postern } = await start();
    const refused = postern.serviceAccounts.create({ displayName: '', organizationRole: 'member' });
    await expect(refused).rejects.toThrow(InvalidRequest);
    await expect(refused).rejects.toMatchObject({
      code: 'request.invalid',
      errors: [{ path: '/displayName', message: 'must not be empty' }],
    });
  });

  test('names the permission that is missing', async () => {
    const { postern, client } = await start();
    const { id } = await postern.serviceAccounts.create({ displayName: 'job', organizationRole: 'member' });
    const { value } = await postern.serviceAccounts.tokens.create(id, { name: 'ci' });
    const refused = client(value.reveal()).serviceAccounts.list().page();
    await expect(refused).rejects.toThrow(PermissionDenied);
    await expect(refused).rejects.toMatchObject({
      missing: 'service_account.read',
      where: { kind: 'organization', id: null },
      requestId: expect.any(String),
    });
  });

  test('is an older version, when the caller asks for one', async () => {
    const { postern } = await start();
    const { id } = await postern.serviceAccounts.create({ displayName: 'job', organizationRole: 'member' });
    const refused = postern.serviceAccounts.update(id, { displayName: 'other' }, { headers: { 'if-match': '"9"' } });
    await expect(refused).rejects.toMatchObject({ name: 'PreconditionFailed', status: 412 });
  });
});

describe('a client', () => {
  test('needs to know where Postern is', () => {
    expect(() => new Postern({ token: 'x' })).toThrow(SettingsError);
  });

  test('does not print its token', () => {
    const postern = new Postern({ url: 'http://127.0.0.1:7070', token: 'pst_secret' });
    expect(inspect(postern, { depth: 9, showHidden: true })).not.toContain('pst_secret');
    expect(JSON.stringify(postern)).not.toContain('pst_secret');
  });

  test('calls the fetch that it is given as a browser wants it called', async () => {
    const receivers: unknown[] = [];
    async function fetch(this: unknown): Promise<Response> {
      receivers.push(this);
      return Response.json({ id: 'sa_1' });
    }
    await new Postern({ url: 'http://127.0.0.1:7070', token: 'x', fetch }).me();
    expect(receivers).toEqual([undefined]);
  });
});
