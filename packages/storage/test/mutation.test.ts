import type { Committed, MutationContext, Storage } from '@postern/core';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { MUTATIONS } from '../src/operation.ts';
import { engines, type TestDatabase } from './engines.ts';
import { createWorld, OPERATOR, type World } from './world.ts';

/** No account can ask for these; organization.test.ts tries them, and restore.test.ts those that end a quarantine. */
const OPERATORS_ONLY = ['createOrganization', 'setOrganizationPlan', 'releaseOrganization', 'deleteQuarantinedTokens'];

describe.each(engines)('every mutation on $name', (engine) => {
  let database: TestDatabase;
  let world: World;

  beforeEach(async () => {
    database = await engine.open();
    world = await createWorld(database);
  });
  afterEach(() => database.destroy());

  const count = async (table: string): Promise<number> =>
    Number((await database.query(`select count(*) as n from ${table}`))[0]?.['n']);

  /** All mutations in an order in which each has something to do, and what it must leave. */
  function everyMutation(storage: Storage = database.storage): readonly {
    readonly action: string;
    readonly kind: string;
    readonly run: (context: MutationContext) => Promise<Committed<unknown>>;
  }[] {
    const account = world.newAccount({ displayName: 'Robot' });
    const token = world.newToken(account.id);
    const second = world.newToken(account.id);
    const third = world.newToken(account.id);
    const leaked = world.newToken(account.id);
    const address = { accountId: account.id, tokenId: token.id };
    const all = { createdBy: null, createdBefore: null, unusedSince: null };
    const { group, workspace, role, permission } = world.newPlaces();
    const member = { principalId: account.id };
    const [invited, first, joining] = [world.newMember('ann'), world.newMember('bob'), world.newSignInUser('ann')];
    const link = (digest: string) => ({ digest, expiresAt: database.clock.now() + 60_000 });
    return [
      {
        action: 'service_account.create',
        kind: 'service_account',
        run: (c) => storage.createServiceAccount(c, account),
      },
      {
        action: 'service_account.update',
        kind: 'service_account',
        run: (c) =>
          storage.updateServiceAccount(c, account.id, { displayName: 'Robot 2', organizationRole: 'verifier' }),
      },
      { action: 'token.create', kind: 'token', run: (c) => storage.createToken(c, token) },
      { action: 'token.update', kind: 'token', run: (c) => storage.updateToken(c, address, { name: 'renamed' }) },
      {
        action: 'token.refresh',
        kind: 'token',
        run: (c) =>
          storage.refreshToken(c, { ...address, generation: 1, next: world.generation(), overlapUntil: c.at + 60_000 }),
      },
      { action: 'token.end_overlap', kind: 'token', run: (c) => storage.endTokenOverlap(c, address) },
      { action: 'token.delete', kind: 'token', run: (c) => storage.deleteToken(c, address) },
      { action: 'token.create', kind: 'token', run: (c) => storage.createToken(c, second) },
      { action: 'token.delete_all', kind: 'service_account', run: (c) => storage.deleteTokens(c, account.id) },
      { action: 'token.create', kind: 'token', run: (c) => storage.createToken(c, leaked) },
      {
        action: 'token.leak_reported',
        kind: 'token',
        run: (c) => storage.reportLeakedToken(c, { accountId: account.id, tokenId: leaked.id, generation: 1 }),
      },
      { action: 'token.create', kind: 'token', run: (c) => storage.createToken(c, third) },
      {
        action: 'token.revoke',
        kind: 'service_account',
        run: (c) => storage.revokeTokens(c, { ...all, accountId: account.id }),
      },
      {
        action: 'organization.setup_link',
        kind: 'organization',
        run: (c) => storage.createSetupLink(c, { ...link('setup'), endsOthers: true }),
      },
      {
        action: 'organization.setup',
        kind: 'organization',
        run: (c) =>
          storage.completeSetup(c, {
            digest: 'setup',
            memberId: world.newMember('eve').id,
            organizationName: 'Acme Ltd',
            user: world.newMember('eve').user,
          }),
      },
      { action: 'member.create', kind: 'member', run: (c) => storage.createMember(c, first) },
      { action: 'member.invite', kind: 'member', run: (c) => storage.inviteMember(c, invited, link('one')) },
      { action: 'member.resend', kind: 'member', run: (c) => storage.resendInvitation(c, invited.id, link('two')) },
      {
        action: 'member.join',
        kind: 'member',
        run: (c) => storage.joinMember(c, { memberId: invited.id, digest: 'two', user: joining }),
      },
      {
        action: 'member.update',
        kind: 'member',
        run: (c) => storage.updateMember(c, invited.id, { displayName: 'Ann' }),
      },
      { action: 'member.delete', kind: 'member', run: (c) => storage.deleteMember(c, invited.id) },
      {
        action: 'organization.update',
        kind: 'organization',
        run: (c) => storage.updateOrganization(c, { name: 'Acme & Sons' }),
      },
      { action: 'permission.create', kind: 'permission', run: (c) => storage.createPermission(c, permission) },
      {
        action: 'permission.update',
        kind: 'permission',
        run: (c) => storage.updatePermission(c, permission.name, { description: 'new' }),
      },
      { action: 'role.create', kind: 'role', run: (c) => storage.createRole(c, role) },
      {
        action: 'role.update',
        kind: 'role',
        run: (c) => storage.updateRole(c, role.id, { permissions: ['workspace.read'] }),
      },
      { action: 'workspace.create', kind: 'workspace', run: (c) => storage.createWorkspace(c, workspace) },
      {
        action: 'workspace.update',
        kind: 'workspace',
        run: (c) => storage.updateWorkspace(c, workspace.id, { name: 'renamed' }),
      },
      { action: 'group.create', kind: 'group', run: (c) => storage.createGroup(c, group) },
      { action: 'group.update', kind: 'group', run: (c) => storage.updateGroup(c, group.id, { name: 'Renamed' }) },
      {
        action: 'group_member.set',
        kind: 'service_account',
        run: (c) => storage.setGroupMember(c, group.id, { ...member, role: 'manager' }),
      },
      {
        action: 'workspace_group.set',
        kind: 'workspace',
        run: (c) => storage.setWorkspaceGroup(c, workspace.id, { groupId: group.id, roleId: role.id }),
      },
      {
        action: 'workspace_member.set',
        kind: 'service_account',
        run: (c) => storage.setWorkspaceMember(c, workspace.id, { ...member, roleId: 'viewer' }),
      },
      {
        action: 'workspace_member.remove',
        kind: 'service_account',
        run: (c) => storage.removeWorkspaceMember(c, workspace.id, account.id),
      },
      {
        action: 'workspace_group.remove',
        kind: 'workspace',
        run: (c) => storage.removeWorkspaceGroup(c, workspace.id, group.id),
      },
      {
        action: 'group_member.remove',
        kind: 'service_account',
        run: (c) => storage.removeGroupMember(c, group.id, account.id),
      },
      { action: 'group.delete', kind: 'group', run: (c) => storage.deleteGroup(c, group.id) },
      { action: 'workspace.delete', kind: 'workspace', run: (c) => storage.deleteWorkspace(c, workspace.id) },
      { action: 'role.delete', kind: 'role', run: (c) => storage.deleteRole(c, role.id) },
      {
        action: 'permission.delete',
        kind: 'permission',
        run: (c) => storage.deletePermission(c, permission.name),
      },
      {
        action: 'service_account.disable',
        kind: 'service_account',
        run: (c) => storage.disableServiceAccount(c, account.id),
      },
      {
        action: 'service_account.enable',
        kind: 'service_account',
        run: (c) => storage.enableServiceAccount(c, account.id),
      },
      {
        action: 'service_account.delete',
        kind: 'service_account',
        run: (c) => storage.deleteServiceAccount(c, account.id),
      },
    ];
  }

  test('is among those that are tried here', async () => {
    const tried = new Set<string>();
    const spied = new Proxy(database.storage, {
      get(target, name, receiver) {
        tried.add(String(name));
        return Reflect.get(target, name, receiver) as unknown;
      },
    });
    for (const { run } of everyMutation(spied)) await run(world.context());
    expect(Object.keys(MUTATIONS).filter((name) => !tried.has(name))).toEqual(OPERATORS_ONLY);
  });

  test('leaves one audit event and one change, at the next position of both logs', async () => {
    let position = 3;
    for (const { action, kind, run } of everyMutation()) {
      const context = world.context();
      const committed = await run(context);
      position += 1;
      expect({ action, ...committed.receipt }).toMatchObject({ action, position, confirmed: 1, expired: 0 });
      expect(committed).toMatchObject({ changed: true, replay: null });
      const events = await database.query(`select * from audit_event where id = '${context.eventId}'`);
      expect(events).toMatchObject([
        { action, outcome: 'done', actor_id: world.accountId, actor_token_id: world.token.id },
      ]);
      const changes = await database.query(
        `select kind, organization_id, organization_position from change_log where position = ${position}`,
      );
      expect(changes.map((row) => ({ ...row, organization_position: Number(row['organization_position']) }))).toEqual([
        { kind, organization_id: world.organizationId, organization_position: position },
      ]);
      expect([await count('audit_event'), await count('change_log')]).toEqual([position, position]);
    }
    const untold = await database.query(
      `select event.action from audit_event event join token on token.id = event.target_id
        where not exists (select 1 from audit_event_principal concern
          where concern.event_id = event.id and concern.principal_id = token.account_id)`,
    );
    expect(untold).toEqual([]);
  });

  // Whoever writes the event goes on to the commit without waiting for it, and must be told of it all the same.
  test.each(['audit_event', 'change_log'])('leaves nothing when what it writes to %s fails', async (failing) => {
    const fail = {
      sqlite: [
        `create trigger fail before insert on ${failing} begin select raise(abort, 'made by the test'); end`,
        'drop trigger fail',
      ],
      postgres: [
        `create function fail() returns trigger language plpgsql as $$ begin raise exception 'made by the test'; end $$;
         create trigger fail before insert on ${failing} for each row execute function fail()`,
        `drop trigger fail on ${failing}; drop function fail`,
      ],
    }[engine.name];
    const tables = [
      'principal',
      'invitation',
      'setup_link',
      'auth_user',
      'auth_account',
      'principal_group',
      'group_member',
      'workspace',
      'workspace_member',
      'workspace_group',
      'role',
      'registered_permission',
      'token',
      'token_digest',
      'organization',
      'idempotency',
      'idempotency_seal',
      'change_head',
      'audit_event',
    ];
    const snapshot = async (): Promise<unknown> =>
      Promise.all(tables.map((table) => database.query(`select * from ${table} order by 1`)));
    for (const { run } of everyMutation()) {
      const before = await snapshot();
      await database.query(fail[0] ?? '');
      await expect(run(world.context())).rejects.toMatchObject({
        code: 'internal',
        facts: { internal: expect.stringContaining('made by the test') },
      });
      expect(await snapshot()).toEqual(before);
      await database.query(fail[1] ?? '');
      await run(world.context());
    }
  });

  test('that changes nothing writes nothing, and still answers with the position', async () => {
    const { storage } = database;
    const account = await world.createAccount();
    await storage.disableServiceAccount(world.context(), account.id);
    const before = [await count('audit_event'), await count('change_log')];
    const { displayName } = account;
    const repeated = [
      await storage.disableServiceAccount(world.context(), account.id),
      await storage.updateServiceAccount(world.context(), account.id, { displayName }),
      await storage.deleteTokens(world.context(), account.id),
      await storage.endTokenOverlap(world.context(), { accountId: world.accountId, tokenId: world.token.id }),
      await storage.updateToken(
        world.context(),
        { accountId: world.accountId, tokenId: world.token.id },
        { name: 'bootstrap' },
      ),
      await storage.revokeTokens(world.context(), {
        accountId: account.id,
        createdBy: null,
        createdBefore: null,
        unusedSince: null,
      }),
      await storage.enableServiceAccount(world.context(), world.accountId),
    ];
    expect(repeated.map(({ changed, receipt }) => [changed, receipt.position])).toEqual(repeated.map(() => [false, 5]));
    expect([await count('audit_event'), await count('change_log')]).toEqual(before);
  });

  test('is refused once its actor was revoked meanwhile, and leaves nothing', async () => {
    const { storage } = database;
    const robot = await world.createAccount({ organizationRole: 'admin' });
    const { token } = await world.createToken(robot.id);
    const actor = { kind: 'token', accountId: robot.id, tokenId: token.id, generation: 1 } as const;
    const address = { accountId: robot.id, tokenId: token.id };
    await storage.createToken(world.context({ actor }), world.newToken(robot.id));
    await storage.refreshToken(world.context(), {
      ...address,
      generation: 1,
      next: world.generation(),
      overlapUntil: null,
    });
    const before = await count('token');
    await expect(storage.createToken(world.context({ actor }), world.newToken(robot.id))).rejects.toMatchObject({
      code: 'token.invalid',
    });
    const refreshed = { ...actor, generation: 2 };
    await storage.updateServiceAccount(world.context(), robot.id, { organizationRole: 'member' });
    await expect(
      storage.createToken(world.context({ actor: refreshed, permission: 'token.create' }), world.newToken(robot.id)),
    ).rejects.toMatchObject({ code: 'permission.missing' });
    await storage.disableServiceAccount(world.context(), robot.id);
    await expect(
      storage.createServiceAccount(world.context({ actor: refreshed }), world.newAccount()),
    ).rejects.toMatchObject({
      code: 'token.invalid',
    });
    expect(await count('token')).toBe(before);
  });

  test('is refused for another version than the one that If-Match names', async () => {
    const { storage } = database;
    const account = await world.createAccount();
    const stale = world.context({ ifMatch: account.version });
    await storage.updateServiceAccount(world.context(), account.id, { displayName: 'Newer' });
    await expect(storage.updateServiceAccount(stale, account.id, { displayName: 'Mine' })).rejects.toMatchObject({
      code: 'precondition.failed',
    });
    await expect(storage.deleteServiceAccount(stale, account.id)).rejects.toMatchObject({
      code: 'precondition.failed',
    });
    const found = await storage.findServiceAccount(world.organizationId, account.id);
    expect(found).toMatchObject({ displayName: 'Newer', version: account.version + 1 });
    const renamed = await storage.updateServiceAccount(world.context({ ifMatch: found?.version ?? 0 }), account.id, {
      displayName: 'Mine',
    });
    expect(renamed.result.version).toBe(account.version + 2);
  });

  test('may be the operator’s', async () => {
    const context = { ...world.context({ actor: OPERATOR }), permission: null };
    const { result } = await database.storage.createServiceAccount(context, world.newAccount());
    expect(result.createdBy).toEqual({ kind: 'operator', id: null, displayName: 'operator' });
  });

  test('that is refused leaves an event of its own', async () => {
    const context = world.context({ requestId: 'req_refused' });
    await database.storage.recordRefusedMutation({
      eventId: context.eventId,
      organizationId: world.organizationId,
      actor: world.admin,
      action: 'token.delete',
      target: { kind: 'token', id: 'tok_x', displayName: null },
      code: 'token.not_found',
      request: context.request,
      at: context.at,
    });
    const query = {
      limit: 5,
      after: null,
      actorId: null,
      targetId: null,
      principalId: null,
      action: null,
      from: null,
      to: null,
    };
    const { items } = await database.storage.listAuditEvents(world.organizationId, {
      ...query,
      requestId: 'req_refused',
    });
    expect(items).toMatchObject([
      {
        id: context.eventId,
        outcome: 'refused',
        code: 'token.not_found',
        actor: { kind: 'service_account', id: world.accountId, displayName: 'bootstrap' },
        target: { id: 'tok_x' },
      },
    ]);
    expect(await count('change_log')).toBe(3);
  });

  test('positions stay dense in commit order under parallel mutations', async () => {
    await Promise.all(Array.from({ length: 20 }, () => world.createAccount()));
    const rows = await database.query('select position, organization_position from change_log order by position');
    const expected = Array.from({ length: 23 }, (_, index) => index + 1);
    expect(rows.map((row) => Number(row['position']))).toEqual(expected);
    expect(rows.map((row) => Number(row['organization_position']))).toEqual(expected);
  });
});
