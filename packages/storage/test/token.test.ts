import { HOUR_MS, OPEN_POLICY, RETIRED_DIGESTS_PER_TOKEN, type ServiceAccount, type TokenAddress } from '@postern/core';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { engines, type TestDatabase } from './engines.ts';
import { createWorld, type World } from './world.ts';

describe.each(engines)('tokens on $name', (engine) => {
  let database: TestDatabase;
  let world: World;
  let account: ServiceAccount;

  beforeEach(async () => {
    database = await engine.open();
    world = await createWorld(database);
    account = await world.createAccount();
  });
  afterEach(() => database.destroy());

  const find = (address: TokenAddress) => database.storage.findToken(world.organizationId, address);
  const after = (ms: number) => database.clock.now() + ms;

  /** Refreshes the token; answers with the new generation's digest. */
  async function refresh(
    address: TokenAddress,
    generation: number,
    { overlapUntil = null, expiresAt = null }: { overlapUntil?: number | null; expiresAt?: number | null } = {},
  ) {
    const next = world.generation(expiresAt);
    const change = { ...address, generation, next, overlapUntil };
    const { result } = await database.storage.refreshToken(world.context(), change);
    return { token: result, digest: next.digest, hint: next.hint };
  }

  test('are created and found', async () => {
    const expiresAt = after(HOUR_MS);
    const made = world.newToken(account.id, { name: 'CI', description: 'main branch', ...world.generation(expiresAt) });
    const { result } = await database.storage.createToken(world.context(), made);
    expect(result).toEqual({
      id: made.id,
      organizationId: world.organizationId,
      accountId: account.id,
      name: 'CI',
      description: 'main branch',
      hint: made.hint,
      generation: 1,
      expiresAt,
      createdAt: database.clock.now(),
      createdBy: { kind: 'service_account', id: world.accountId, displayName: 'bootstrap' },
      mintedBy: world.token.id,
      refreshedAt: null,
      lastUsedAt: null,
      lastUsedIp: null,
      lastUsedUserAgent: null,
      previous: null,
      restrictions: null,
      deletedAt: null,
      version: 1,
    });
    expect(await find({ accountId: account.id, tokenId: made.id })).toEqual(result);
    expect(await find({ accountId: world.accountId, tokenId: made.id })).toBeUndefined();
    expect(await database.storage.findServiceAccount(world.organizationId, account.id)).toMatchObject({
      tokenCount: 1,
    });
    expect(await world.find(made.digest)).toEqual({
      token: {
        id: made.id,
        name: 'CI',
        generation: 1,
        state: 'current',
        startedAt: database.clock.now(),
        validUntil: expiresAt,
        restrictions: null,
        deleted: false,
      },
      principal: {
        kind: 'service_account',
        id: account.id,
        displayName: 'Nightly export',
        organizationRole: 'member',
        status: 'active',
        groups: [],
        grants: [],
        version: 1,
      },
      organization: {
        id: world.organizationId,
        name: 'Acme',
        plan: 'enterprise',
        tokenPolicy: OPEN_POLICY,
        registered: new Set(),
        quarantined: false,
        version: 1,
      },
      keyId: 'k1',
    });
  });

  test('that cannot be written, new or refreshed, leave nothing of it', async () => {
    const { storage } = database;
    const { token, digest } = await world.createToken(account.id);
    const address = { accountId: account.id, tokenId: token.id };
    const tables = ['principal', 'token', 'token_digest', 'organization', 'audit_event', 'change_log'];
    const read = () => Promise.all(tables.map((table) => database.query(`select * from ${table} order by 1, 2`)));
    const before = await read();
    const again = world.newToken(account.id, { id: token.id });
    await expect(storage.createToken(world.context(), again)).rejects.toMatchObject({ code: 'internal' });
    expect(await read()).toEqual(before);
    const next = { ...world.generation(), digest };
    const change = { ...address, generation: 1, next, overlapUntil: null };
    await expect(storage.refreshToken(world.context(), change)).rejects.toMatchObject({ code: 'internal' });
    expect(await read()).toEqual(before);
  });

  test('are found under either digest, and unknown ones under none', async () => {
    const { digest } = await world.createToken(account.id);
    const unknown = world.generation().digest;
    const { verification } = database.storage;
    expect(await verification.findRecord([unknown, digest])).toMatchObject({ principal: { id: account.id } });
    expect(await verification.findRecord([digest, unknown])).toMatchObject({ principal: { id: account.id } });
    expect(await verification.findRecord([digest, world.token.digest])).toMatchObject({
      principal: { id: account.id },
    });
    expect(await verification.findRecord([world.token.digest, digest])).toMatchObject({
      principal: { id: world.accountId },
    });
    expect(await verification.findRecord([unknown])).toBeUndefined();
  });

  test('change their name at will, and their expiry only to an earlier one', async () => {
    const { storage } = database;
    const { token, digest } = await world.createToken(account.id, world.generation(after(2 * HOUR_MS)));
    const address = { accountId: account.id, tokenId: token.id };
    const { digest: next } = await refresh(address, 1, { overlapUntil: after(HOUR_MS), expiresAt: after(2 * HOUR_MS) });
    const change = { name: 'Renamed', description: 'new', expiresAt: after(60_000) };
    const { result } = await storage.updateToken(world.context(), address, change);
    expect(result).toMatchObject({ ...change, version: 3, previous: { validUntil: after(60_000) } });
    expect(await find(address)).toEqual(result);
    for (const known of [digest, next])
      expect(await world.find(known)).toMatchObject({ token: { validUntil: after(60_000) } });
    const later = storage.updateToken(world.context(), address, { expiresAt: after(60_001) });
    await expect(later).rejects.toMatchObject({ code: 'request.invalid', facts: { errors: [{ path: '/expiresAt' }] } });
  });

  test('cannot mint what outlives them', async () => {
    const { storage } = database;
    const admin = await world.createAccount({ organizationRole: 'admin' });
    const { token } = await world.createToken(admin.id, world.generation(after(HOUR_MS)));
    const actor = { kind: 'token', accountId: admin.id, tokenId: token.id, generation: 1 } as const;
    const exceeds = { code: 'token.exceeds_credential' };
    for (const expiresAt of [null, after(HOUR_MS + 1)]) {
      const made = world.newToken(account.id, world.generation(expiresAt));
      await expect(storage.createToken(world.context({ actor }), made)).rejects.toMatchObject(exceeds);
      const change = {
        accountId: admin.id,
        tokenId: token.id,
        generation: 1,
        next: world.generation(expiresAt),
        overlapUntil: null,
      };
      await expect(storage.refreshToken(world.context({ actor }), change)).rejects.toMatchObject(exceeds);
    }
    const within = world.newToken(account.id, world.generation(after(HOUR_MS)));
    await expect(storage.createToken(world.context({ actor }), within)).resolves.toMatchObject({
      result: { mintedBy: token.id },
    });
  });

  describe('refreshed', () => {
    test('with an overlap beyond the new expiry: the old value ends with the new one', async () => {
      const { token, digest } = await world.createToken(account.id);
      const address = { accountId: account.id, tokenId: token.id };
      await refresh(address, 1, { overlapUntil: after(HOUR_MS), expiresAt: after(1_000) });
      expect(await world.find(digest)).toMatchObject({ token: { state: 'retiring', validUntil: after(1_000) } });
    });

    test('without overlap: every earlier value ends at once', async () => {
      const { token, digest: first } = await world.createToken(account.id);
      const address = { accountId: account.id, tokenId: token.id };
      const { digest: second } = await refresh(address, 1, { overlapUntil: after(HOUR_MS) });
      database.clock.advance(1_000);
      const third = await refresh(address, 2, { expiresAt: after(HOUR_MS) });
      expect(third.token).toMatchObject({
        generation: 3,
        hint: third.hint,
        expiresAt: after(HOUR_MS),
        refreshedAt: database.clock.now(),
        previous: null,
        version: 3,
      });
      expect(await world.find(first)).toMatchObject({ token: { state: 'retired', generation: 1 } });
      expect(await world.find(second)).toMatchObject({ token: { state: 'retired', generation: 2 } });
      expect(await world.find(third.digest)).toMatchObject({ token: { state: 'current', validUntil: after(HOUR_MS) } });
    });

    test('with overlap: the old value works until then, and no longer than it would have', async () => {
      const { token, digest } = await world.createToken(account.id, world.generation(after(HOUR_MS)));
      const address = { accountId: account.id, tokenId: token.id };
      const { token: refreshed } = await refresh(address, 1, { overlapUntil: after(2 * HOUR_MS) });
      expect(refreshed.previous).toEqual({
        generation: 1,
        hint: token.hint,
        validUntil: after(HOUR_MS),
        lastUsedAt: null,
        lastUsedIp: null,
        lastUsedUserAgent: null,
      });
      expect(await world.find(digest)).toMatchObject({ token: { state: 'retiring', validUntil: after(HOUR_MS) } });
      database.clock.advance(HOUR_MS - 1);
      expect(await find(address)).toEqual(refreshed);
      database.clock.advance(1);
      expect(await find(address)).toMatchObject({ previous: null });
    });

    test('with overlap while an old value is in its overlap: refused, until that has ended', async () => {
      const { token } = await world.createToken(account.id);
      const address = { accountId: account.id, tokenId: token.id };
      await refresh(address, 1, { overlapUntil: after(HOUR_MS) });
      await expect(refresh(address, 2, { overlapUntil: after(HOUR_MS) })).rejects.toMatchObject({
        code: 'token.overlap_in_progress',
      });
      database.clock.advance(HOUR_MS);
      const { token: third } = await refresh(address, 2, { overlapUntil: after(HOUR_MS) });
      expect(third).toMatchObject({ generation: 3, previous: { generation: 2 } });
    });

    test('after its expiry: the new value works, the old one stays dead, overlap or not', async () => {
      const { token, digest } = await world.createToken(account.id, world.generation(after(1_000)));
      const address = { accountId: account.id, tokenId: token.id };
      database.clock.advance(1_000);
      const { token: refreshed, digest: next } = await refresh(address, 1, { overlapUntil: after(HOUR_MS) });
      expect(refreshed).toMatchObject({ generation: 2, previous: null });
      expect(await world.find(digest)).toMatchObject({ token: { state: 'retired' } });
      expect(await world.find(next)).toMatchObject({ token: { state: 'current' } });
    });

    test('from another generation than the current one: refused', async () => {
      const { token } = await world.createToken(account.id);
      const address = { accountId: account.id, tokenId: token.id };
      await refresh(address, 1);
      await expect(refresh(address, 1)).rejects.toMatchObject({ code: 'token.refresh_conflict' });
      const stale = { ...address, generation: 2, next: world.generation(), overlapUntil: null };
      await expect(database.storage.refreshToken(world.context({ ifMatch: 1 }), stale)).rejects.toMatchObject({
        code: 'precondition.failed',
      });
      await expect(refresh({ ...address, accountId: world.accountId }, 2)).rejects.toMatchObject({
        code: 'token.not_found',
      });
    });

    test('often: the latest retired values are remembered, older ones forgotten', async () => {
      const { token, digest } = await world.createToken(account.id);
      const address = { accountId: account.id, tokenId: token.id };
      const digests = [digest];
      for (let generation = 1; generation <= RETIRED_DIGESTS_PER_TOKEN + 3; generation += 1) {
        digests.push((await refresh(address, generation)).digest);
      }
      const records = await Promise.all(digests.map((known) => world.find(known)));
      const states = records.map((record) => record?.token.state);
      const retired = Array.from({ length: RETIRED_DIGESTS_PER_TOKEN }, () => 'retired');
      expect(states).toEqual([undefined, undefined, undefined, ...retired, 'current']);
    });
  });

  test('end their overlap early', async () => {
    const { token, digest } = await world.createToken(account.id);
    const address = { accountId: account.id, tokenId: token.id };
    await refresh(address, 1, { overlapUntil: after(HOUR_MS) });
    const ended = await database.storage.endTokenOverlap(world.context(), address);
    expect(ended).toMatchObject({ changed: true, result: { previous: null, version: 3 } });
    expect(await world.find(digest)).toMatchObject({ token: { state: 'retired' } });
    expect((await database.storage.endTokenOverlap(world.context(), address)).changed).toBe(false);
  });

  test('are deleted for good, one or all of an account', async () => {
    const { storage } = database;
    const made = [
      await world.createToken(account.id),
      await world.createToken(account.id),
      await world.createToken(account.id),
    ];
    const [first] = made;
    const address = { accountId: account.id, tokenId: first!.token.id };
    await storage.deleteToken(world.context(), address);
    expect(await find(address)).toBeUndefined();
    expect(await world.find(first!.digest)).toMatchObject({ token: { deleted: true, state: 'retired' } });
    const gone = { code: 'token.not_found' };
    await expect(storage.deleteToken(world.context(), address)).rejects.toMatchObject(gone);
    await expect(storage.updateToken(world.context(), address, { name: 'x' })).rejects.toMatchObject(gone);
    await expect(refresh(address, 1)).rejects.toMatchObject(gone);
    await expect(storage.endTokenOverlap(world.context(), address)).rejects.toMatchObject(gone);
    expect(await storage.findServiceAccount(world.organizationId, account.id)).toMatchObject({ tokenCount: 2 });
    expect((await storage.deleteTokens(world.context(), account.id)).result).toBe(2);
    expect(await storage.findServiceAccount(world.organizationId, account.id)).toMatchObject({ tokenCount: 0 });
    for (const { digest } of made) expect(await world.find(digest)).toMatchObject({ token: { deleted: true } });
    const reused = world.newToken(account.id, { id: first!.token.id });
    await expect(storage.createToken(world.context(), reused)).rejects.toMatchObject({ code: 'internal' });
  });

  test('end themselves, and nothing else, with no permission at all', async () => {
    const { storage } = database;
    const { token, digest } = await world.createToken(account.id);
    const other = await world.createToken(account.id);
    const actor = { kind: 'token', accountId: account.id, tokenId: token.id, generation: 1 } as const;
    const context = () => world.context({ actor, permission: null });
    const another = storage.deleteToken(context(), { accountId: account.id, tokenId: other.token.id });
    await expect(another).rejects.toMatchObject({ code: 'permission.missing' });
    await storage.deleteToken(context(), { accountId: account.id, tokenId: token.id });
    expect(await world.find(digest)).toMatchObject({ token: { deleted: true } });
    expect(await world.find(other.digest)).toMatchObject({ token: { deleted: false } });
    const again = storage.deleteToken(context(), { accountId: account.id, tokenId: token.id });
    await expect(again).rejects.toMatchObject({ code: 'token.invalid' });
  });

  test('are revoked by conditions, and a forecast says which', async () => {
    const { storage } = database;
    const other = await world.createAccount();
    const early = await world.createToken(account.id);
    database.clock.advance(1_000);
    const late = await world.createToken(account.id);
    const elsewhere = await world.createToken(other.id);
    const conditions = {
      accountId: null,
      createdBy: world.accountId,
      createdBefore: database.clock.now(),
      unusedSince: null,
    };
    const forecast = await storage.listRevocableTokens(world.organizationId, conditions);
    expect(forecast).toEqual({ revoked: 1, tokens: [early.token] });
    expect((await storage.revokeTokens(world.context(), conditions)).result).toEqual(forecast);
    expect(await world.find(early.digest)).toMatchObject({ token: { deleted: true, state: 'retired' } });
    expect(await world.find(late.digest)).toMatchObject({ token: { deleted: false } });
    const rest = { accountId: null, createdBy: world.accountId, createdBefore: null, unusedSince: null };
    const { result } = await storage.revokeTokens(world.context(), rest);
    expect(result.revoked).toBe(2);
    expect(result.tokens.map(({ id }) => id).sort()).toEqual([late.token.id, elsewhere.token.id].sort());
    for (const { id } of [account, other]) {
      expect(await storage.findServiceAccount(world.organizationId, id)).toMatchObject({ tokenCount: 0 });
    }
  });

  test('count by the key that their live values are stored under', async () => {
    const { storage } = database;
    await world.createToken(account.id);
    await world.createToken(account.id, world.generation(after(1_000)));
    const gone = await world.createToken(account.id);
    await storage.deleteToken(world.context(), { accountId: account.id, tokenId: gone.token.id });
    const { digest } = world.generation().digest;
    await world.createToken(account.id, { ...world.generation(), digest: { digest, keyId: 'k0' } });
    expect(await storage.listSecretKeyUse(database.clock.now())).toEqual([
      { kid: 'k0', liveValues: 1 },
      { kid: 'k1', liveValues: 3 },
    ]);
    expect(await storage.listSecretKeyUse(after(1_000))).toContainEqual({ kid: 'k1', liveValues: 2 });
  });
});
