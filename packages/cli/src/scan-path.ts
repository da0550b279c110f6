import { closeSync, type Dirent, opendirSync, openSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { CommandError, EXIT } from './exit.ts';
import { createFinder, type FoundValue } from './find-value.ts';

/** A value, and where it stands. */
export interface Finding extends FoundValue {
  readonly file: string;
  readonly commit: string | null;
}

export interface ScanCounts {
  files: number;
  bytes: number;
  /** Files that look like no text, and were left out. */
  binary: number;
  /** Files that could not be read. */
  unreadable: number;
}

const CHUNK_BYTES = 1024 * 1024;
/** As git judges: a zero byte near the beginning means binary. */
const PROBE_BYTES = 8_000;
/** Git's own store is asked with --git; what a package manager brought is not written here. */
const LEFT_OUT = new Set(['.git', 'node_modules']);

/**
 * Files under a path, read one after the other into one buffer. Links are not followed. Counts are brought up to date as it goes.
 * Throws CommandError when the path itself is not there.
 */
export function* scanPath(path: string, counts: ScanCounts, withBinary: boolean): Generator<Finding, void, undefined> {
  const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
  for (const file of filesUnder(path, counts)) {
    let descriptor: number;
    try {
      descriptor = openSync(file, 'r');
    } catch {
      counts.unreadable += 1;
      continue;
    }
    try {
      for (const found of scanFile(descriptor, buffer, counts, withBinary)) yield { ...found, file, commit: null };
    } catch {
      counts.unreadable += 1;
    } finally {
      closeSync(descriptor);
    }
  }
}

function scanFile(descriptor: number, buffer: Buffer, counts: ScanCounts, withBinary: boolean): readonly FoundValue[] {
  let finder = createFinder(false);
  let isFound = false;
  let position = 0;
  for (;;) {
    const length = readSync(descriptor, buffer, 0, buffer.length, position);
    if (length === 0) break;
    if (position === 0 && !withBinary && buffer.subarray(0, Math.min(length, PROBE_BYTES)).includes(0)) {
      counts.binary += 1;
      return [];
    }
    position += length;
    isFound = finder.push(buffer.subarray(0, length)).length > 0 || isFound;
  }
  counts.files += 1;
  counts.bytes += position;
  if (!isFound) return [];
  // Nearly every file holds none, so that lines are counted in a second reading only.
  finder = createFinder(true);
  const found: FoundValue[] = [];
  const end = position;
  for (position = 0; position < end; ) {
    const length = readSync(descriptor, buffer, 0, Math.min(buffer.length, end - position), position);
    if (length === 0) break;
    position += length;
    found.push(...finder.push(buffer.subarray(0, length)));
  }
  return found;
}

function* filesUnder(path: string, counts: ScanCounts): Generator<string, void, undefined> {
  const top = statSync(path, { throwIfNoEntry: false });
  if (!top) throw new CommandError(`There is no ${path}.`, EXIT.notFound);
  if (!top.isDirectory()) return yield path;
  const waiting = [path];
  for (let folder = waiting.pop(); folder !== undefined; folder = waiting.pop()) {
    let entries: Dirent[];
    try {
      entries = entriesOf(folder);
    } catch {
      counts.unreadable += 1;
      continue;
    }
    for (const entry of entries) {
      if (entry.isDirectory() && !LEFT_OUT.has(entry.name)) waiting.push(join(folder, entry.name));
      else if (entry.isFile()) yield join(folder, entry.name);
    }
  }
}

function entriesOf(folder: string): Dirent[] {
  const directory = opendirSync(folder);
  try {
    const entries: Dirent[] = [];
    for (let entry = directory.readSync(); entry; entry = directory.readSync()) entries.push(entry);
    return entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  } finally {
    directory.closeSync();
  }
}
