import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { engines, type TestDatabase } from './engines.ts';
import { createWorld, type World } from './world.ts';

describe.each(engines)('service accounts on $name', (engine) => {
  let database: TestDatabase;
  let world: World;

  beforeEach(async () => {
    database = await engine.open();
    world = await createWorld(database);
  });
  afterEach(() => database.destroy());

  test('create, find', async () => {
    const account = await world.createAccount({ displayName: 'Nightly' });
    expect(await database.storage.findServiceAccount(world.organizationId, account.id)).toEqual(account);
    const { token, digest } = await world.createToken(account.id);
    expect(await world.find(digest)).toMatchObject({ token: { id: token.id, generation: 1, state: 'current' } });
  });
});
