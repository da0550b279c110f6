import { DAY_MS, sweep } from '@postern/core';
import { describe, expect, onTestFinished, test } from 'vitest';
import { engines } from './engines.ts';
import { createWorld } from './world.ts';

describe.each(engines)('values that ended on $name', (engine) => {
  test('are known for 400 days, and forgotten with what ends after that', async () => {
    const database = await engine.open();
    onTestFinished(() => database.destroy());
    const world = await createWorld(database);
    const { storage } = database;
    const account = await world.createAccount();
    const [refreshed, deleted, other, last] = [
      await world.createToken(account.id),
      await world.createToken(account.id),
      await world.createToken(account.id),
      await world.createToken(account.id),
    ];
    const addressOf = ({ token }: typeof refreshed) => ({ accountId: account.id, tokenId: token.id });
    const refresh = (made: typeof refreshed) =>
      storage.refreshToken(world.context(), {
        ...addressOf(made),
        generation: 1,
        next: world.generation(),
        overlapUntil: null,
      });
    await refresh(refreshed);
    await storage.deleteToken(world.context(), addressOf(deleted));

    database.clock.advance(400 * DAY_MS);
    await refresh(other);
    expect(await world.find(refreshed.digest)).toMatchObject({ token: { state: 'retired' } });
    expect(await world.find(deleted.digest)).toMatchObject({ token: { deleted: true, state: 'retired' } });

    database.clock.advance(1);
    await storage.deleteToken(world.context(), addressOf(other));
    await sweep(storage, async () => undefined);
    expect(await world.find(deleted.digest)).toBeUndefined();
    expect(await database.query(`select id from token where id = '${deleted.token.id}'`)).toEqual([]);
    await refresh(last);
    expect(await world.find(refreshed.digest)).toBeUndefined();
    expect(await world.find(other.digest)).toMatchObject({ token: { deleted: true } });
    expect(await storage.findServiceAccount(world.organizationId, account.id)).toMatchObject({ tokenCount: 2 });
  });
});
