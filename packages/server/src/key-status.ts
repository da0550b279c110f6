import { randomBytes } from 'node:crypto';
import type { SecretKeyUse } from '@postern/core';
import { readEnvironment } from './serve.ts';
import { type Environment, readSettings } from './setting.ts';
import { readSecretKeyUse } from './wire.ts';

/** For each secret key of the database, the live values that are stored under it. Throws StartError. */
export async function keyStatus(flags: Environment): Promise<readonly SecretKeyUse[]> {
  const settings = readSettings(flags, readEnvironment());
  return readSecretKeyUse(settings, randomBytes);
}
