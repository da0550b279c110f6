import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, readdir, readFile, realpath, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  createVerificationCache,
  DAY_MS,
  HOUR_MS,
  type MutationContext,
  type PrincipalId,
  type Restoration,
  type TokenDigest,
  type TokenPolicy,
} from '@postern/core';
import {
  backUpSqlite,
  type DatabaseStorage,
  openPostgresStorage,
  openSqliteStorage,
  readRevocationJournal,
} from '@postern/storage';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { asAdmin, databaseUrl, engines, type TestDatabase, type TestEngine } from './engines.ts';
import { createWorld, type World } from './world.ts';

async function temporary(): Promise<string> {
  return mkdtemp(join(await realpath(tmpdir()), 'postern-journal-'));
}

/** Opens a copy of the database as it is now, whose clock is the database's. */
async function copyOf(engine: TestEngine, database: TestDatabase) {
  const options = { cache: createVerificationCache(1_000_000), clock: database.clock, random: randomBytes };
  if (engine.name === 'sqlite') {
    const directory = await temporary();
    const path = join(directory, 'copy.db');
    backUpSqlite(database.location, path, database.clock.now());
    const storage = await openSqliteStorage({ ...options, path });
    return { storage, remove: () => rm(directory, { recursive: true }) };
  }
  // PostgreSQL copies a database that nobody is connected to.
  await database.storage.close();
  const name = `postern_copy_${randomUUID().replaceAll('-', '')}`;
  const original = new URL(database.location).pathname.slice(1);
  await asAdmin(`create database ${name} template ${original}`);
  await database.reopen();
  const storage = await openPostgresStorage({ ...options, url: databaseUrl(name), time: 'clock', maxConnections: 3 });
  return {
    storage,
    async remove() {
      await asAdmin(`drop database ${name} with (force)`);
    },
  };
}

function everythingIn(journal: string, at: number): Restoration {
  const read = readRevocationJournal(journal);
  return { revocations: read?.revocations ?? [], incarnation: 2, proven: true, at };
}

