import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import type { Installation, JournaledRevocation, Revocation } from '@postern/core';
import { giveToServer } from './made-file.ts';
import {
  byName,
  ENDING,
  inName,
  type JournalFacts,
  listFiles,
  makeFacts,
  readFacts,
  syncDirectory,
  trim,
} from './revocation-journal-file.ts';
import { StorageStartError } from './startup-error.ts';

/**
 * The journal of revocations: a directory of text files, apart from the database, with one line for each revocation. Every
 * process writes a file of its own, so nobody ever writes behind another's back, and what a crash tears is the end of a file:
 * a line that nobody was answered for. `journal.json` says of which database it is, and with what lies beside it since when it
 * is whole.
 */

/** A file that has grown beyond this is followed by another. */
const FILE_MAX_BYTES = 16 * 1024 * 1024;
/** How much of a file's end is looked at for its newest lines. */
const TAIL_BYTES = 1024 * 1024;
const TAILS = 20;

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
  { fileBytes = FILE_MAX_BYTES, totalBytes }: JournalLimits = {},
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
    const path = join(directory, `${inName(now())}-${randomBytes(6).toString('hex')}${ENDING}`);
    const handle = await open(path, 'ax', 0o600);
    giveToServer(handle.fd, path);
    await syncDirectory(directory);
    file = { handle, path, size: 0 };
    await trim(directory, path, totalBytes);
    return file;
  }

  async function write(text: string): Promise<void> {
    const current = file === undefined || file.size >= fileBytes ? await nextFile() : file;
    // Another process may have removed a file that was not written to for long: what went there is nowhere.
    if (await writeTo(current, text)) return;
    if (!(await writeTo(await nextFile(), text))) throw new Error('a new file of it was removed at once');
  }

  /** Whether it is in the directory afterwards. */
  async function writeTo(current: NonNullable<typeof file>, text: string): Promise<boolean> {
    try {
      const bytes = Buffer.from(text);
      await current.handle.appendFile(bytes);
      await current.handle.datasync();
      current.size += bytes.length;
      return (await current.handle.stat()).nlink > 0;
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
  if (!readFacts(directory)) return undefined;
  const revocations = listFiles(directory).flatMap(({ path }) => parseFile(path, readText(path)));
  // Read last: of whatever was removed before the listing it was said before.
  const facts = readFacts(directory);
  return facts && { ...facts, revocations };
}

/** The newest revocations of the newest files. Throws StorageStartError where they are damaged. */
export function readNewestRevocations(directory: string): readonly JournaledRevocation[] {
  const files = listFiles(directory);
  // A directory that was copied may have lost its files' times, but not their names.
  const named = [...files].sort(byName);
  return [...new Set([...files.slice(-TAILS), ...named.slice(-TAILS)])].flatMap(({ path }) => {
    const text = readText(path);
    const tail = text.length > TAIL_BYTES ? text.slice(text.lastIndexOf('\n', text.length - TAIL_BYTES) + 1) : text;
    return parseFile(path, tail).slice(-1_000);
  });
}

/** Nothing, where another process has removed it meanwhile: that is said elsewhere. */
function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
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
