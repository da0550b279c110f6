import fs, { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { backUpSqlite, replaceSqlite, StorageStartError, unpackSqlite } from '@postern/storage';
import { expect, onTestFinished, test, vi } from 'vitest';
import { engines, TEST_NOW } from './engines.ts';

const engine = engines.find(({ name }) => name === 'sqlite')!;

/** As FAT and some network mounts answer. */
function takeHardLinksAway(before: (name: string) => void = () => undefined): void {
  const spy = vi.spyOn(fs, 'linkSync').mockImplementation((_path, name) => {
    before(String(name));
    throw Object.assign(new Error('EPERM: operation not permitted, link'), { code: 'EPERM' });
  });
  syncBuiltinESMExports();
  onTestFinished(() => {
    spy.mockRestore();
    syncBuiltinESMExports();
  });
}

async function openDatabase() {
  const database = await engine.open();
  onTestFinished(() => database.destroy());
  return database;
}

function countMigrations(path: string): unknown {
  const database = new DatabaseSync(path, { readOnly: true });
  try {
    return database.prepare('select count(*) as count from migration').get()?.['count'];
  } finally {
    database.close();
  }
}

test('without hard links a backup is made and put in place, and replaces nothing', async () => {
  const { location, storage } = await openDatabase();
  const [backup, next, kept] = ['backup', 'next', 'kept'].map((name) => join(dirname(location), name)) as [
    string,
    string,
    string,
  ];
  takeHardLinksAway();
  backUpSqlite(location, backup, TEST_NOW);
  expect(statSync(backup).mode & 0o777).toBe(0o600);
  expect(() => backUpSqlite(location, backup, TEST_NOW)).toThrow('a backup never replaces anything');
  unpackSqlite(backup, next);
  await storage.close();
  replaceSqlite(location, next, kept);
  expect(existsSync(next)).toBe(false);
  expect(statSync(kept).mode & 0o777).toBe(0o600);
  expect([countMigrations(location), countMigrations(kept)]).toEqual([
    countMigrations(backup),
    countMigrations(backup),
  ]);
});

test('without hard links, too, a backup is not written over one that was faster', async () => {
  const { location } = await openDatabase();
  const backup = join(dirname(location), 'backup');
  takeHardLinksAway((name) => writeFileSync(name, 'faster'));
  expect(() => backUpSqlite(location, backup, TEST_NOW)).toThrow(StorageStartError);
  expect(readFileSync(backup, 'utf8')).toBe('faster');
});
