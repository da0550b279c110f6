import {
  type Actor,
  admitToken,
  type GroupId,
  type NewGroup,
  type NewRole,
  type NewWorkspace,
  type Permission,
  type Place,
  type PrincipalId,
  type ServiceAccount,
  type TokenDigest,
  type WorkspaceId,
} from '@postern/core';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { engines, type TestDatabase } from './engines.ts';
import { createOtherWorld, createWorld, type World } from './world.ts';

describe.each(engines)('access on $name', (engine) => {
  let database: TestDatabase;
  let world: World;
  let account: ServiceAccount;
  let group: NewGroup;
  let workspace: NewWorkspace;
  let role: NewRole;

  beforeEach(async () => {
    database = await engine.open();
    world = await createWorld(database);
    account = await world.createAccount({ displayName: 'Job' });
    const places = world.newPlaces('prod');
    ({ group, workspace, role } = places);
    const { storage } = database;
    await storage.createPermission(world.context(), places.permission);
    await storage.createRole(world.context(), role);
    await storage.createGroup(world.context(), group);
    await storage.createWorkspace(world.context(), workspace);
  });
  afterEach(() => database.destroy());

  const facts = async (id: PrincipalId = account.id) =>
    (await database.storage.findPrincipal(world.organizationId, id))?.principal;

  /** Somebody with these roles, as an actor that asks for the permission at the place. */
  async function createActor(prepare: (id: PrincipalId) => Promise<unknown>): Promise<Actor> {
    const made = await world.createAccount({ displayName: 'Actor' });
    await prepare(made.id);
    const { token } = await world.createToken(made.id);
    return { kind: 'token', accountId: made.id, tokenId: token.id, generation: 1 };
  }

  const inGroup: Place = { kind: 'group', id: '' as GroupId };
  const as = (actor: Actor, permission: Permission, place: Place) => world.context({ actor, permission, place });
  const atGroup = (): Place => ({ ...inGroup, id: group.id });
  const atWorkspace = (id: WorkspaceId = workspace.id): Place => ({ kind: 'workspace', id });
  const member = (principalId: PrincipalId = account.id) => ({ principalId, role: 'member' as const });

  test('groups are found, listed by name, searched and changed', async () => {
    const { storage } = database;
    const second = { ...world.newPlaces('a').group, name: 'Álpha 100%', externalId: 'alpha' };
    await storage.createGroup(world.context(), second);
    expect(await storage.findGroup(world.organizationId, group.id)).toMatchObject({ name: group.name, memberCount: 0 });
    const list = (search: string | null) => storage.listGroups(world.organizationId, { limit: 1, after: null, search });
    const first = await list(null);
    expect(first.items.map(({ id }) => id)).toEqual([group.id]);
    const next = await storage.listGroups(world.organizationId, { limit: 1, after: first.next, search: null });
    expect([next.items.map(({ id }) => id), next.next]).toEqual([[second.id], null]);
    expect((await list('100%')).items).toHaveLength(1);
    expect((await list('1_0')).items).toHaveLength(0);
    const { result } = await storage.updateGroup(world.context(), group.id, { name: 'Builders' });
    expect(result).toMatchObject({ name: 'Builders', version: 2 });
  });

  test.each([
    ['group.name_taken', { name: ' GROUP  PROD' }],
    ['group.name_taken', { name: 'Ｇｒｏｕｐ prod' }],
  ])('%s for names that read alike: %j', async (code, { name }) => {
    const { group: again } = world.newPlaces('other');
    await expect(database.storage.createGroup(world.context(), { ...again, name })).rejects.toMatchObject({ code });
  });

  test('names and external ids are taken, each with its code', async () => {
    const { storage } = database;
    const other = world.newPlaces('other');
    await storage.createWorkspace(world.context(), { ...other.workspace, externalId: 'w' });
    await storage.createGroup(world.context(), { ...other.group, externalId: 'g' });
    const third = world.newPlaces('third');
    await expect(storage.createWorkspace(world.context(), { ...third.workspace, name: 'PROD' })).rejects.toMatchObject({
      code: 'workspace.name_taken',
    });
    await expect(
      storage.createWorkspace(world.context(), { ...third.workspace, externalId: 'w' }),
    ).rejects.toMatchObject({ code: 'workspace.external_id_taken' });
    await expect(storage.updateGroup(world.context(), group.id, { externalId: 'g' })).rejects.toMatchObject({
      code: 'group.external_id_taken',
    });
    await expect(
      storage.createRole(world.context(), { ...third.role, name: 'role  PROD', permissions: [] }),
    ).rejects.toMatchObject({ code: 'role.name_taken' });
    await expect(
      storage.createPermission(world.context(), { name: 'prod.read', description: '' }),
    ).rejects.toMatchObject({ code: 'permission.name_taken' });
  });

  test('memberships are facts of the principal, whose version grows with each', async () => {
    const { storage } = database;
    await storage.setGroupMember(world.context(), group.id, member());
    await storage.setWorkspaceGroup(world.context(), workspace.id, { groupId: group.id, roleId: role.id });
    await storage.setWorkspaceMember(world.context(), workspace.id, { principalId: account.id, roleId: 'viewer' });
    expect(await facts()).toMatchObject({
      version: account.version + 2,
      groups: [{ id: group.id, name: group.name, role: 'member' }],
      grants: [
        { workspaceId: workspace.id, workspaceName: 'prod', role: { id: 'viewer' }, group: null },
        { workspaceId: workspace.id, role: { id: role.id }, group: { id: group.id, name: group.name } },
      ],
    });
    const again = await storage.setGroupMember(world.context(), group.id, member());
    expect(again.changed).toBe(false);
    expect(await storage.findGroup(world.organizationId, group.id)).toMatchObject({ memberCount: 1 });
  });

  test('a deleted group, workspace, and account take their memberships along', async () => {
    const { storage } = database;
    await storage.setGroupMember(world.context(), group.id, member());
    await storage.setWorkspaceGroup(world.context(), workspace.id, { groupId: group.id, roleId: 'viewer' });
    await storage.setWorkspaceMember(world.context(), workspace.id, { principalId: account.id, roleId: role.id });
    await expect(storage.deleteRole(world.context(), role.id)).rejects.toMatchObject({ code: 'role.in_use' });
    await expect(storage.deletePermission(world.context(), 'prod.read')).rejects.toMatchObject({
      code: 'permission.in_use',
    });
    await storage.deleteGroup(world.context(), group.id);
    expect(await facts()).toMatchObject({ groups: [], grants: [{ group: null }] });
    await storage.deleteWorkspace(world.context(), workspace.id);
    expect(await facts()).toMatchObject({ groups: [], grants: [] });
    await storage.deleteRole(world.context(), role.id);
    await storage.deletePermission(world.context(), 'prod.read');
    const others = world.newPlaces('others');
    await storage.createGroup(world.context(), others.group);
    await storage.setGroupMember(world.context(), others.group.id, member());
    await storage.deleteServiceAccount(world.context(), account.id);
    expect(await facts()).toBeUndefined();
    expect(await storage.findGroup(world.organizationId, others.group.id)).toMatchObject({ memberCount: 0 });
  });

  test('disabling keeps memberships', async () => {
    const { storage } = database;
    await storage.setWorkspaceMember(world.context(), workspace.id, { principalId: account.id, roleId: 'member' });
    await storage.disableServiceAccount(world.context(), account.id);
    expect(await facts()).toMatchObject({ status: 'disabled', grants: [{ role: { id: 'member' } }] });
  });

  test('a custom role may hold registered and workspace permissions only', async () => {
    const bad = { ...world.newPlaces('x').role, permissions: ['workspace.read', 'orders.write'] };
    await expect(database.storage.createRole(world.context(), bad)).rejects.toMatchObject({
      code: 'request.invalid',
      facts: { errors: [{ path: '/permissions/1' }] },
    });
  });

  describe('nobody gives more than they hold', () => {
    test('a workspace manager gives what a manager holds, in that workspace only', async () => {
      const { storage } = database;
      const actor = await createActor((principalId) =>
        storage.setWorkspaceMember(world.context(), workspace.id, { principalId, roleId: 'manager' }),
      );
      const asked = { principalId: account.id, roleId: 'manager' as const };
      await storage.setWorkspaceMember(as(actor, 'workspace_member.update', atWorkspace()), workspace.id, asked);
      const { workspace: elsewhere } = world.newPlaces('elsewhere');
      await storage.createWorkspace(world.context(), elsewhere);
      await expect(
        storage.setWorkspaceMember(
          as(actor, 'workspace_member.update', atWorkspace(elsewhere.id)),
          elsewhere.id,
          asked,
        ),
      ).rejects.toMatchObject({ code: 'permission.missing' });
    });

    test('neither gives nor takes a role beyond its own', async () => {
      const { storage } = database;
      const narrow = world.newPlaces('narrow').role;
      const permissions = ['workspace.read', 'workspace_member.read', 'workspace_member.update'];
      await storage.createRole(world.context(), { ...narrow, permissions });
      const actor = await createActor((principalId) =>
        storage.setWorkspaceMember(world.context(), workspace.id, { principalId, roleId: narrow.id }),
      );
      const context = () => as(actor, 'workspace_member.update', atWorkspace());
      await storage.setWorkspaceMember(context(), workspace.id, { principalId: account.id, roleId: 'viewer' });
      await expect(
        storage.setWorkspaceMember(context(), workspace.id, { principalId: account.id, roleId: 'member' }),
      ).rejects.toMatchObject({ code: 'permission.missing', facts: { permission: 'workspace.run' } });
      await storage.setWorkspaceMember(world.context(), workspace.id, { principalId: account.id, roleId: 'manager' });
      for (const refused of [
        storage.setWorkspaceMember(context(), workspace.id, { principalId: account.id, roleId: 'viewer' }),
        storage.removeWorkspaceMember(context(), workspace.id, account.id),
      ]) {
        await expect(refused).rejects.toMatchObject({ code: 'permission.missing' });
      }
    });

    test('a group manager adds nobody, self included, to what the group carries beyond the manager', async () => {
      const { storage } = database;
      const actor = await createActor((principalId) =>
        storage.setGroupMember(world.context(), group.id, { principalId, role: 'manager' }),
      );
      const context = () => as(actor, 'group_member.update', atGroup());
      await storage.setGroupMember(context(), group.id, member());
      await storage.removeGroupMember(context(), group.id, account.id);
      const { group: rich } = world.newPlaces('rich');
      await storage.createGroup(world.context(), rich);
      await storage.setWorkspaceGroup(world.context(), workspace.id, { groupId: rich.id, roleId: 'viewer' });
      const manager = actor.kind === 'token' ? actor.accountId : account.id;
      await storage.setWorkspaceMember(world.context(), workspace.id, { principalId: account.id, roleId: 'viewer' });
      await expect(
        storage.setGroupMember(as(actor, 'group_member.update', { kind: 'group', id: rich.id }), rich.id, {
          principalId: manager,
          role: 'member',
        }),
      ).rejects.toMatchObject({ code: 'permission.missing' });
      // Made manager of it, what it carries is the manager's own.
      await storage.setGroupMember(world.context(), rich.id, { principalId: manager, role: 'manager' });
      await storage.setGroupMember(as(actor, 'group_member.update', { kind: 'group', id: rich.id }), rich.id, member());
    });

    test('a workspace manager lets a group carry no more than that', async () => {
      const { storage } = database;
      const narrow = { ...world.newPlaces('n').role, permissions: ['workspace.read', 'workspace_member.update'] };
      await storage.createRole(world.context(), narrow);
      const actor = await createActor((principalId) =>
        storage.setWorkspaceMember(world.context(), workspace.id, { principalId, roleId: narrow.id }),
      );
      await expect(
        storage.setWorkspaceGroup(as(actor, 'workspace_member.update', atWorkspace()), workspace.id, {
          groupId: group.id,
          roleId: 'viewer',
        }),
      ).rejects.toMatchObject({ code: 'permission.missing', facts: { permission: 'workspace_member.read' } });
    });

    test('a custom role is changed by those who hold what it gains and loses', async () => {
      const { storage } = database;
      const admin = await world.createAccount({ organizationRole: 'admin' });
      const { token } = await world.createToken(admin.id, {
        restrictions: { permissions: ['role.update', 'workspace.read'] },
      });
      const actor: Actor = { kind: 'token', accountId: admin.id, tokenId: token.id, generation: 1 };
      const context = world.context({ actor, permission: 'role.update' });
      await expect(storage.updateRole(context, role.id, { permissions: ['workspace.read'] })).rejects.toMatchObject({
        code: 'permission.missing',
        facts: { permission: 'prod.read' },
      });
    });

    test('a membership that was taken meanwhile gives nothing any more', async () => {
      const { storage } = database;
      const actor = await createActor((principalId) =>
        storage.setWorkspaceMember(world.context(), workspace.id, { principalId, roleId: 'manager' }),
      );
      const id = actor.kind === 'token' ? actor.accountId : account.id;
      await storage.removeWorkspaceMember(world.context(), workspace.id, id);
      await expect(
        storage.setWorkspaceMember(as(actor, 'workspace_member.update', atWorkspace()), workspace.id, {
          principalId: account.id,
          roleId: 'viewer',
        }),
      ).rejects.toMatchObject({ code: 'permission.missing' });
    });
  });

  describe("a token's restrictions", () => {
    const narrow = (permissions: readonly string[]) => ({ restrictions: { permissions } });

    test('are kept, narrowed, and never widened', async () => {
      const { storage } = database;
      const { token, digest } = await world.createToken(account.id, narrow(['prod.read', 'workspace.read']));
      const address = { accountId: account.id, tokenId: token.id };
      const { result } = await storage.updateToken(world.context(), address, {
        restrictions: { permissions: ['prod.read'], networks: ['192.0.2.0/24'] },
      });
      expect(result.restrictions).toEqual({ permissions: ['prod.read'], networks: ['192.0.2.0/24'] });
      expect((await world.find(digest))?.token.restrictions).toEqual(result.restrictions);
      for (const restrictions of [{}, { permissions: ['prod.read'] }, { networks: ['192.0.2.0/24'] }]) {
        await expect(storage.updateToken(world.context(), address, { restrictions })).rejects.toMatchObject({
          code: 'request.invalid',
        });
      }
    });

    test('name permissions that exist', async () => {
      await expect(world.createToken(account.id, narrow(['orders.read']))).rejects.toMatchObject({
        code: 'request.invalid',
        facts: { errors: [{ path: '/restrictions/permissions/0' }] },
      });
    });

    test('hold for what is minted through it', async () => {
      const { storage } = database;
      const admin = await world.createAccount({ organizationRole: 'admin' });
      const { token } = await world.createToken(admin.id, narrow(['token.create', 'token.refresh', 'prod.read']));
      const actor: Actor = { kind: 'token', accountId: admin.id, tokenId: token.id, generation: 1 };
      const context = () => world.context({ actor, permission: 'token.create' });
      const create = (fields: Parameters<World['newToken']>[1]) =>
        storage.createToken(context(), world.newToken(account.id, fields));
      await create(narrow(['prod.read']));
      for (const fields of [{}, narrow(['prod.read', 'token.delete']), { restrictions: { workspaces: [] } }]) {
        await expect(create(fields)).rejects.toMatchObject({ code: 'token.exceeds_credential' });
      }
      const wide = await world.createToken(account.id);
      await expect(
        storage.refreshToken(world.context({ actor, permission: 'token.refresh' }), {
          accountId: account.id,
          tokenId: wide.token.id,
          generation: 1,
          next: world.generation(),
          overlapUntil: null,
        }),
      ).rejects.toMatchObject({ code: 'token.exceeds_credential' });
    });
  });

  describe('the token policy', () => {
    const OPEN = { creation: 'everyone', maxLifetimeDays: null, requireExpiry: false } as const;
    const refusal = async (digest: TokenDigest) => {
      const record = await world.find(digest);
      const admission = record && admitToken(record, database.clock.now(), null);
      return admission?.admitted === false ? admission.reason : undefined;
    };

    test('suspends the tokens of whom it forbids, and lets them work again', async () => {
      const { storage } = database;
      const { digest } = await world.createToken(account.id);
      await storage.setGroupMember(world.context(), group.id, member(world.accountId));
      const set = (tokenPolicy: Parameters<typeof storage.updateOrganization>[1]['tokenPolicy']) =>
        storage.updateOrganization(world.context(), { ...(tokenPolicy && { tokenPolicy }) });
      await expect(set({ ...OPEN, creation: 'nobody' })).rejects.toMatchObject({ code: 'caller.locked_out' });
      await set({ ...OPEN, creation: { groupIds: [group.id] } });
      expect(await refusal(digest)).toBe('policy');
      await expect(world.createToken(account.id)).rejects.toMatchObject({ code: 'token.policy_forbids' });
      await expect(storage.removeGroupMember(world.context(), group.id, world.accountId)).rejects.toMatchObject({
        code: 'caller.locked_out',
      });
      await storage.setGroupMember(world.context(), group.id, member());
      expect(await refusal(digest)).toBeUndefined();
      await set(OPEN);
      expect(await refusal(digest)).toBeUndefined();
    });

    test('says beforehand what it would touch', async () => {
      const { storage } = database;
      await world.createToken(account.id);
      const preview = await storage.previewTokenPolicy(world.organizationId, { ...OPEN, requireExpiry: true });
      expect([preview.affected, preview.usedInLast30Days, preview.tokens.length]).toEqual([2, 0, 2]);
      const none = await storage.previewTokenPolicy(world.organizationId, OPEN);
      expect(none).toEqual({ affected: 0, usedInLast30Days: 0, tokens: [] });
    });

    test('names the latest expiry that it allows', async () => {
      const { storage } = database;
      const days = 30;
      await expect(
        storage.updateOrganization(world.context(), { tokenPolicy: { ...OPEN, requireExpiry: true } }),
      ).rejects.toMatchObject({ code: 'caller.locked_out' });
      await storage.updateOrganization(world.context(), { tokenPolicy: { ...OPEN, maxLifetimeDays: days } });
      await expect(world.createToken(account.id)).rejects.toMatchObject({
        code: 'token.expiry_not_allowed',
        facts: { maxExpiresAt: new Date(database.clock.now() + days * 86_400_000).toISOString() },
      });
      const latest = world.generation(database.clock.now() + days * 86_400_000);
      await world.createToken(account.id, latest);
    });
  });

  test('another organization has none of it', async () => {
    const { storage } = database;
    const other = await createOtherWorld(database);
    const { workspace: theirs } = other.newPlaces('prod');
    await storage.createWorkspace(other.context(), theirs);
    await storage.setWorkspaceMember(world.context(), workspace.id, { principalId: account.id, roleId: role.id });
    expect(await storage.findWorkspace(other.organizationId, workspace.id)).toBeUndefined();
    expect((await storage.findWorkspace(other.organizationId, 'PROD'))?.id).toBe(theirs.id);
    expect(await storage.findGroup(other.organizationId, group.id)).toBeUndefined();
    expect(await storage.findRole(other.organizationId, role.id)).toBeUndefined();
    expect(await storage.findPrincipal(other.organizationId, account.id)).toBeUndefined();
    expect(await storage.listPermissions(other.organizationId)).toEqual([]);
    const page = { limit: 10, after: null, search: null };
    expect((await storage.listGroupMembers(other.organizationId, group.id, page)).items).toEqual([]);
    expect((await storage.listWorkspaceMembers(other.organizationId, workspace.id, page)).items).toEqual([]);
    expect((await storage.listWorkspaceGroups(other.organizationId, workspace.id, page)).items).toEqual([]);
    expect(await storage.listGroupWorkspaces(other.organizationId, group.id)).toEqual([]);
    const selection = { ids: [account.id], groupIds: [group.id], roleIds: [role.id] };
    expect(await storage.listPrincipals(other.organizationId, selection, 10)).toEqual([]);
    const foreign = { principalId: account.id, roleId: 'viewer' as const };
    await expect(storage.setWorkspaceMember(other.context(), theirs.id, foreign)).rejects.toMatchObject({
      code: 'principal.not_found',
    });
    const own = { principalId: other.accountId, roleId: role.id };
    await expect(storage.setWorkspaceMember(other.context(), theirs.id, own)).rejects.toMatchObject({
      code: 'role.not_found',
    });
    await expect(storage.setGroupMember(other.context(), group.id, member(other.accountId))).rejects.toMatchObject({
      code: 'group.not_found',
    });
    await expect(storage.deleteWorkspace(other.context(), workspace.id)).rejects.toMatchObject({
      code: 'workspace.not_found',
    });
    await expect(storage.deleteRole(other.context(), role.id)).rejects.toMatchObject({ code: 'role.not_found' });
    await expect(storage.deletePermission(other.context(), 'prod.read')).rejects.toMatchObject({
      code: 'permission.not_found',
    });
  });

  test('several principals at once: by id, by group, by role of their own or of a group', async () => {
    const { storage } = database;
    const second = await world.createAccount();
    const third = await world.createAccount();
    await storage.setGroupMember(world.context(), group.id, member(second.id));
    await storage.setWorkspaceGroup(world.context(), workspace.id, { groupId: group.id, roleId: role.id });
    await storage.setWorkspaceMember(world.context(), workspace.id, { principalId: third.id, roleId: role.id });
    const ids = async (selection: Parameters<typeof storage.listPrincipals>[1], limit = 10) =>
      (await storage.listPrincipals(world.organizationId, selection, limit)).map(({ principal }) => principal.id);
    const none = { ids: [], groupIds: [], roleIds: [] };
    expect(await ids({ ...none, ids: [account.id] })).toEqual([account.id]);
    expect(await ids({ ...none, groupIds: [group.id] })).toEqual([second.id]);
    expect(await ids({ ...none, roleIds: [role.id] })).toEqual([second.id, third.id].sort());
    expect(await ids({ ids: [account.id], groupIds: [group.id], roleIds: [role.id] }, 2)).toHaveLength(2);
    expect(await ids(none)).toEqual([]);
  });
});
