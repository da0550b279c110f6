import { randomBytes } from 'node:crypto';
import { resolve } from 'node:path';
import {
  endQuarantine,
  type Installation,
  type JournaledRevocation,
  listAllOrganizations,
  type OrganizationId,
  type Quarantine,
  type RestoreSummary,
} from '@postern/core';
import { parseOrganizationId, told } from './organization-operator.ts';
import { checkSecretKeys, loadSecretKeys } from './secret-key.ts';
import { readEnvironment } from './serve.ts';
import { type Environment, readSettings, type Settings } from './setting.ts';
import { EXIT_CONFIG, EXIT_USAGE, StartError } from './start-error.ts';
import { backUpDatabase, journalOf, readJournal, requireDatabase, workOnBackup, workOnDatabase } from './wire.ts';

/** What the operator does with backups, on the server's machine. All of it throws StartError. */

const POSTGRES_GUIDE =
  'A PostgreSQL database is backed up by its own tools (pg_basebackup, pg_dump): docs/guides/operate.md says how.';

/** Beside a running server. Returns the path that was written. */
export async function backUp(flags: Environment, file: string): Promise<string> {
  const settings = readSettings(flags, readEnvironment());
  if (settings.databaseUrl !== undefined) throw new StartError(POSTGRES_GUIDE, EXIT_CONFIG);
  requireDatabase(settings);
  const path = resolve(file);
  await backUpDatabase(settings, path);
  return path;
}

export interface RestoreInput {
  /** The backup; undefined = the PostgreSQL database as it has been brought back. */
  readonly file: string | undefined;
  /** Directories of journals, beside that of the settings. */
  readonly journals: readonly string[];
  /** Goes on without a journal that reaches back to the backup: then tokens can only be deleted. */
  readonly withoutJournal: boolean;
}

export interface Restored extends RestoreSummary {
  readonly proven: boolean;
  /** Where the database is kept that was there before; undefined = there was none, or it is PostgreSQL. */
  readonly kept: string | undefined;
}

export async function restore(flags: Environment, input: RestoreInput): Promise<Restored> {
  const settings = readSettings(flags, readEnvironment());
  const { file } = input;
  if (settings.databaseUrl === undefined) {
    if (file === undefined) throw new StartError('`postern restore` takes the file of a backup.', EXIT_USAGE);
    return told(() => restoreEmbedded(settings, resolve(file), input));
  }
  if (file !== undefined) {
    throw new StartError(
      `Bring the PostgreSQL database back by its own tools, then run \`postern restore\` without a file. ${POSTGRES_GUIDE}`,
      EXIT_USAGE,
    );
  }
  return told(() => restorePostgres(settings, input));
}

async function restoreEmbedded(settings: Settings, file: string, input: RestoreInput): Promise<Restored> {
  const keys = loadSecretKeys(settings, randomBytes);
  const { value, kept } = await workOnBackup(settings, file, randomBytes, async (storage) => {
    await checkSecretKeys(storage, keys);
    const known = await readJournals(settings, input, await storage.findInstallation());
    return { ...(await storage.restore({ ...known, at: storage.now() })), proven: known.proven };
  });
  return { ...value, kept };
}

/** The journal is not opened here: it is ahead of the database, which is why this is asked for. */
async function restorePostgres(settings: Settings, input: RestoreInput): Promise<Restored> {
  const keys = loadSecretKeys(settings, randomBytes);
  return workOnDatabase(
    settings,
    randomBytes,
    async (storage) => {
      await checkSecretKeys(storage, keys);
      const known = await readJournals(settings, input, await storage.findInstallation());
      return { ...(await storage.restore({ ...known, at: storage.now() })), proven: known.proven, kept: undefined };
    },
    // What was brought back may have been made by an older version; no server runs.
    { withoutJournal: true, migrates: true },
  );
}

interface Known {
  readonly revocations: readonly JournaledRevocation[];
  readonly incarnation: number;
  readonly proven: boolean;
}

/** What all journals together say of this copy. Throws StartError where that is not enough, unless nobody minds. */
async function readJournals(
  settings: Settings,
  { journals, withoutJournal }: RestoreInput,
  copy: Installation,
): Promise<Known> {
  const own = journalOf(settings);
  const directories = [...(own === undefined ? [] : [own]), ...journals.map((each) => resolve(each))];
  const read = await Promise.all(
    directories.map(async (directory) => ({ directory, journal: await readJournal(directory) })),
  );
  const reasons = read.flatMap(({ directory, journal }) => {
    if (!journal) return [`There is no revocation journal in ${directory}.`];
    if (journal.instance !== copy.instance) return [`The revocation journal in ${directory} is another database's.`];
    if (journal.since > copy.completeUntil) {
      return [`The revocation journal in ${directory} begins after the backup was made.`];
    }
    return [];
  });
  if (directories.length === 0) reasons.push('No revocation journal is set (POSTERN_REVOCATION_JOURNAL).');
  if (reasons.length > 0 && !withoutJournal) {
    throw new StartError(
      [
        ...reasons,
        'So nobody knows what was revoked since the backup. Name the journal by --journal; or restore with --without-journal: then all tokens can only be deleted.',
      ].join('\n'),
      EXIT_CONFIG,
    );
  }
  const revocations = read.flatMap(({ journal }) => (journal?.instance === copy.instance ? journal.revocations : []));
  const latest = revocations.reduce((most, each) => Math.max(most, each.incarnation), copy.incarnation);
  return { revocations, incarnation: latest + 1, proven: reasons.length === 0 };
}

export interface QuarantineEntry {
  readonly id: string;
  readonly name: string;
  readonly quarantine: Quarantine;
}

/** The organizations whose tokens wait. */
export async function quarantineList(flags: Environment): Promise<readonly QuarantineEntry[]> {
  const settings = readSettings(flags, readEnvironment());
  requireDatabase(settings);
  return told(() =>
    workOnDatabase(settings, randomBytes, async (storage) => {
      const entries: QuarantineEntry[] = [];
      for (const { id, name } of await listAllOrganizations(storage)) {
        const found = await storage.findOrganization(id);
        if (found?.quarantine) entries.push({ id, name, quarantine: found.quarantine });
      }
      return entries;
    }),
  );
}

/** Ends the quarantine of one organization, or of all that have one; returns the ids of those. */
export async function quarantineEnd(
  flags: Environment,
  which: { readonly id: string } | 'all',
  how: 'release' | 'delete_tokens',
): Promise<readonly string[]> {
  const only = which === 'all' ? undefined : parseOrganizationId(which.id);
  const settings = readSettings(flags, readEnvironment());
  requireDatabase(settings);
  return told(() =>
    workOnDatabase(settings, randomBytes, async (storage) => {
      const ids: OrganizationId[] = only ? [only] : await idsOf(storage);
      const ended: string[] = [];
      for (const id of ids) {
        const done = await endQuarantine({ storage, random: randomBytes }, id, how);
        if (!done)
          throw new StartError('There is no organization with that id; `postern organization list` lists them.');
        if (done.changed) ended.push(id);
      }
      return ended;
    }),
  );
}

async function idsOf(storage: Parameters<typeof listAllOrganizations>[0]): Promise<OrganizationId[]> {
  return (await listAllOrganizations(storage)).map(({ id }) => id);
}
