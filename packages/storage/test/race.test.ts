import { DomainError, type ServiceAccount } from '@postern/core';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { engines, type TestDatabase } from './engines.ts';
import { createWorld, type World } from './world.ts';

/** `done`, or the code that it was refused with, of each. */
async function outcomes(attempts: readonly Promise<unknown>[]): Promise<readonly string[]> {
  const settled = await Promise.allSettled(attempts);
  return settled
    .map((one) => (one.status === 'fulfilled' ? 'done' : one.reason instanceof DomainError ? one.reason.code : 'bug'))
    .sort();
}

describe.each(engines)('races on $name', (engine) => {
  let database: TestDatabase;
  let world: World;
  let account: ServiceAccount;

  beforeEach(async () => {
    database = await engine.open();
    world = await createWorld(database);
    account = await world.createAccount();
  });
  afterEach(() => database.destroy());

  test('of two refreshes one wins, and exactly one new value lives', async () => {
    const { storage } = database;
    for (let round = 0; round < 5; round += 1) {
      const { token, digest } = await world.createToken(account.id);
      const generations = [world.generation(), world.generation(), world.generation()];
      const attempts = generations.map((next) =>
        storage.refreshToken(world.context(), {
          accountId: account.id,
          tokenId: token.id,
          generation: 1,
          next,
          overlapUntil: null,
        }),
      );
      expect(await outcomes(attempts)).toEqual(['done', 'token.refresh_conflict', 'token.refresh_conflict']);
      const records = await Promise.all(generations.map((next) => world.find(next.digest)));
      expect(records.filter((record) => record?.token.state === 'current')).toHaveLength(1);
      expect(records.filter((record) => record === undefined)).toHaveLength(2);
      expect(await world.find(digest)).toMatchObject({ token: { state: 'retired' } });
    }
  });

  test('a refresh and a deletion leave no live value', async () => {
    const { storage } = database;
    for (let round = 0; round < 5; round += 1) {
      const { token, digest } = await world.createToken(account.id);
      const address = { accountId: account.id, tokenId: token.id };
      const next = world.generation();
      const refreshed = storage.refreshToken(world.context(), { ...address, generation: 1, next, overlapUntil: null });
      const deleted = storage.deleteToken(world.context(), address);
      const codes = await outcomes([refreshed, deleted]);
      expect([
        ['done', 'done'],
        ['done', 'token.not_found'],
      ]).toContainEqual(codes);
      for (const known of [digest, next.digest]) {
        const record = await world.find(known);
        expect(record === undefined || record.token.deleted).toBe(true);
      }
    }
  });

  test('of two accounts with one externalId one is made', async () => {
    const attempts = Array.from({ length: 4 }, () => world.createAccount({ externalId: 'tf-1' }));
    const taken = 'service_account.external_id_taken';
    expect(await outcomes(attempts)).toEqual(['done', taken, taken, taken]);
  });

  test('creations beside a disable leave no live token', async () => {
    const { storage } = database;
    const made = Array.from({ length: 8 }, () => world.newToken(account.id));
    const creations = made.map((token) => storage.createToken(world.context(), token));
    await outcomes([
      ...creations.slice(0, 4),
      storage.disableServiceAccount(world.context(), account.id),
      ...creations.slice(4),
    ]);
    const records = await Promise.all(made.map((token) => world.find(token.digest)));
    expect(records.filter((record) => record && !record.token.deleted)).toEqual([]);
    expect(await storage.findServiceAccount(world.organizationId, account.id)).toMatchObject({ tokenCount: 0 });
  });

  test('two admins who disable each other: one of them stays', async () => {
    const { storage } = database;
    const second = await world.createAccount({ organizationRole: 'admin' });
    const { token } = await world.createToken(second.id);
    const actor = { kind: 'token', accountId: second.id, tokenId: token.id, generation: 1 } as const;
    const permission = 'service_account.disable';
    const codes = await outcomes([
      storage.disableServiceAccount(world.context({ permission }), second.id),
      storage.disableServiceAccount(world.context({ actor, permission }), world.accountId),
    ]);
    expect(codes).toEqual(['done', 'token.invalid']);
  });

  test('of first starts at once one happens, and never another', async () => {
    const fresh = await engine.open();
    try {
      const { storage: other } = await fresh.openAnother();
      const { newBootstrap } = await import('./world.ts');
      const inputs = Array.from({ length: 4 }, () => newBootstrap(fresh.clock.now()));
      expect(await fresh.storage.hasBootstrapped()).toBe(false);
      const made = await Promise.all(
        inputs.map((input, index) => (index % 2 ? other : fresh.storage).bootstrap(input)),
      );
      expect(made.filter(Boolean)).toHaveLength(1);
      expect(await fresh.query('select id from organization')).toHaveLength(1);
      expect(await fresh.query('select id from audit_event')).toHaveLength(3);
      expect(
        (await fresh.query('select position from change_log order by position')).map((row) => Number(row['position'])),
      ).toEqual([1, 2, 3]);
      expect(await fresh.storage.hasBootstrapped()).toBe(true);
      expect(await other.bootstrap(newBootstrap(fresh.clock.now()))).toBe(false);
    } finally {
      await fresh.destroy();
    }
  });
});
