import { randomBytes } from 'node:crypto';
import { type AuditEventQuery, newId, type PrincipalId, type ServiceAccount } from '@postern/core';
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { listAuditEvents } from '../src/audit-event.ts';
import { createKysely, openConnection } from '../src/sqlite/connection.ts';
import { jsonRows } from '../src/sqlite/json-rows.ts';
import { engines, type TestDatabase } from './engines.ts';
import { createOtherWorld, createWorld, type World } from './world.ts';

const ALL: AuditEventQuery = {
  limit: 2,
  after: null,
  actorId: null,
  targetId: null,
  principalId: null,
  action: null,
  requestId: null,
  from: null,
  to: null,
};

describe.each(engines)('what concerns a service account on $name', (engine) => {
  let database: TestDatabase;
  let world: World;
  let account: ServiceAccount;

  beforeEach(async () => {
    database = await engine.open();
    world = await createWorld(database);
    account = await world.createAccount();
  });
  afterEach(() => database.destroy());

  /** What was done, page by page. */
  async function actions(principalId: string, fields: Partial<AuditEventQuery> = {}, of = world): Promise<string[]> {
    const found: string[] = [];
    let query: AuditEventQuery | undefined = { ...ALL, principalId, ...fields };
    while (query) {
      const { items, next } = await database.storage.listAuditEvents(of.organizationId, query);
      found.push(...items.map(({ action }) => action));
      query = next ? { ...query, after: next } : undefined;
    }
    return found;
  }

  /** Later than what was done before. */
  function later<Result>(act: () => Promise<Result>): Promise<Result> {
    database.clock.advance(1_000);
    return act();
  }

  async function createToken() {
    const { token } = await later(() => world.createToken(account.id));
    return { token, address: { accountId: account.id, tokenId: token.id } };
  }

  const IN_BULK = { accountId: null, createdBy: null, createdBefore: null, unusedSince: null };

  test('is what was done to it and to its tokens, deleted ones included, and nothing of another', async () => {
    const { storage } = database;
    const other = await world.createAccount({ displayName: 'another' });
    await world.createToken(other.id);
    const { token, address } = await createToken();
    await later(() => storage.updateToken(world.context(), address, { name: 'renamed' }));
    await later(() =>
      storage.recordRefusedMutation({
        ...{ eventId: newId('audit_event', database.clock, randomBytes), organizationId: world.organizationId },
        ...{ actor: world.admin, action: 'token.refresh', code: 'permission.missing', at: database.clock.now() },
        target: { kind: 'token', id: token.id, displayName: null },
        request: { requestId: 'req_refused', address: null, userAgent: null },
      }),
    );
    await later(() => storage.deleteToken(world.context(), address));
    const ofTokens = ['token.delete', 'token.refresh', 'token.update', 'token.create'];
    expect(await actions(account.id)).toEqual([...ofTokens, 'service_account.create']);
    expect(await actions(other.id)).toHaveLength(2);
    expect(await actions(account.id, { targetId: token.id })).toEqual(ofTokens);
    expect(await actions(account.id, { targetId: other.id })).toEqual([]);
    expect(await actions(account.id, { action: 'token.update' })).toEqual(['token.update']);
    expect(await actions(account.id, { requestId: 'req_refused' })).toEqual(['token.refresh']);
    expect(await actions(account.id, { actorId: account.id })).toEqual([]);
    const at = database.clock.now();
    expect(await actions(account.id, { from: at })).toEqual(['token.delete']);
    expect(await actions(account.id, { from: at - 2_000, to: at })).toEqual(['token.refresh', 'token.update']);
    expect(await actions(token.id)).toEqual([]);
    expect(await actions('sa_\0')).toEqual([]);
  });

  test('is what it did itself, once each', async () => {
    const change = { description: 'the first' };
    await later(() => database.storage.updateServiceAccount(world.context(), world.accountId, change));
    const own = ['service_account.update', 'service_account.create'];
    expect(await actions(world.accountId, { actorId: world.accountId })).toEqual(own);
    expect([...(await actions(world.accountId))].sort()).toEqual(
      [...own, 'service_account.create', 'token.create'].sort(),
    );
  });

  /** In a group and in a workspace, both new. */
  async function giveRoles(principalId: PrincipalId) {
    const { storage } = database;
    const { group, workspace } = world.newPlaces();
    await storage.createGroup(world.context({ permission: 'group.create' }), group);
    await storage.createWorkspace(world.context({ permission: 'workspace.create' }), workspace);
    await later(() => storage.setGroupMember(world.context(), group.id, { principalId, role: 'member' }));
    await later(() => storage.setWorkspaceMember(world.context(), workspace.id, { principalId, roleId: 'viewer' }));
    return { group, workspace };
  }

  test('is which roles it was given, and which were taken', async () => {
    const { storage } = database;
    const principalId = account.id;
    const { group, workspace } = await giveRoles(principalId);
    await later(() => storage.removeWorkspaceMember(world.context(), workspace.id, principalId));
    await later(() => storage.removeGroupMember(world.context(), group.id, principalId));
    const roles = ['group_member.remove', 'workspace_member.remove', 'workspace_member.set', 'group_member.set'];
    expect(await actions(principalId)).toEqual([...roles, 'service_account.create']);
    // Whose role it was is told by the name of then.
    await later(() => storage.updateServiceAccount(world.context(), principalId, { displayName: 'renamed since' }));
    const { items } = await storage.listAuditEvents(world.organizationId, { ...ALL, limit: 5, principalId });
    const of = { principalId, principalName: account.displayName };
    const viewer = { id: 'viewer', name: 'viewer' };
    expect(items.slice(1).map(({ details }) => details)).toEqual([
      { ...of, from: 'member', to: null },
      { ...of, from: viewer, to: null },
      { ...of, from: null, to: viewer },
      { ...of, from: null, to: 'member' },
    ]);
  });

  test('is what ended its roles with all others: that their group or their workspace was deleted', async () => {
    const { storage } = database;
    const principalId = account.id;
    const { group, workspace } = await giveRoles(principalId);
    await later(() => storage.deleteGroup(world.context(), group.id));
    await later(() => storage.deleteWorkspace(world.context(), workspace.id));
    const roles = ['workspace.delete', 'group.delete', 'workspace_member.set', 'group_member.set'];
    expect(await actions(principalId)).toEqual([...roles, 'service_account.create']);
  });

  test('names the group whose role it was', async () => {
    const { storage } = database;
    const { group, workspace } = world.newPlaces();
    await storage.createGroup(world.context({ permission: 'group.create' }), group);
    await storage.createWorkspace(world.context({ permission: 'workspace.create' }), workspace);
    const viewer = { id: 'viewer', name: 'viewer' };
    const carried = { groupId: group.id, roleId: 'viewer' } as const;
    await later(() => storage.setWorkspaceGroup(world.context(), workspace.id, carried));
    await later(() => storage.removeWorkspaceGroup(world.context(), workspace.id, group.id));
    const query = { ...ALL, targetId: workspace.id };
    const { items } = await storage.listAuditEvents(world.organizationId, query);
    expect(items.map(({ action, details }) => [action, details])).toEqual([
      ['workspace_group.remove', { groupId: group.id, groupName: group.name, from: viewer, to: null }],
      ['workspace_group.set', { groupId: group.id, groupName: group.name, from: null, to: viewer }],
    ]);
  });

  test('is how its tokens ended with others', async () => {
    const { storage } = database;
    const { token } = await createToken();
    const spared = await later(() => world.createAccount({ displayName: 'spared' }));
    const createdBefore = database.clock.now();
    await world.createToken(spared.id);
    await later(() => storage.revokeTokens(world.operatorContext(), { ...IN_BULK, createdBefore }));
    expect(await actions(account.id)).toEqual(['token.revoke', 'token.create', 'service_account.create']);
    expect(await actions(account.id, { targetId: token.id })).toEqual(['token.create']);
    expect(await actions(spared.id)).not.toContain('token.revoke');
    await database.query(`update organization set quarantine = 'releasable' where id = '${world.organizationId}'`);
    await later(() => storage.deleteQuarantinedTokens(world.operatorContext()));
    expect((await actions(spared.id))[0]).toBe('organization.delete_tokens');
    expect((await actions(account.id))[0]).toBe('token.revoke');
  });

  test('is nothing where it is of another organization', async () => {
    const other = await createOtherWorld(database);
    const theirs = await other.createAccount();
    const { token } = await other.createToken(theirs.id);
    const refused = {
      code: 'token.not_found',
      ...{ organizationId: world.organizationId, actor: world.admin },
      ...{ at: database.clock.now(), request: { requestId: 'req_1', address: null, userAgent: null } },
    } as const;
    const eventId = () => newId('audit_event', database.clock, randomBytes);
    for (const target of [
      { kind: 'token', id: token.id, displayName: null },
      { kind: 'service_account', id: theirs.id, displayName: null },
    ] as const) {
      await database.storage.recordRefusedMutation({ ...refused, eventId: eventId(), action: 'token.delete', target });
    }
    expect(await actions(theirs.id)).toEqual([]);
    expect(await actions(theirs.id, {}, other)).toHaveLength(2);
    expect(await actions(account.id, {}, other)).toEqual([]);
  });

  test('is found for events that are older than the search for it', async () => {
    const { storage } = database;
    const { group } = world.newPlaces();
    await storage.createGroup(world.context({ permission: 'group.create' }), group);
    const { address } = await createToken();
    await createToken();
    await later(() => storage.setGroupMember(world.context(), group.id, { principalId: account.id, role: 'member' }));
    await later(() => storage.deleteToken(world.context(), address));
    const createdBefore = database.clock.now();
    await later(() => storage.revokeTokens(world.operatorContext(), { ...IN_BULK, createdBefore }));
    const other = await createOtherWorld(database);
    await other.createToken((await other.createAccount()).id);
    const concerns = () => database.query('select * from audit_event_principal order by principal_id, at, event_id');
    const before = await concerns();
    // A token that was swept since is still known from what its events hold.
    await database.query(`delete from token_digest where token_id = '${address.tokenId}'`);
    await database.query(`delete from token where id = '${address.tokenId}'`);
    await database.query('drop table audit_event_principal');
    await database.query('alter table node drop column history');
    await database.query('drop index principal_ending');
    await database.query('alter table installation drop column notification_key');
    await database.query('alter table principal drop column tokens_end_at');
    await database.query('delete from migration where number >= 14');
    await database.reopen();
    expect(before.length).toBeGreaterThan(15);
    expect(await concerns()).toEqual(before);
  });
});

test('what concerns a service account is read in the order of an index on SQLite', async () => {
  const database = await engines.find(({ name }) => name === 'sqlite')!.open();
  onTestFinished(() => database.destroy());
  const world = await createWorld(database);
  const connection = openConnection(database.location);
  onTestFinished(() => connection.close());
  const texts: string[] = [];
  connection.prepare = (text, options) => {
    texts.push(text);
    return Object.getPrototypeOf(connection).prepare.call(connection, text, options);
  };
  const query = { ...ALL, principalId: world.accountId, action: 'token.create', from: 1, to: database.clock.now() + 1 };
  const reading = { db: createKysely(connection), jsonRows, now: 0 };
  await listAuditEvents(reading, world.organizationId, { ...query, after: { key: 2, id: 'evt_' } });
  const plan = connection.prepare(`explain query plan ${texts[0]}`).all();
  expect(plan.map(({ detail }) => String(detail).replace(/ AND .*\)$/, ' …)'))).toEqual([
    'SEARCH concern USING PRIMARY KEY (organization_id=? …)',
    expect.stringMatching(/^SEARCH event USING INDEX sqlite_autoindex_audit_event_1 \(id=\?\)$/),
  ]);
});
