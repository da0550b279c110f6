import { randomBytes } from 'node:crypto';
import {
  closeSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { type FileHandle, open, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { StorageStartError } from './startup-error.ts';

/** What lies in the directory of a revocation journal: what is said of it, and its files, which several processes write. */

const FACTS_FILE = 'journal.json';
/** How the name of each of its files ends. */
export const ENDING = '.revocations';
/** Beyond these the files go that nobody has written to for the longest, and the journal reaches less far back. */
const TOTAL_MAX_BYTES = 512 * 1024 * 1024;
const FILES_MAX = 2_000;

export interface JournalFacts {
  readonly instance: string;
  /** Every revocation after this time is in the journal; milliseconds since the epoch. */
  readonly since: number;
}

/** Undefined where there is no journal. Throws StorageStartError where they are damaged. */
export function readFacts(directory: string): JournalFacts | undefined {
  const path = join(directory, FACTS_FILE);
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw unusable(directory, error);
  }
  try {
    const { instance, since } = JSON.parse(text) as JournalFacts;
    if (typeof instance === 'string' && typeof since === 'number') return { instance, since };
  } catch {
    // Said below.
  }
  throw new StorageStartError(`${path} is damaged. Restore it from a copy.`);
}

/** Of two processes that make it at once, both have what one of them wrote. */
export function makeFacts(directory: string, facts: JournalFacts): JournalFacts {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const draft = join(directory, `${FACTS_FILE}.${randomBytes(6).toString('hex')}`);
    const file = openSync(draft, 'wx', 0o600);
    writeSync(file, `${JSON.stringify(facts)}\n`);
    fsyncSync(file);
    closeSync(file);
    try {
      linkSync(draft, join(directory, FACTS_FILE));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    } finally {
      unlinkSync(draft);
    }
  } catch (error) {
    throw unusable(directory, error);
  }
  return readFacts(directory) ?? facts;
}

interface JournalFile {
  readonly path: string;
  readonly bytes: number;
  /** When it was last written to. */
  readonly at: number;
}

/** Those first that nobody has written to for the longest. */
export function listFiles(directory: string): readonly JournalFile[] {
  let names: string[];
  try {
    names = readdirSync(directory);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw unusable(directory, error);
  }
  return names
    .filter((name) => name.endsWith(ENDING))
    .flatMap((name) => {
      const path = join(directory, name);
      // Another process may have removed it meanwhile.
      const stats = statSync(path, { throwIfNoEntry: false });
      return stats ? [{ path, bytes: stats.size, at: stats.mtimeMs }] : [];
    })
    .sort((one, other) => one.at - other.at || byName(one, other));
}

/** By when they were made. */
export function byName(one: JournalFile, other: JournalFile): number {
  return one.path < other.path ? -1 : 1;
}

/** Makes room for a file that comes now: others go, and it is said since when the journal is whole. */
export async function trim(directory: string, current: string, totalBytes = TOTAL_MAX_BYTES): Promise<void> {
  const files = listFiles(directory).filter(({ path }) => path !== current);
  let bytes = files.reduce((sum, each) => sum + each.bytes, 0);
  for (const [index, each] of files.entries()) {
    if (bytes <= totalBytes && files.length - index < FILES_MAX) return;
    await remove(directory, each.path);
    bytes -= each.bytes;
  }
}

/** First it is said that the journal reaches less far back; then what is past that goes. */
async function remove(directory: string, path: string): Promise<void> {
  let handle: FileHandle;
  try {
    handle = await open(path, 'r');
  } catch (error) {
    // Another process has removed it.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  try {
    await reachBackTo(directory, (await handle.stat()).mtimeMs);
    await rm(path, { force: true });
    // Its process may have written to it until it was gone.
    await reachBackTo(directory, (await handle.stat()).mtimeMs);
  } finally {
    await handle.close();
  }
}

async function reachBackTo(directory: string, at: number): Promise<void> {
  const facts = readFacts(directory);
  const since = Math.ceil(at);
  if (facts && facts.since < since) await replace(join(directory, FACTS_FILE), { ...facts, since });
}

async function replace(path: string, facts: JournalFacts): Promise<void> {
  const draft = `${path}.${randomBytes(6).toString('hex')}`;
  await writeFile(draft, `${JSON.stringify(facts)}\n`, { mode: 0o600, flush: true });
  await rename(draft, path);
}

function unusable(directory: string, error: unknown): StorageStartError {
  return new StorageStartError(
    `The revocation journal in ${directory} cannot be used: ${(error as Error).message}.`,
    error,
  );
}
