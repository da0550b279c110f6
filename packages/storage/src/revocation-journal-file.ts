import { randomBytes } from 'node:crypto';
import {
  closeSync,
  fsyncSync,
  linkSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { type FileHandle, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { giveToServer, makeDirectory, makeFile } from './made-file.ts';
import { StorageStartError } from './startup-error.ts';

/** What lies in the directory of a revocation journal: what is said of it, and its files, which several processes write. */

const FACTS_FILE = 'journal.json';
/** How the name of each of its files ends. */
export const ENDING = '.revocations';
/** An empty file whose name says since when the journal is whole. */
const MARK_ENDING = '.since';
const MARK = /^(\d+)\.since$/;
/** So many stay, that one who lists them meanwhile finds at least one. */
const MARKS = 3;
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
  const facts = parseFacts(text);
  if (!facts) throw new StorageStartError(`${path} is damaged. Restore it from a copy.`);
  return { ...facts, since: Math.max(facts.since, ...marksIn(directory).map(({ since }) => since)) };
}

function parseFacts(text: string): JournalFacts | undefined {
  try {
    const { instance, since } = JSON.parse(text) as JournalFacts;
    return typeof instance === 'string' && typeof since === 'number' ? { instance, since } : undefined;
  } catch {
    return undefined;
  }
}

interface Mark {
  readonly name: string;
  readonly since: number;
}

/** What was said of the journal's reach since it was made; the farthest last. */
function marksIn(directory: string): readonly Mark[] {
  return namesIn(directory)
    .flatMap((name) => {
      const since = MARK.exec(name)?.[1];
      return since === undefined ? [] : [{ name, since: Number(since) }];
    })
    .sort((one, other) => one.since - other.since);
}

function namesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw unusable(directory, error);
  }
}

/** Of two processes that make it at once, both have what one of them wrote. */
export function makeFacts(directory: string, facts: JournalFacts): JournalFacts {
  try {
    makeDirectory(directory);
    const draft = join(directory, `${FACTS_FILE}.${randomBytes(6).toString('hex')}`);
    const file = openSync(draft, 'wx', 0o600);
    giveToServer(file, draft);
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
  return namesIn(directory)
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

/** Says it in a file of its own, so that of two processes at once neither takes back what the other one has said. */
async function reachBackTo(directory: string, at: number): Promise<void> {
  const since = Math.ceil(at);
  const facts = readFacts(directory);
  if (!facts || facts.since >= since) return;
  makeFile(join(directory, `${inName(since)}${MARK_ENDING}`));
  await syncDirectory(directory);
  for (const { name } of marksIn(directory).slice(0, -MARKS)) await rm(join(directory, name), { force: true });
}

/** A time as names have it: in their order. */
export function inName(at: number): string {
  return String(at).padStart(15, '0');
}

/** What was made or removed in it stays so. */
export async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function unusable(directory: string, error: unknown): StorageStartError {
  return new StorageStartError(
    `The revocation journal in ${directory} cannot be used: ${(error as Error).message}.`,
    error,
  );
}
