import { randomBytes } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import {
  createTokenCacheKey,
  createTokenVerifier,
  digestToken,
  mintTokenValue,
  type NewToken,
  type ServiceAccount,
  type TokenVerifier,
  tokenHint,
} from '@postern/core';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { engines, type OpenStorage, type TestDatabase } from './engines.ts';
import { createWorld, key, type World } from './world.ts';

/** What is left of a flood of values that were never issued, whatever their number. */
const FLOOD_BYTES = 1_048_576;
const FLOOD = { sqlite: 50_000, postgres: 10_000 };
const FLOOD_AT_A_TIME = 50;

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

function heapBytes(): number {
  collect();
  return process.memoryUsage().heapUsed;
}

describe.each(engines)('verification on $name', (engine) => {
  let database: TestDatabase;
  let world: World;
  let account: ServiceAccount;

  beforeEach(async () => {
    database = await engine.open();
    world = await createWorld(database);
    account = await world.createAccount({ organizationRole: 'admin' });
  });
  afterEach(() => database.destroy());

  function verifierOf({ storage, cache }: OpenStorage): TokenVerifier {
    return createTokenVerifier({
      storage: storage.verification,
      cache,
      keys: { current: key },
      now: () => storage.now(),
      cacheKey: createTokenCacheKey(randomBytes),
      onOldDigest: () => undefined,
    });
  }

  async function issue(): Promise<{ readonly text: string; readonly token: NewToken }> {
    const value = mintTokenValue(randomBytes);
    const generation = { digest: digestToken(value, key), hint: tokenHint(value), expiresAt: null };
    const token = world.newToken(account.id, generation);
    await database.storage.createToken(world.context(), token);
    return { text: value.reveal(), token };
  }

  const accepts = async (verifier: TokenVerifier, text: string): Promise<boolean> =>
    (await verifier.verify(text, null)).outcome === 'active';

  test('a flood of well-formed values that were never issued takes no memory, and none from what is warm', {
    timeout: 120_000,
  }, async () => {
    const verifier = verifierOf(database);
    const warm: string[] = [];
    while (warm.length < 20) warm.push((await issue()).text);
    for (const text of warm) expect(await accepts(verifier, text)).toBe(true);
    const flood = async (count: number): Promise<void> => {
      for (let sent = 0; sent < count; sent += FLOOD_AT_A_TIME) {
        const values = Array.from({ length: FLOOD_AT_A_TIME }, () => mintTokenValue(randomBytes).reveal());
        await Promise.all(values.map((text) => verifier.verify(text, null)));
        // As between requests.
        await setImmediate();
      }
    };
    // What the first ones leave is code, and room that is used again.
    await flood(FLOOD[engine.name] / 10);
    const before = heapBytes();
    const size = database.cache.size();
    await flood(FLOOD[engine.name]);
    expect(heapBytes() - before).toBeLessThan(FLOOD_BYTES);
    expect(database.cache.size()).toEqual(size);
    const { unknown, fromDatabase } = verifier.counts;
    expect(unknown).toBeGreaterThanOrEqual(FLOOD[engine.name]);
    for (const text of warm) expect(await accepts(verifier, text)).toBe(true);
    expect(verifier.counts.fromDatabase).toBe(fromDatabase);
  });

  /** Everything that ends a value, or changes what it may do. */
  const ends: Record<string, (token: NewToken) => Promise<unknown>> = {
    delete: (token) => database.storage.deleteToken(world.context(), { accountId: account.id, tokenId: token.id }),
    'delete all': () => database.storage.deleteTokens(world.context(), account.id),
    refresh: (token) =>
      database.storage.refreshToken(world.context(), {
        accountId: account.id,
        tokenId: token.id,
        generation: 1,
        next: world.generation(),
        overlapUntil: null,
      }),
    revoke: () =>
      database.storage.revokeTokens(world.context(), {
        accountId: account.id,
        createdBy: null,
        createdBefore: null,
        unusedSince: null,
      }),
    disable: () => database.storage.disableServiceAccount(world.context(), account.id),
    'delete the account': () => database.storage.deleteServiceAccount(world.context(), account.id),
    'a plan without service accounts': () => database.storage.setOrganizationPlan(world.operatorContext(), 'community'),
  };

  test.each(Object.keys(ends))('after %s has been answered, no process accepts the value from memory', async (how) => {
    const { text, token } = await issue();
    const other = await database.openAnother();
    const verifiers = [verifierOf(database), verifierOf(other)];
    for (const verifier of verifiers) {
      expect(await accepts(verifier, text)).toBe(true);
      // The second time from memory, under a lease that is live.
      await expect.poll(() => accepts(verifier, text)).toBe(true);
    }
    await ends[how]?.(token);
    for (const verifier of verifiers) expect(await accepts(verifier, text)).toBe(false);
  });

  test('sees every commit at once, over and over, also with use written between', async () => {
    const { text } = await issue();
    const verifier = verifierOf(database);
    for (const role of ['member', 'admin', 'verifier', 'member', 'admin', 'verifier'] as const) {
      await database.storage.updateServiceAccount(world.context(), account.id, { organizationRole: role });
      expect(await verifier.verify(text, null)).toMatchObject({ record: { principal: { organizationRole: role } } });
      await database.storage.recordUsage({ completeUntil: 1, uses: [], refusals: [], redigests: [] });
      expect(await verifier.verify(text, null)).toMatchObject({ record: { principal: { organizationRole: role } } });
    }
  });

  test('sees every commit at once, when memory was asked in every round until its answer', async () => {
    const { text } = await issue();
    const verifier = verifierOf(database);
    for (let turn = 0; turn < 40; turn += 1) {
      const role = turn % 2 === 0 ? 'admin' : 'member';
      let isAnswered = false;
      const ask = (): void => {
        database.storage.verification.catchUp();
        if (!isAnswered) setImmediate(ask);
      };
      ask();
      await database.storage.updateServiceAccount(world.context(), account.id, { organizationRole: role });
      isAnswered = true;
      expect(await verifier.verify(text, null)).toMatchObject({ record: { principal: { organizationRole: role } } });
    }
  });

  test('empties memory when the log is not the one that was followed', async () => {
    const { text } = await issue();
    const { cache, storage } = database;
    const verifier = verifierOf(database);
    await expect
      .poll(async () => {
        await verifier.verify(text, null);
        return cache.size().entries;
      })
      .toBe(1);
    await database.query(
      `update change_log set nonce = 'restored' where position = (select max(position) from change_log) returning position`,
    );
    await expect
      .poll(
        () => {
          storage.verification.catchUp();
          return cache.size().entries;
        },
        { timeout: 10_000 },
      )
      .toBe(0);
    await expect.poll(() => storage.verification.catchUp(), { timeout: 10_000 }).toBe(true);
    expect(await accepts(verifier, text)).toBe(true);
  });

  test('is over once the storage is closed', async () => {
    const { text } = await issue();
    const other = await database.openAnother();
    const verifier = verifierOf(other);
    expect(await accepts(verifier, text)).toBe(true);
    await other.storage.close();
    expect(other.storage.verification.catchUp()).toBe(false);
    expect(other.storage.verification.holds()).toBe(false);
    await expect((async () => verifier.verify(text, null))()).rejects.toMatchObject({ code: 'storage.unavailable' });
    const closed = { code: 'storage.unavailable' };
    await expect(other.storage.findOrganization(world.organizationId)).rejects.toMatchObject(closed);
    await expect(other.storage.createServiceAccount(world.context(), world.newAccount())).rejects.toMatchObject(closed);
    await expect(other.storage.ping()).rejects.toMatchObject(closed);
  });
});
