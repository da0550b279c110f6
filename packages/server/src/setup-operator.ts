import { randomBytes } from 'node:crypto';
import { offerSetup } from '@postern/core';
import { told } from './organization-operator.ts';
import { checkSecretKeys, loadSecretKeys } from './secret-key.ts';
import { readEnvironment } from './serve.ts';
import { type Environment, readSettings } from './setting.ts';
import { StartError } from './start-error.ts';
import { requireDatabase, workOnDatabase } from './wire.ts';

/** A new link for the first person, as a path with its fragment; the one before ends. Throws StartError. */
export async function setupLink(flags: Environment): Promise<{ readonly path: string; readonly url: string | null }> {
  const settings = readSettings(flags, readEnvironment());
  requireDatabase(settings);
  const keys = loadSecretKeys(settings, randomBytes);
  return told(() =>
    workOnDatabase(settings, randomBytes, async (storage) => {
      if (!(await storage.hasBootstrapped())) {
        throw new StartError('This database has had no first start yet: run `postern serve` on it once.');
      }
      await checkSecretKeys(storage, keys);
      const code = await offerSetup({ storage, keys, random: randomBytes }, { renew: true });
      if (!code) {
        throw new StartError(
          'Somebody is a member here already: they can invite others, and `postern member reset-password` lets them in again.',
        );
      }
      const path = `/setup#${code.reveal()}`;
      return { path, url: settings.publicUrl === undefined ? null : `${settings.publicUrl}${path}` };
    }),
  );
}