describe.each(engines)('a restored copy on $name', (engine) => {
  let database: TestDatabase;
  let world: World;
  let journal: string;
  let copy: DatabaseStorage;
  let context: MutationContext;
  const digests: Record<string, TokenDigest> = {};
  const ids: Record<string, PrincipalId> = {};
  let remove: () => Promise<unknown>;
  let applied: number;
  let made: Awaited<ReturnType<typeof revokeEverything>>;

  async function build() {
    const places = world.newPlaces();
    const other = world.newPlaces('second');
    const { storage } = database;
    const account = async (name: string, organizationRole: 'member' | 'admin' = 'member') => {
      const { id } = await world.createAccount({ displayName: name, organizationRole });
      ids[name] = id;
      return id;
    };
    const token = async (name: string, accountId = ids['kept'] as never, expiresAt: number | null = null) => {
      const { token: created, digest } = await world.createToken(accountId, { name, expiresAt });
      digests[name] = digest;
      return { accountId, tokenId: created.id };
    };
    await account('kept', 'member');
    const tokens = {
      kept: await token('kept'),
      deleted: await token('deleted'),
      refreshed: await token('refreshed'),
      overlapping: await token('overlapping'),
      narrowed: await token('narrowed'),
      shortened: await token('shortened', ids['kept'] as never, database.clock.now() + 30 * DAY_MS),
      leaked: await token('leaked'),
      ofDisabled: await token('of disabled', (await account('disabled')) as never),
      ofDeleted: await token('of deleted', (await account('deleted account')) as never),
      ofEmptied: await token('of emptied', (await account('emptied')) as never),
      ofRevoked: await token('of revoked', (await account('revoked')) as never),
    };
    await account('demoted', 'admin');
    await storage.createWorkspace(world.context(), places.workspace);
    await storage.createWorkspace(world.context(), other.workspace);
    await storage.createGroup(world.context(), places.group);
    await storage.createGroup(world.context(), other.group);
    await storage.createPermission(world.context(), places.permission);
    await storage.createRole(world.context(), places.role);
    const kept = ids['kept'] as PrincipalId;
    const emptied = ids['emptied'] as PrincipalId;
    const set = (
      principalId: PrincipalId,
      roleId: 'manager' | 'viewer' | typeof places.role.id,
      id = places.workspace.id,
    ) => storage.setWorkspaceMember(world.context(), id, { principalId, roleId });
    await set(kept, 'manager');
    await set(emptied, 'manager');
    await set(ids['revoked'] as PrincipalId, places.role.id);
    await set(kept, 'viewer', other.workspace.id);
    for (const id of [places.group.id, other.group.id]) {
      await storage.setGroupMember(world.context(), id, { principalId: emptied, role: 'member' });
      await storage.setWorkspaceGroup(world.context(), other.workspace.id, { groupId: id, roleId: 'viewer' });
    }
    return { places, other, tokens };
  }

  async function revokeEverything({ places, other, tokens }: Awaited<ReturnType<typeof build>>) {
    const { storage, clock } = database;
    const refresh = (address: typeof tokens.kept, overlapUntil: number | null) =>
      storage.refreshToken(world.context(), { ...address, generation: 1, next: world.generation(), overlapUntil });
    await storage.deleteToken(world.context(), tokens.deleted);
    await refresh(tokens.refreshed, null);
    await refresh(tokens.overlapping, clock.now() + HOUR_MS);
    await storage.updateToken(world.context(), tokens.narrowed, { restrictions: { permissions: ['workspace.read'] } });
    await storage.updateToken(world.context(), tokens.shortened, { expiresAt: clock.now() + DAY_MS });
    await storage.reportLeakedToken(world.operatorContext(), { ...tokens.leaked, generation: 1 });
    await storage.disableServiceAccount(world.context(), ids['disabled'] as never);
    await storage.deleteServiceAccount(world.context(), ids['deleted account'] as never);
    await storage.deleteTokens(world.context(), ids['emptied'] as never);
    await storage.revokeTokens(world.context(), {
      accountId: ids['revoked'] as never,
      createdBy: null,
      createdBefore: null,
      unusedSince: null,
    });
    await storage.updateServiceAccount(world.context(), ids['demoted'] as never, { organizationRole: 'member' });
    const kept = ids['kept'] as PrincipalId;
    await storage.setWorkspaceMember(world.context(), places.workspace.id, { principalId: kept, roleId: 'viewer' });
    await storage.removeWorkspaceMember(world.context(), places.workspace.id, ids['emptied'] as never);
    await storage.removeGroupMember(world.context(), places.group.id, ids['emptied'] as never);
    await storage.removeWorkspaceGroup(world.context(), other.workspace.id, places.group.id);
    await storage.deleteGroup(world.context(), other.group.id);
    await storage.updateRole(world.context(), places.role.id, { permissions: ['workspace.read'] });
    await storage.deletePermission(world.context(), places.permission.name);
    await storage.deleteWorkspace(world.context(), other.workspace.id);
    await storage.updateOrganization(world.context(), {
      tokenPolicy: { creation: 'everyone', maxLifetimeDays: 365, requireExpiry: false },
    });
    await storage.setOrganizationPlan(world.operatorContext(), 'commercial');
    return { places, other, tokens };
  }

  beforeAll(async () => {
    journal = await temporary();
    database = await engine.open({ journal });
    world = await createWorld(database);
    const before = await build();
    const taken = await copyOf(engine, database);
    copy = taken.storage;
    remove = taken.remove;
    made = await revokeEverything(before);
    ({ applied } = await copy.restore(everythingIn(journal, database.clock.now())));
    context = world.operatorContext();
  });
  afterAll(async () => {
    await copy.close();
    await remove();
    await database.destroy();
    await rm(journal, { recursive: true });
  });

  const find = (name: string) => copy.verification.findRecord([digests[name] as TokenDigest]);

  test('has every revocation that came after it, each once', () => {
    // Twenty-one mutations took something away.
    expect(applied).toBe(21);
  });

  test('lets no token wait that was revoked, and every other', async () => {
    expect(await find('kept')).toMatchObject({
      token: { deleted: false, state: 'current', validUntil: null },
      organization: { quarantined: true, plan: 'commercial', tokenPolicy: { maxLifetimeDays: 365 } },
    });
    for (const name of ['deleted', 'narrowed', 'leaked', 'of disabled', 'of deleted', 'of emptied', 'of revoked']) {
      expect(await find(name), name).toMatchObject({ token: { deleted: true } });
    }
    expect(await find('refreshed')).toMatchObject({ token: { state: 'retired' } });
    const now = database.clock.now();
    expect(await find('overlapping')).toMatchObject({ token: { state: 'current', validUntil: now + HOUR_MS } });
    expect(await find('shortened')).toMatchObject({ token: { validUntil: now + DAY_MS } });
  });

  test('knows that refreshed tokens have another value, which is not in it', async () => {
    const now = database.clock.now();
    expect(await copy.findToken(world.organizationId, made.tokens.refreshed)).toMatchObject({ expiresAt: now });
    expect(await copy.findToken(world.organizationId, made.tokens.overlapping)).toMatchObject({
      expiresAt: now + HOUR_MS,
    });
    const kept = await copy.findServiceAccount(world.organizationId, ids['kept'] as never);
    expect(kept).toMatchObject({ tokenCount: 4 });
  });

  test('gives back no role, no membership and no account', async () => {
    const find = (name: string) => copy.findPrincipal(world.organizationId, ids[name] as PrincipalId);
    expect(await find('deleted account')).toBeUndefined();
    expect(await find('disabled')).toMatchObject({ principal: { status: 'disabled' } });
    expect(await find('demoted')).toMatchObject({ principal: { organizationRole: 'member' } });
    expect(await find('kept')).toMatchObject({ principal: { grants: [], groups: [] } });
    expect(await find('emptied')).toMatchObject({ principal: { grants: [], groups: [] } });
    expect(await find('revoked')).toMatchObject({ principal: { grants: [{ role: { permissions: [] } }] } });
    expect((await find('kept'))?.organization.registered).toEqual(new Set());
    expect(await copy.findGroup(world.organizationId, made.other.group.id)).toBeUndefined();
    expect(await copy.findWorkspace(world.organizationId, made.other.workspace.id)).toBeUndefined();
    expect(await copy.findGroup(world.organizationId, made.places.group.id)).toMatchObject({ memberCount: 0 });
  });

  test('leaves one event, and begins a new life', async () => {
    const filters = { actorId: null, targetId: null, principalId: null, requestId: null, from: null, to: null };
    const { items } = await copy.listAuditEvents(world.organizationId, {
      ...{ ...filters, action: 'organization.restore' },
      ...{ limit: 10, after: null },
    });
    expect(items).toMatchObject([{ actor: { kind: 'operator' }, details: { revocationsApplied: 21, proven: true } }]);
    expect(await copy.findInstallation()).toMatchObject({ incarnation: 2 });
  });

  test('is released once, after which what waited works', async () => {
    const released = await copy.releaseOrganization(context);
    expect(released).toMatchObject({ changed: true, result: { quarantine: null } });
    expect(await find('kept')).toMatchObject({ organization: { quarantined: false } });
    expect(await copy.releaseOrganization(world.operatorContext())).toMatchObject({ changed: false });
    expect(await copy.deleteQuarantinedTokens(world.operatorContext())).toMatchObject({ changed: false, result: 0 });
    expect(await find('kept')).toMatchObject({ token: { deleted: false } });
  });

  test('that nobody can prove is not released; its tokens are deleted', async () => {
    await copy.restore({ revocations: [], incarnation: 3, proven: false, at: database.clock.now() });
    await expect(copy.releaseOrganization(world.operatorContext())).rejects.toMatchObject({
      code: 'quarantine.delete_only',
    });
    const { result } = await copy.deleteQuarantinedTokens(world.operatorContext());
    expect(result).toBeGreaterThan(0);
    expect(await find('kept')).toMatchObject({ token: { deleted: true }, organization: { quarantined: false } });
  });
});

