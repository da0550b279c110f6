import { randomBytes, randomUUID } from 'node:crypto';
import { createVerificationCache } from '@postern/core';
import { openPostgresStorage, StorageStartError } from '@postern/storage';
import { describe, expect, onTestFinished, test } from 'vitest';
import { asAdmin, createTestClock, databaseUrl, engines, TEST_NOW } from './engines.ts';
import { createWorld } from './world.ts';

describe.each(engines)('a start on $name', (engine) => {
  async function open() {
    const database = await engine.open();
    onTestFinished(() => database.destroy());
    return database;
  }

  test('finds what an earlier one has written', async () => {
    const database = await open();
    const world = await createWorld(database);
    const account = await world.createAccount();
    const { storage } = await database.reopen();
    expect(await storage.findServiceAccount(world.organizationId, account.id)).toEqual(account);
    expect(await storage.hasBootstrapped()).toBe(true);
    const next = await storage.createServiceAccount(world.context(), world.newAccount());
    expect(next.receipt.position).toBe(5);
    await storage.ping();
  });

  test('with a database of a newer Postern is refused in one sentence', async () => {
    const database = await open();
    await database.query(`insert into migration (number, name, applied_at) values (99, 'future', 0) returning number`);
    await expect(database.reopen()).rejects.toThrow(StorageStartError);
    await expect(database.openAnother()).rejects.toThrow(
      /^The database was written by a newer Postern \(its form is 99, this Postern knows \d+\): start that version, or a later one\.$/,
    );
  });

  test('keeps the check value of a key that is known', async () => {
    const { storage } = await open();
    await storage.addSecretKeyCheck('k1', 'first');
    await storage.addSecretKeyCheck('k1', 'second');
    await storage.addSecretKeyCheck('k0', 'other');
    expect(await storage.listSecretKeyChecks()).toEqual([
      { kid: 'k0', check: 'other' },
      { kid: 'k1', check: 'first' },
    ]);
  });
});

describe('starts on an empty PostgreSQL', () => {
  const openAt = (url: string) =>
    openPostgresStorage({
      url,
      cache: createVerificationCache(1_000_000),
      clock: createTestClock(TEST_NOW),
      random: randomBytes,
      maxConnections: 2,
    });

  test('at the same time do not fight', async () => {
    const name = `postern_test_${randomUUID().replaceAll('-', '')}`;
    await asAdmin(`create database ${name}`);
    onTestFinished(async () => void (await asAdmin(`drop database ${name} with (force)`)));
    const storages = await Promise.all(Array.from({ length: 4 }, () => openAt(databaseUrl(name))));
    for (const storage of storages) expect(await storage.hasBootstrapped()).toBe(false);
    await Promise.all(storages.map((storage) => storage.close()));
  });

  test('that cannot be reached are refused in one sentence', async () => {
    await expect(openAt(databaseUrl('nowhere'))).rejects.toThrow(
      new StorageStartError('The database at POSTERN_DATABASE_URL cannot be used: database "nowhere" does not exist.'),
    );
    await expect(openAt('postgres://nobody:secret@127.0.0.1:1/x')).rejects.toThrow(
      /^The database at POSTERN_DATABASE_URL cannot be used: .*ECONNREFUSED/,
    );
  });
});
