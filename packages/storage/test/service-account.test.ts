import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { engines, type TestDatabase } from './engines.ts';
import { createOtherWorld, createWorld, type World } from './world.ts';

describe.each(engines)('service accounts on $name', (engine) => {
  let database: TestDatabase;
  let world: World;

  beforeEach(async () => {
    database = await engine.open();
    world = await createWorld(database);
  });
  afterEach(() => database.destroy());

  const find = (id: Parameters<typeof database.storage.findServiceAccount>[1]) =>
    database.storage.findServiceAccount(world.organizationId, id);

  test('are created, found and changed', async () => {
    const account = await world.createAccount({ displayName: 'Nightly', description: 'Exports', externalId: 'tf-1' });
    expect(account).toEqual({
      id: account.id,
      organizationId: world.organizationId,
      displayName: 'Nightly',
      description: 'Exports',
      status: 'active',
      organizationRole: 'member',
      owners: [],
      externalId: 'tf-1',
      tokenCount: 0,
      lastUsedAt: null,
      createdAt: database.clock.now(),
      createdBy: { kind: 'service_account', id: world.accountId, displayName: 'bootstrap' },
      updatedAt: database.clock.now(),
      version: 1,
    });
    expect(await find(account.id)).toEqual(account);
    database.clock.advance(1_000);
    const change = { displayName: 'Weekly', externalId: null, organizationRole: 'verifier' } as const;
    const { result } = await database.storage.updateServiceAccount(world.context(), account.id, change);
    expect(result).toEqual({ ...account, ...change, version: 2, updatedAt: database.clock.now() });
    expect(await find(account.id)).toEqual(result);
  });

  test('have an externalId of their own, until they are deleted', async () => {
    const { storage } = database;
    const taken = { code: 'service_account.external_id_taken' };
    const account = await world.createAccount({ externalId: 'tf-1' });
    const other = await world.createAccount({ externalId: 'tf-2' });
    await expect(world.createAccount({ externalId: 'tf-1' })).rejects.toMatchObject(taken);
    await expect(storage.updateServiceAccount(world.context(), other.id, { externalId: 'tf-1' })).rejects.toMatchObject(
      taken,
    );
    await storage.deleteServiceAccount(world.context(), account.id);
    await expect(world.createAccount({ externalId: 'tf-1' })).resolves.toMatchObject({ externalId: 'tf-1' });
    const elsewhere = await createOtherWorld(database);
    await expect(elsewhere.createAccount({ externalId: 'tf-1' })).resolves.toMatchObject({ externalId: 'tf-1' });
  });

  test('lose all tokens for good when they are disabled', async () => {
    const { storage } = database;
    const account = await world.createAccount();
    const made = [await world.createToken(account.id), await world.createToken(account.id)];
    const disabled = await storage.disableServiceAccount(world.context(), account.id);
    expect(disabled.result).toMatchObject({ status: 'disabled', tokenCount: 0, version: 2 });
    for (const { digest } of made) {
      expect(await world.find(digest)).toMatchObject({
        token: { deleted: true, state: 'retired' },
        principal: { status: 'disabled' },
      });
    }
    await expect(world.createToken(account.id)).rejects.toMatchObject({ code: 'service_account.disabled' });
    const enabled = await storage.enableServiceAccount(world.context(), account.id);
    expect(enabled.result).toMatchObject({ status: 'active', tokenCount: 0, version: 3 });
    for (const { digest } of made) expect(await world.find(digest)).toMatchObject({ token: { deleted: true } });
  });

  test('are gone when they are deleted, but their values are still known', async () => {
    const { storage } = database;
    const account = await world.createAccount();
    const { token, digest } = await world.createToken(account.id);
    const address = { accountId: account.id, tokenId: token.id };
    await storage.deleteServiceAccount(world.context(), account.id);
    expect(await find(account.id)).toBeUndefined();
    expect(await storage.findToken(world.organizationId, address)).toBeUndefined();
    expect(await world.find(digest)).toMatchObject({ principal: { status: 'deleted' }, token: { deleted: true } });
    const gone = { code: 'service_account.not_found' };
    await expect(storage.deleteServiceAccount(world.context(), account.id)).rejects.toMatchObject(gone);
    await expect(storage.disableServiceAccount(world.context(), account.id)).rejects.toMatchObject(gone);
    await expect(storage.enableServiceAccount(world.context(), account.id)).rejects.toMatchObject(gone);
    await expect(storage.updateServiceAccount(world.context(), account.id, { displayName: 'x' })).rejects.toMatchObject(
      gone,
    );
    await expect(storage.deleteTokens(world.context(), account.id)).rejects.toMatchObject(gone);
    await expect(world.createToken(account.id)).rejects.toMatchObject(gone);
  });

  test('cannot lock themselves out', async () => {
    const { storage } = database;
    const lockedOut = { code: 'caller.locked_out' };
    const { accountId: own } = world;
    const address = { accountId: own, tokenId: world.token.id };
    const everything = { accountId: null, createdBy: null, createdBefore: null, unusedSince: null };
    await expect(storage.disableServiceAccount(world.context(), own)).rejects.toMatchObject(lockedOut);
    await expect(storage.deleteServiceAccount(world.context(), own)).rejects.toMatchObject(lockedOut);
    await expect(
      storage.updateServiceAccount(world.context(), own, { organizationRole: 'member' }),
    ).rejects.toMatchObject(lockedOut);
    await expect(storage.deleteToken(world.context(), address)).rejects.toMatchObject(lockedOut);
    await expect(storage.deleteTokens(world.context(), own)).rejects.toMatchObject(lockedOut);
    await expect(storage.revokeTokens(world.context(), everything)).rejects.toMatchObject(lockedOut);
    await expect(
      storage.updateToken(world.context(), address, { expiresAt: database.clock.now() }),
    ).rejects.toMatchObject(lockedOut);
    expect(await world.find(world.token.digest)).toMatchObject({ token: { deleted: false, state: 'current' } });
    expect(await find(own)).toMatchObject({ tokenCount: 1, status: 'active', organizationRole: 'admin' });
  });

  test('give no role that reaches further than the actor', async () => {
    const { storage } = database;
    const robot = await world.createAccount({ organizationRole: 'verifier' });
    const { token } = await world.createToken(robot.id);
    const actor = { kind: 'token', accountId: robot.id, tokenId: token.id, generation: 1 } as const;
    // A permission that the actor does hold: what is tested is the comparison of sets, not the check before it.
    const context = () => world.context({ actor, permission: 'access.check' });
    const missing = { code: 'permission.missing' };
    const admin = world.newAccount({ organizationRole: 'admin' });
    await expect(storage.createServiceAccount(context(), admin)).rejects.toMatchObject(missing);
    const member = await world.createAccount();
    const raised = storage.updateServiceAccount(context(), member.id, { organizationRole: 'admin' });
    await expect(raised).rejects.toMatchObject(missing);
    const lowered = storage.updateServiceAccount(context(), world.accountId, { organizationRole: 'member' });
    await expect(lowered).rejects.toMatchObject(missing);
    await expect(storage.createToken(context(), world.newToken(world.accountId))).rejects.toMatchObject(missing);
    await expect(storage.createToken(context(), world.newToken(member.id))).resolves.toMatchObject({ changed: true });
  });

  test('need a plan that includes them', async () => {
    const { storage } = database;
    const account = await world.createAccount();
    const { token } = await world.createToken(account.id);
    await database.query(`update organization set plan = 'community', version = version + 1`);
    const required = { code: 'plan.required' };
    const operator = () => ({ ...world.context({ actor: { kind: 'operator' } }), permission: null });
    await expect(storage.createServiceAccount(operator(), world.newAccount())).rejects.toMatchObject(required);
    await expect(storage.createToken(operator(), world.newToken(account.id))).rejects.toMatchObject(required);
    await expect(storage.enableServiceAccount(operator(), account.id)).rejects.toMatchObject(required);
    const refresh = {
      accountId: account.id,
      tokenId: token.id,
      generation: 1,
      next: world.generation(),
      overlapUntil: null,
    };
    await expect(storage.refreshToken(operator(), refresh)).rejects.toMatchObject(required);
    await expect(world.createAccount()).rejects.toMatchObject({ code: 'token.invalid' });
    await expect(storage.disableServiceAccount(operator(), account.id)).resolves.toMatchObject({ changed: true });
  });
});