describe.each(engines)('the revocation journal on $name', (engine) => {
  let database: TestDatabase;
  let world: World;
  let journal: string;

  beforeEach(async () => {
    journal = await temporary();
    database = await engine.open({ journal });
    world = await createWorld(database);
  });
  afterEach(async () => {
    await database.destroy();
    await rm(journal, { recursive: true, force: true });
  });

  async function newToken() {
    const { id } = await world.createAccount();
    const { token, digest } = await world.createToken(id);
    return { address: { accountId: id, tokenId: token.id }, digest };
  }

  const journaled = () => (readRevocationJournal(journal)?.revocations ?? []).flatMap(({ ended }) => ended);

  test('has a revocation before its answer is there, and holds ids only', async () => {
    const { address, digest } = await newToken();
    const { receipt } = await database.storage.deleteToken(world.context(), address);
    expect(readRevocationJournal(journal)?.revocations).toMatchObject([
      {
        organizationId: world.organizationId,
        position: receipt.position,
        ended: [{ kind: 'token', id: address.tokenId }],
        incarnation: 1,
      },
    ]);
    const text = (
      await Promise.all((await readdir(journal)).map((name) => readFile(join(journal, name), 'utf8')))
    ).join('');
    expect(text).not.toContain(digest.digest);
  });

  test('503 for a revocation that it cannot take; it is done, and journaled by who comes next', async () => {
    const { address, digest } = await newToken();
    await rename(journal, `${journal}-away`);
    onTestFinished(() => rm(`${journal}-away`, { recursive: true, force: true }));
    await expect(database.storage.deleteToken(world.context(), address)).rejects.toMatchObject({
      code: 'outcome_unknown',
    });
    expect(await world.find(digest)).toMatchObject({ token: { deleted: true } });
    // Asserting it is no better than doing it.
    await expect(database.storage.deleteToken(world.context(), address)).rejects.toMatchObject({
      code: 'outcome_unknown',
    });
    await rename(`${journal}-away`, journal);
    expect(journaled()).toEqual([]);
    await expect(database.storage.deleteToken(world.context(), address)).rejects.toMatchObject({
      code: 'token.not_found',
    });
    expect(journaled()).toEqual([{ kind: 'token', id: address.tokenId }]);
  });

  test('has all that others left behind before a refusal is told, however many they are', async () => {
    const { id } = await world.createAccount();
    const numbered = 'with recursive n (i) as (select 1 union all select i + 1 from n where i < 1234) select i from n';
    // Later than what a sweep takes.
    await database.query(
      `insert into revocation (organization_id, position, nonce, at, ended)
       select '${world.organizationId}', i, 'n', ${database.clock.now() + DAY_MS}, '[{"kind":"tokens","id":"${id}"}]'
       from (${numbered}) as numbers`,
    );
    const address = { accountId: id, tokenId: world.newToken(id).id };
    await expect(database.storage.deleteToken(world.context(), address)).rejects.toMatchObject({
      code: 'token.not_found',
    });
    const positions = (readRevocationJournal(journal)?.revocations ?? []).map(({ position }) => position);
    expect(positions).toEqual(Array.from({ length: 1234 }, (_, index) => index + 1));
  });

  test('has a revocation, too, that took the place of one that a failover lost', async () => {
    const { address } = await newToken();
    const { receipt } = await database.storage.deleteToken(world.context(), address);
    await database.query(`update revocation set nonce = 'another', at = ${database.clock.now() + DAY_MS}`);
    await expect(database.storage.deleteToken(world.context(), address)).rejects.toMatchObject({
      code: 'token.not_found',
    });
    const read = readRevocationJournal(journal)?.revocations ?? [];
    expect(read.map(({ position }) => position)).toEqual([receipt.position, receipt.position]);
    expect(read.at(1)?.nonce).toBe('another');
  });

  test('gets at the next start what a process committed that died before it wrote', async () => {
    const { address } = await newToken();
    await database.storage.deleteToken(world.context(), address);
    await database.reopen();
    // As if the process had died before.
    for (const name of await readdir(journal)) if (name.endsWith('.revocations')) await rm(join(journal, name));
    await database.query(
      `insert into revocation (organization_id, position, nonce, at, ended)
       select organization_id, organization_position, nonce, 1, '[{"kind":"token","id":"${address.tokenId}"}]'
       from change_log where subject_id = '${address.tokenId}' and kind = 'token' order by position desc limit 1`,
    );
    await database.reopen();
    expect(journaled()).toEqual([{ kind: 'token', id: address.tokenId }]);
    await database.storage.close();
    expect(await database.query('select * from revocation')).toEqual([]);
  });

  test('of another database, or ahead of this one, ends the start with a sentence', async () => {
    await database.storage.deleteToken(world.context(), (await newToken()).address);
    await database.storage.close();
    await database.query('update organization set change_position = change_position - 1');
    await expect(database.reopen()).rejects.toThrow('The database is older than the revocation journal');
    await database.query('update organization set change_position = change_position + 1');
    await database.query(`update installation set instance = 'another'`);
    await expect(database.reopen()).rejects.toThrow("is another database's");
  });

  test('ends the start, too, where a failover lost a revocation and others came after it', async () => {
    const { receipt } = await database.storage.deleteToken(world.context(), (await newToken()).address);
    await database.storage.deleteToken(world.context(), (await newToken()).address);
    await database.reopen();
    await database.storage.close();
    await database.query(
      `update change_log set nonce = 'another' where organization_position = ${receipt.position}
       and organization_id = '${world.organizationId}'`,
    );
    await expect(database.reopen()).rejects.toThrow('The database is older than the revocation journal');
  });

  // What an asynchronous standby did not have when it took over, though it was answered for.
  test.each([
    [1, 'another change took its position', (at: string) => `update change_log set nonce = 'another' where ${at}`],
    [1, 'no change has its position', (at: string) => `delete from change_log where ${at}`],
    [0, 'that very change is there', (at: string) => `select * from change_log where ${at}`],
    [
      0,
      'the log begins later',
      (at: string) => `delete from change_log where ${at.replace('position =', 'position <=')}`,
    ],
  ])('has %i to apply to a database that has come as far where %s', async (applied, _, change) => {
    const { storage } = database;
    const { address, digest } = await newToken();
    const { receipt } = await storage.deleteToken(world.context(), address);
    await world.createAccount();
    const at = `organization_id = '${world.organizationId}' and organization_position = ${receipt.position}`;
    await database.query(change(at));
    await database.query(`update token set deleted_at = null where id = '${address.tokenId}'`);
    expect(await storage.restore(everythingIn(journal, database.clock.now()))).toMatchObject({ applied });
    expect(await world.find(digest)).toMatchObject({ token: { deleted: applied === 1 } });
  });
});

