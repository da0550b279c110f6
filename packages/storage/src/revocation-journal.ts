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
import { type FileHandle, open, rename, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import type { Installation, JournaledRevocation, Revocation } from '@postern/core';
import { StorageStartError } from './startup-error.ts';

/**
 * The journal of revocations: a directory of text files, apart from the database, with one line for each revocation. Every
 * process writes a file of its own, so nobody ever writes behind another's back, and what a crash tears is the end of a file:
 * a line that nobody was answered for. `journal.json` says of which database it is, and since when it is whole.
 */

const FACTS_FILE = 'journal.json';
const ENDING = '.revocations';
/** A file that has grown beyond this is followed by another. */
const FILE_MAX_BYTES = 16 * 1024 * 1024;
/** Beyond these the oldest files go, and the journal reaches less far back. */
const TOTAL_MAX_BYTES = 512 * 1024 * 1024;
const FILES_MAX = 2_000;
/** How much of a file's end is looked at for its newest lines. */
const TAIL_BYTES = 1024 * 1024;
const TAILS = 20;

export interface JournalFacts {
  readonly instance: string;
  /** Every revocation after this time is in the journal; milliseconds since the epoch. */
  readonly since: number;
}

export interface JournalLimits {
  readonly fileBytes?: number;
  readonly totalBytes?: number;
}

export interface RevocationJournal {
  /** Resolves when all of them are on the disk. Those that come meanwhile go together with the next write. */
  append(revocations: readonly Revocation[]): Promise<void>;
  close(): Promise<void>;
}

interface Waiting {
  readonly text: string;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** Makes the directory this database's where it is new. Throws StorageStartError for another database's. */
export function openRevocationJournal(
  directory: string,
  { instance, incarnation }: Pick<Installation, 'instance' | 'incarnation'>,
  now: () => number,
  { fileBytes = FILE_MAX_BYTES, totalBytes = TOTAL_MAX_BYTES }: JournalLimits = {},
): RevocationJournal {
  const { instance: found } = readFacts(directory) ?? makeFacts(directory, { instance, since: now() });
  if (found !== instance) {
    throw new StorageStartError(
      `The revocation journal in ${directory} is another database's. Name another directory as POSTERN_REVOCATION_JOURNAL, or restore the database that it belongs to.`,
    );
  }
  let file: { readonly handle: FileHandle; readonly path: string; size: number } | undefined;
  let waiting: Waiting[] = [];
  let writing: Promise<void> | undefined;

  async function nextFile(): Promise<NonNullable<typeof file>> {
    await file?.handle.close();
    file = undefined;
    const path = join(directory, `${String(now()).padStart(15, '0')}-${randomBytes(6).toString('hex')}${ENDING}`);
    const handle = await open(path, 'ax', 0o600);
    await syncDirectory(directory);
    file = { handle, path, size: 0 };
    await trim(directory, path, totalBytes);
    return file;
  }

  async function write(text: string): Promise<void> {
    const current = file === undefined || file.size >= fileBytes ? await nextFile() : file;
    try {
      const bytes = Buffer.from(text);
      await current.handle.appendFile(bytes);
      await current.handle.datasync();
      current.size += bytes.length;
    } catch (error) {
      // Nobody knows what of it is there: the file ends here, and the next line goes to another.
      file = undefined;
      await current.handle.truncate(current.size).catch(() => undefined);
      await current.handle.close().catch(() => undefined);
      throw error;
    }
  }

  async function writeAll(): Promise<void> {
    while (waiting.length > 0) {
      const batch = waiting;
      waiting = [];
      try {
        await write(batch.map(({ text }) => text).join(''));
        for (const { resolve } of batch) resolve();
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    writing = undefined;
  }

  return {
    append(revocations) {
      const text = revocations.map((revocation) => toLine({ ...revocation, incarnation })).join('');
      if (text === '') return Promise.resolve();
      return new Promise((resolve, reject) => {
        waiting.push({ text, resolve, reject });
        writing ??= writeAll();
      });
    },
    async close() {
      await writing;
      await file?.handle.close();
      file = undefined;
    },
  };
}

/** All that the journal says. Undefined where there is none. Throws StorageStartError where it is damaged. */
export function readRevocationJournal(
  directory: string,
): (JournalFacts & { readonly revocations: readonly JournaledRevocation[] }) | undefined {
  const facts = readFacts(directory);
  if (!facts) return undefined;
  const revocations = listFiles(directory).flatMap(({ path }) => parseFile(path, readFileSync(path, 'utf8')));
  return { ...facts, revocations };
}

/** The newest revocations of the newest files. Throws StorageStartError where they are damaged. */
export function readNewestRevocations(directory: string): readonly JournaledRevocation[] {
  return listFiles(directory)
    .slice(-TAILS)
    .flatMap(({ path, bytes }) => {
      const text = readFileSync(path, 'utf8');
      return parseFile(path, bytes > TAIL_BYTES ? text.slice(text.indexOf('\n', -TAIL_BYTES) + 1) : text).slice(-1_000);
    });
}

function toLine(revocation: JournaledRevocation): string {
  const text = JSON.stringify(revocation);
  return `${text}\t${crc32(text).toString(16)}\n`;
}

function parseFile(path: string, text: string): readonly JournaledRevocation[] {
  const lines = text.split('\n');
  // After the last line's end there is nothing, or what a crash has left of a line that was never answered for.
  const torn = lines.pop() ?? '';
  const parsed = lines.map((line, index) => {
    const revocation = parseLine(line);
    if (!revocation && !(torn === '' && index === lines.length - 1)) {
      throw new StorageStartError(
        `Line ${index + 1} of the revocation journal ${path} is damaged: what was revoked then is not known. Restore the file from a copy.`,
      );
    }
    return revocation;
  });
  return parsed.filter((revocation) => revocation !== undefined);
}

function parseLine(line: string): JournaledRevocation | undefined {
  const [text = '', sum] = line.split('\t');
  if (sum === undefined || crc32(text).toString(16) !== sum) return undefined;
  try {
    return JSON.parse(text) as JournaledRevocation;
  } catch {
    return undefined;
  }
}

function readFacts(directory: string): JournalFacts | undefined {
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
function makeFacts(directory: string, facts: JournalFacts): JournalFacts {
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

/** The oldest first. */
function listFiles(
  directory: string,
): readonly { readonly path: string; readonly bytes: number; readonly at: number }[] {
  let names: string[];
  try {
    names = readdirSync(directory);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw unusable(directory, error);
  }
  return names
    .filter((name) => name.endsWith(ENDING))
    .sort()
    .map((name) => {
      const path = join(directory, name);
      const { size, mtimeMs } = statSync(path);
      return { path, bytes: size, at: mtimeMs };
    });
}

async function trim(directory: string, current: string, totalBytes: number): Promise<void> {
  const files = listFiles(directory).filter(({ path }) => path !== current);
  let bytes = files.reduce((sum, each) => sum + each.bytes, 0);
  for (const [index, each] of files.entries()) {
    if (bytes <= totalBytes && files.length - index < FILES_MAX) return;
    const facts = readFacts(directory);
    // First it is said that the journal reaches less far back; then what is past that goes.
    if (facts) await replace(join(directory, FACTS_FILE), { ...facts, since: Math.ceil(each.at) });
    await unlink(each.path);
    bytes -= each.bytes;
  }
}

async function replace(path: string, facts: JournalFacts): Promise<void> {
  const draft = `${path}.${randomBytes(6).toString('hex')}`;
  await writeFile(draft, `${JSON.stringify(facts)}\n`, { mode: 0o600, flush: true });
  await rename(draft, path);
}

async function syncDirectory(directory: string): Promise<void> {
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
