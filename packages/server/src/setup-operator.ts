import { randomBytes } from 'node:crypto';
import { renewSetup } from '@postern/core';
import { told } from './organization-operator.ts';
import { checkSecretKeys, loadSecretKeys } from './secret-key.ts';
import { readEnvironment } from './serve.ts';
import { type Environment, readSettings, type Settings } from './setting.ts';
import { setupLink } from './setup-link.ts';
import { StartError } from './start-error.ts';
import { requireDatabase, workOnDatabase } from './wire.ts';

/**
 * A new link for the first person; those before it end. Answers the link, which is nowhere else, at the address that the
 * settings give. Throws StartError, also once a person is there.
 */
export async function setupLinkCreate(flags: Environment): Promise<string> {
  const settings = readSettings(flags, readEnvironment());
  requireDatabase(settings);
  const keys = loadSecretKeys(settings, randomBytes);
  return told(() =>
    workOnDatabase(settings, randomBytes, async (storage) => {
      if (!(await storage.hasBootstrapped())) {
        throw new StartError('This database has had no first start yet: run `postern serve`, which prints a link.');
      }
      await checkSecretKeys(storage, keys);
      const value = await renewSetup({ storage, keys, random: randomBytes });
      if (!value)
        throw new StartError('Postern is set up already: an admin invites people, in the console or the API.');
      return setupLink(addressIn(settings), value);
    }),
  );
}

/** Where a server with these settings listens; which port it picks with port 0 only it knows. */
function addressIn({ publicUrl, host, port }: Settings): string {
  return publicUrl ?? `http://${host.includes(':') ? `[${host}]` : host}:${port === 0 ? 'PORT' : port}`;
}
