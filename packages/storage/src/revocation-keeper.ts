import { DomainError, type Installation, type OrganizationId, type Revocation, type StorageStats } from '@postern/core';
import { type Backend, createStorage, type StorageOptions } from './backend.ts';
import type { OperationCall } from './operation.ts';
import { KEPT_AT_A_TIME, type KeptRevocations, type RevocationKey } from './revocation.ts';
import {
  type JournalLimits,
  openRevocationJournal,
  type RevocationJournal,
  readNewestRevocations,
} from './revocation-journal.ts';
import type { DatabaseStorage } from './sign-in-storage.ts';
import { StorageStartError } from './startup-error.ts';

/** How often it is looked for revocations of processes that died, and the database is told what is journaled. */
const SWEEP_MS = 5_000;
/** A living process has journaled what it committed, or failed to, by then. */
const ABANDONED_MS = 10_000;

/** Sees to it that no answer says "revoked" before the journal has it. */
export interface RevocationKeeper {
  /** Journals what this process has just committed. Throws `outcome_unknown`: it is done, and not yet journaled. */
  keep(revocation: Revocation): Promise<void>;
  /**
   * For an answer that asserts a state without having made it: journals whatever of the organization a process may have
   * left behind that died after its commit.
   */
  settle(organizationId: OrganizationId): Promise<void>;
  stats(): Pick<StorageStats, 'journalPending' | 'journalFailures'>;
  close(): Promise<void>;
}

/** The port over this backend; with a journal, if there is a directory for one. Closes it, and throws StorageStartError. */
export async function withKeeper(
  backend: Backend,
  { journal: directory, onConfirmed }: Pick<StorageOptions, 'journal' | 'onConfirmed'>,
): Promise<DatabaseStorage> {
  if (directory === undefined) return createStorage(backend, undefined, onConfirmed);
  try {
    return createStorage(backend, await openRevocationKeeper(backend, directory), onConfirmed);
  } catch (error) {
    await backend.close();
    throw error;
  }
}

interface Calls {
  call(call: OperationCall): Promise<unknown>;
  now(): number;
}

/** Opens the journal beside this database. Throws StorageStartError when the journal is ahead of it. */
async function openRevocationKeeper(
  storage: Calls,
  directory: string,
  limits: JournalLimits = {},
): Promise<RevocationKeeper> {
  const read = <Value>(name: 'findInstallation' | 'hasRevocations' | 'listKeptRevocations', ...args: unknown[]) =>
    storage.call({ kind: 'reading', name, now: storage.now(), args }) as Promise<Value>;
  const installation = await read<Installation>('findInstallation');
  const journal = openRevocationJournal(directory, installation, storage.now, limits);
  await requireNotAhead(directory, installation, (revocations) => read('hasRevocations', revocations));
  return createKeeper(storage, journal, (which) => read<readonly Revocation[]>('listKeptRevocations', which));
}

async function requireNotAhead(
  directory: string,
  { incarnation }: Installation,
  has: (revocations: readonly Revocation[]) => Promise<boolean>,
): Promise<void> {
  const newest = readNewestRevocations(directory).filter((each) => each.incarnation >= incarnation);
  const isLater = newest.some((each) => each.incarnation > incarnation);
  // Each of them, not only the last: a failover may have lost some, and have gone on from before them.
  if (isLater || !(await has(newest))) {
    throw new StorageStartError(
      `The database is older than the revocation journal in ${directory}: it is a copy from before something was revoked, and what was revoked since would work again. Bring it back with \`postern restore\`, which applies the journal.`,
    );
  }
}

async function createKeeper(
  storage: Calls,
  journal: RevocationJournal,
  list: (which: KeptRevocations) => Promise<readonly Revocation[]>,
): Promise<RevocationKeeper> {
  const journaled = new Map<string, RevocationKey>();
  let pending = 0;
  let failures = 0;

  async function append(revocations: readonly Revocation[]): Promise<void> {
    const missing = revocations.filter((each) => !journaled.has(keyOf(each)));
    if (missing.length === 0) return;
    pending += missing.length;
    try {
      await journal.append(missing);
    } catch (error) {
      failures += missing.length;
      throw new DomainError('outcome_unknown', { internal: `the revocation journal: ${(error as Error).message}` });
    } finally {
      pending -= missing.length;
    }
    for (const each of missing) {
      const { organizationId, position, nonce } = each;
      journaled.set(keyOf(each), { organizationId, position, nonce });
    }
  }

  async function forget(): Promise<void> {
    const keys = [...journaled.entries()];
    if (keys.length === 0) return;
    await storage.call({ kind: 'recording', name: 'forgetKeptRevocations', args: [keys.map(([, key]) => key)] });
    for (const [key] of keys) journaled.delete(key);
  }

  async function adopt(before: number): Promise<void> {
    await append(await list({ before }));
    await forget();
  }

  async function settle(organizationId: OrganizationId): Promise<void> {
    let kept: readonly Revocation[];
    let after = 0;
    do {
      kept = await list({ organizationId, after });
      await append(kept);
      after = kept.at(-1)?.position ?? after;
    } while (kept.length === KEPT_AT_A_TIME);
  }

  try {
    // What an earlier process has committed and could not journal.
    for (let before = await list({ before: Number.MAX_SAFE_INTEGER }); before.length > 0; ) {
      await append(before);
      await forget();
      before = await list({ before: Number.MAX_SAFE_INTEGER });
    }
  } catch (error) {
    await journal.close();
    throw new StorageStartError(`The revocation journal cannot be written: ${(error as Error).message}.`, error);
  }
  let sweeping: Promise<void> = Promise.resolve();
  const sweep = setInterval(() => {
    sweeping = adopt(storage.now() - ABANDONED_MS).catch(() => undefined);
  }, SWEEP_MS).unref();

  return {
    keep: (revocation) => append([revocation]),
    settle,
    stats: () => ({ journalPending: pending, journalFailures: failures }),
    async close() {
      clearInterval(sweep);
      await sweeping;
      await forget().catch(() => undefined);
      await journal.close();
    },
  };
}

/** With its nonce: after a failover that lost a change, another revocation may have the same position. */
function keyOf({ organizationId, position, nonce }: RevocationKey): string {
  return `${organizationId} ${position} ${nonce}`;
}
