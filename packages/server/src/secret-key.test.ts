import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { generateSecretKey, parseSecretKey, type SecretKey, type Storage } from '@postern/core';
import { describe, expect, test } from 'vitest';
import { tmpDirectory } from '../../../testing/tmp.ts';
import { checkSecretKeys, loadSecretKeys } from './secret-key.ts';
import { StartError } from './start-error.ts';

const key = (kid: string): SecretKey => parseSecretKey(generateSecretKey(kid, randomBytes)) as SecretKey;

describe('the key in the data directory', () => {
  const settings = (dataDir: string) => ({
    dataDir,
    databaseUrl: undefined,
    secretKey: undefined,
    previousSecretKey: undefined,
  });

  test('is made once, for its owner only, and read from then on', async () => {
    const dataDir = join(await tmpDirectory(), 'data');
    const { current } = loadSecretKeys(settings(dataDir), randomBytes);
    const file = join(dataDir, 'secret.key');
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect((await stat(dataDir)).mode & 0o777).toBe(0o700);
    expect(await readFile(file, 'utf8')).toMatch(/^key-[0-9a-f]{8}:[\w-]{43}\n$/);
    expect(loadSecretKeys(settings(dataDir), randomBytes).current.kid).toBe(current.kid);
    expect(await readdir(dataDir)).toEqual(['secret.key']);
  });

  test('is never made where there is a database already', async () => {
    const dataDir = await tmpDirectory();
    await writeFile(join(dataDir, 'postern.db'), '');
    expect(() => loadSecretKeys(settings(dataDir), randomBytes)).toThrow(/secret key .+ is missing/);
    expect(await readdir(dataDir)).toEqual(['postern.db']);
  });

  test('is not replaced when it is damaged', async () => {
    const dataDir = await tmpDirectory();
    await writeFile(join(dataDir, 'secret.key'), 'damaged');
    expect(() => loadSecretKeys(settings(dataDir), randomBytes)).toThrow(/does not hold a secret key/);
    expect(await readFile(join(dataDir, 'secret.key'), 'utf8')).toBe('damaged');
  });

  test('gives way to the one of the settings', async () => {
    const dataDir = await tmpDirectory();
    await mkdir(dataDir, { recursive: true });
    const secretKey = key('set');
    expect(loadSecretKeys({ ...settings(dataDir), secretKey }, randomBytes)).toEqual({ current: secretKey });
    expect(await readdir(dataDir)).toEqual([]);
  });
});

test('PostgreSQL needs a key in the settings', () => {
  const settings = {
    dataDir: '/nowhere',
    databaseUrl: 'postgres://x',
    secretKey: undefined,
    previousSecretKey: undefined,
  };
  expect(() => loadSecretKeys(settings, randomBytes)).toThrow(/POSTERN_SECRET_KEY is required/);
});

describe('the check against the database', () => {
  function database(): Pick<Storage, 'listSecretKeyChecks' | 'addSecretKeyCheck'> {
    const checks: { kid: string; check: string }[] = [];
    return {
      listSecretKeyChecks: async () => checks,
      addSecretKeyCheck: async (kid, check) => void checks.push({ kid, check }),
    };
  }
  const refusal = async (storage: ReturnType<typeof database>, keys: Parameters<typeof checkSecretKeys>[1]) => {
    const error = await checkSecretKeys(storage, keys).catch((thrown: unknown) => thrown);
    return error instanceof StartError ? [error.exitCode, error.message] : error;
  };

  test('passes for the same key again, for a new one beside the old, and for the new one alone', async () => {
    const storage = database();
    const [a, b] = [key('a'), key('b')];
    expect(await refusal(storage, { current: a })).toBeUndefined();
    expect(await refusal(storage, { current: a })).toBeUndefined();
    expect(await refusal(storage, { current: b, previous: a })).toBeUndefined();
    expect(await refusal(storage, { current: b })).toBeUndefined();
    expect(await storage.listSecretKeyChecks()).toHaveLength(2);
  });

  test('refuses another key of a known name', async () => {
    const storage = database();
    await checkSecretKeys(storage, { current: key('a') });
    expect(await refusal(storage, { current: key('a') })).toEqual([78, expect.stringContaining('"a" is not the one')]);
    expect(await refusal(storage, { current: key('b'), previous: key('a') })).toEqual([
      78,
      expect.stringContaining('"a" is not the one'),
    ]);
  });

  test('refuses a key that the database does not know, without the one that it knows', async () => {
    const storage = database();
    await checkSecretKeys(storage, { current: key('a') });
    expect(await refusal(storage, { current: key('b') })).toEqual([
      78,
      expect.stringContaining('the secret key "a", which is not set'),
    ]);
    expect(await storage.listSecretKeyChecks()).toHaveLength(1);
  });
});