describe.each(engines)('a database on $name of which there are two histories', (engine) => {
  let database: TestDatabase;
  let world: World;
  let journal: string;

  beforeEach(async () => {
    journal = await temporary();
    database = await engine.open({ journal });
    world = await createWorld(database);
    onTestFinished(() => rm(journal, { recursive: true, force: true }));
    onTestFinished(() => database.destroy());
  });

  const setPolicy = (tokenPolicy: TokenPolicy) =>
    database.storage.updateOrganization(world.operatorContext(), { tokenPolicy });
  const found = async (digest: TokenDigest) => (await world.find(digest))?.organization;

  // Each was answered for; the first of the two is what the failover lost, and another change took its place.
  test.each([
    ['everyone', 365, false],
    ['nobody', 30, true],
  ] as const)('keeps the stricter policy and plan of both: %s', async (creation, maxLifetimeDays, requireExpiry) => {
    const { digest } = await world.createToken((await world.createAccount()).id);
    const looser = { creation, maxLifetimeDays, requireExpiry };
    const { receipt } = await setPolicy(looser);
    await database.storage.setOrganizationPlan(world.operatorContext(), 'commercial');
    await setPolicy({ creation: 'nobody', maxLifetimeDays: 10, requireExpiry: false });
    await database.storage.setOrganizationPlan(world.operatorContext(), 'community');
    for (const position of [receipt.position, receipt.position + 1]) {
      await database.query(`update change_log set nonce = 'another' where organization_position = ${position}`);
    }
    await database.storage.restore(everythingIn(journal, database.clock.now()));
    expect(await found(digest)).toMatchObject({
      tokenPolicy: { creation: 'nobody', maxLifetimeDays: 10, requireExpiry },
      plan: 'community',
    });
  });

  test('is none of these where the log was swept between what it still has', async () => {
    const account = await world.createAccount();
    await database.storage.disableServiceAccount(world.context(), account.id);
    await database.storage.enableServiceAccount(world.context(), account.id);
    await world.createAccount();
    const { storage, clock } = database;
    const [disabled] = readRevocationJournal(journal)?.revocations ?? [];
    // As a sweep leaves it that passed once while the organization's newest row was the one before, and once later.
    await database.query(`update cleanup set change_cursor = (select max(position) - 1 from change_log)`);
    await database.query(`delete from change_log where organization_position = ${disabled?.position}`);
    expect(await storage.restore(everythingIn(journal, clock.now()))).toMatchObject({ applied: 0 });
    expect(await storage.findServiceAccount(world.organizationId, account.id)).toMatchObject({ status: 'active' });
  });
});
