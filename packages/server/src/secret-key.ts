import { closeSync, fsyncSync, linkSync, openSync, readFileSync, unlinkSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import {
  generateSecretKey,
  matchesSecretKeyCheck,
  parseSecretKey,
  type RandomBytes,
  type SecretKey,
  type SecretKeys,
  type Storage,
  secretKeyCheck,
} from '@postern/core';
import type { Settings } from './setting.ts';
import { EXIT_CONFIG, StartError } from './start-error.ts';
import { giveToServer, hasEmbeddedDatabase, makeDirectory } from './wire.ts';

/** Where the server's secret key comes from, and whether it is the one that the database was written with. */

const KEY_FILE = 'secret.key';

type KeyChecks = Pick<Storage, 'listSecretKeyChecks' | 'addSecretKeyCheck'>;
type KeySettings = Pick<Settings, 'databaseUrl' | 'dataDir' | 'secretKey' | 'previousSecretKey'>;

/**
 * The keys of the settings, else the one in the data directory. A key is made only where there is no database yet: for an
 * existing one a new key would end every token. Throws StartError.
 */
export function loadSecretKeys(settings: KeySettings, random: RandomBytes): SecretKeys {
  const { databaseUrl, dataDir, secretKey, previousSecretKey } = settings;
  if (secretKey) return { current: secretKey, ...(previousSecretKey && { previous: previousSecretKey }) };
  if (databaseUrl !== undefined) {
    throw new StartError(
      'POSTERN_SECRET_KEY is required with POSTERN_DATABASE_URL, and the same on every node. ' +
        `A new one, for a new database: POSTERN_SECRET_KEY=${EXAMPLE_COMMAND}`,
      EXIT_CONFIG,
    );
  }
  if (previousSecretKey) {
    throw new StartError('POSTERN_SECRET_KEY_PREVIOUS needs POSTERN_SECRET_KEY beside it.', EXIT_CONFIG);
  }
  return { current: readKeyFile(dataDir) ?? makeKeyFile(dataDir, random) };
}

const EXAMPLE_COMMAND = "\"main:$(openssl rand -base64 32 | tr '+/' '-_' | tr -d =)\"";

function readKeyFile(dataDir: string): SecretKey | undefined {
  const path = join(dataDir, KEY_FILE);
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new StartError(
      `The secret key in ${path} cannot be read (${(error as NodeJS.ErrnoException).code}).`,
      EXIT_CONFIG,
    );
  }
  const key = parseSecretKey(text.trim());
  if (!key) throw new StartError(`${path} does not hold a secret key; restore it from a backup.`, EXIT_CONFIG);
  return key;
}

function makeKeyFile(dataDir: string, random: RandomBytes): SecretKey {
  const path = join(dataDir, KEY_FILE);
  if (hasEmbeddedDatabase(dataDir)) {
    throw new StartError(
      `There is a database in ${dataDir}, but its secret key ${path} is missing: without it no token can be verified. ` +
        'Restore the file, or set POSTERN_SECRET_KEY.',
      EXIT_CONFIG,
    );
  }
  makeDirectory(dataDir);
  const text = generateSecretKey(`key-${random(4).toString('hex')}`, random);
  writeWhole(path, `${text}\n`, random);
  return readKeyFile(dataDir) ?? fail(`The secret key ${path} vanished while it was made.`);
}

/** All of the file or nothing of it, on disk when this returns; the file of whoever was faster stays. */
function writeWhole(path: string, text: string, random: RandomBytes): void {
  const draft = `${path}.${random(6).toString('hex')}`;
  const file = openSync(draft, 'wx', 0o600);
  try {
    giveToServer(file, draft);
    writeSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  try {
    linkSync(draft, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    unlinkSync(draft);
  }
}

/**
 * Compares the keys with what the database knows of its own, and leaves a check value for a new one. Throws StartError
 * for a key that is not the database's.
 */
export async function checkSecretKeys(storage: KeyChecks, keys: SecretKeys): Promise<void> {
  const stored = await storage.listSecretKeyChecks();
  const configured = [keys.current, ...(keys.previous ? [keys.previous] : [])];
  let known = 0;
  for (const key of configured) {
    const found = stored.find(({ kid }) => kid === key.kid);
    if (!found) continue;
    known += 1;
    if (!matchesSecretKeyCheck(key, found.check)) {
      throw new StartError(
        `The secret key "${key.kid}" is not the one that this database was written with. Restore the right one.`,
        EXIT_CONFIG,
      );
    }
  }
  if (stored.length > 0 && known === 0) {
    const kids = stored.map(({ kid }) => `"${kid}"`).join(', ');
    throw new StartError(
      `This database was written with the secret key ${kids}, which is not set. To change keys, set the new one as ` +
        'POSTERN_SECRET_KEY and the old one as POSTERN_SECRET_KEY_PREVIOUS.',
      EXIT_CONFIG,
    );
  }
  if (!stored.some(({ kid }) => kid === keys.current.kid)) {
    await storage.addSecretKeyCheck(keys.current.kid, secretKeyCheck(keys.current));
  }
}

function fail(message: string): never {
  throw new StartError(message);
}
