import { randomBytes } from 'node:crypto';
import {
  createPlatformVerifier,
  deletePlatformVerifier,
  formatTime,
  listPlatformVerifiers,
  type PlatformVerifier,
  parseId,
} from '@postern/core';
import { parseOperatorName, told } from './organization-operator.ts';
import { checkSecretKeys, loadSecretKeys } from './secret-key.ts';
import { readEnvironment } from './serve.ts';
import { type Environment, readSettings } from './setting.ts';
import { EXIT_USAGE, StartError } from './start-error.ts';
import { requireDatabase, workOnDatabase } from './wire.ts';

/** What the operator does with platform verifiers, on the server's machine. All of these throw StartError. */

export interface PlatformVerifierEntry {
  readonly id: string;
  readonly name: string;
  readonly createdAt: string;
  readonly lastUsedAt: string | null;
}

/** `value` is the credential, which is nowhere else. */
export async function platformVerifierCreate(
  flags: Environment,
  input: { readonly name: string },
): Promise<PlatformVerifierEntry & { readonly value: string }> {
  const name = parseOperatorName(input.name, 'a verifier');
  const settings = readSettings(flags, readEnvironment());
  requireDatabase(settings);
  const keys = loadSecretKeys(settings, randomBytes);
  return told(() =>
    workOnDatabase(settings, randomBytes, async (storage) => {
      if (!(await storage.hasBootstrapped())) {
        throw new StartError('This database has had no first start yet: run `postern serve` on it once.');
      }
      await checkSecretKeys(storage, keys);
      const { verifier, value } = await createPlatformVerifier({ storage, keys, random: randomBytes }, { name });
      return { ...toEntry(verifier), value: value.reveal() };
    }),
  );
}

/** By name. */
export async function platformVerifierList(flags: Environment): Promise<readonly PlatformVerifierEntry[]> {
  const settings = readSettings(flags, readEnvironment());
  requireDatabase(settings);
  return told(async () => {
    const verifiers = await workOnDatabase(settings, randomBytes, (storage) => listPlatformVerifiers(storage));
    return verifiers.map(toEntry);
  });
}

/** Once this has returned, its credential is refused by every process. */
export async function platformVerifierDelete(flags: Environment, input: { readonly id: string }): Promise<void> {
  const id = parseId('service_account', input.id);
  if (!id) throw new StartError('That is not the id of a verifier; `postern verifier list` lists them.', EXIT_USAGE);
  const settings = readSettings(flags, readEnvironment());
  requireDatabase(settings);
  await told(() =>
    workOnDatabase(settings, randomBytes, async (storage) => {
      if (await deletePlatformVerifier({ storage, random: randomBytes }, id)) return;
      throw new StartError('There is no verifier with that id; `postern verifier list` lists them.');
    }),
  );
}

function toEntry({ id, name, createdAt, lastUsedAt }: PlatformVerifier): PlatformVerifierEntry {
  return {
    id,
    name,
    createdAt: formatTime(createdAt),
    lastUsedAt: lastUsedAt === null ? null : formatTime(lastUsedAt),
  };
}
