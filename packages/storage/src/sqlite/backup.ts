import { randomBytes } from 'node:crypto';
import { closeSync, copyFileSync, existsSync, fsyncSync, linkSync, openSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { makeNewFile } from '../made-file.ts';
import { StorageStartError } from '../startup-error.ts';
import { APPLICATION_ID } from './database.ts';
import { isDamaged } from './error.ts';

/** Copies of the embedded database. All of it throws StorageStartError. */

/** How long a copy waits for a writer, in milliseconds. */
const BUSY_TIMEOUT_MS = 10_000;

/**
 * Writes a copy of the database as it is at one instant, beside a running server: `path` is there, for its owner only and on
 * the disk, or not at all (where there are no hard links, a kill may leave an empty file). `now` is kept in it: all that was committed before is in the copy.
 */
export function backUpSqlite(database: string, path: string, now: number): void {
  if (existsSync(path)) throw new StorageStartError(`${path} is there already; a backup never replaces anything.`);
  const draft = `${path}.${randomBytes(6).toString('hex')}.part`;
  try {
    // It stays its maker's: a directory for backups may be anybody's.
    closeSync(openSync(draft, 'wx', 0o600));
    copy(database, draft);
    const made = new DatabaseSync(draft);
    made.prepare('update installation set backup_at = ?').run(now);
    made.close();
    sync(draft);
    publish(draft, path);
    sync(dirname(path));
  } catch (error) {
    throw failed(`The backup ${path} could not be written`, error);
  } finally {
    rmSync(draft, { force: true });
  }
}

/**
 * Unpacks a backup into a file of its own, which is then opened like any database. Nothing that is there is touched, except
 * what an earlier restore has left half done.
 */
export function unpackSqlite(backup: string, path: string): void {
  if (!existsSync(backup)) throw new StorageStartError(`There is no backup ${backup}.`);
  try {
    requireBackup(backup);
    for (const ending of ['', '-wal', '-shm', '-journal']) rmSync(`${path}${ending}`, { force: true });
    makeNewFile(path);
    copy(backup, path);
  } catch (error) {
    throw isDamaged(error)
      ? new StorageStartError(`${backup} is no backup of Postern, or it is damaged.`, error)
      : failed(`The backup ${backup} could not be read`, error);
  }
}

/**
 * Puts `next`, which nobody has open, in the place of the database; the one that was there is kept as `kept` (undefined: there is none). Killed at any
 * instant, either of them is the database, whole.
 */
export function replaceSqlite(database: string, next: string, kept: string | undefined): void {
  try {
    settle(next);
    sync(next);
    if (kept !== undefined) {
      settleOld(database, kept);
      keep(database, kept);
    }
    renameSync(next, database);
    sync(dirname(database));
  } catch (error) {
    throw failed(`${database} could not be replaced`, error);
  }
}

function requireBackup(path: string): void {
  const database = new DatabaseSync(path, { readOnly: true, timeout: BUSY_TIMEOUT_MS });
  try {
    if (database.prepare('pragma application_id').get()?.['application_id'] !== APPLICATION_ID) {
      throw new StorageStartError(`${path} is no backup of Postern.`);
    }
    const found = database.prepare('pragma quick_check(1)').get()?.['quick_check'];
    if (found !== 'ok') throw new StorageStartError(`The backup ${path} is damaged: ${found}.`);
  } finally {
    database.close();
  }
}

/** Into a file that is there, empty and readable for its owner only. */
function copy(from: string, to: string): void {
  const database = new DatabaseSync(from, { readOnly: true, timeout: BUSY_TIMEOUT_MS });
  try {
    database.prepare('vacuum into ?').run(to);
  } finally {
    database.close();
  }
}

/** Leaves all of the database in the one file: a write-ahead log beside it would be taken for the next one's. */
function settle(path: string): void {
  const database = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS });
  try {
    database.exec('pragma wal_checkpoint(truncate); pragma journal_mode = delete');
  } finally {
    database.close();
  }
}

/** The same of the old one, which may be damaged: then what was beside it is kept beside it. */
function settleOld(path: string, kept: string): void {
  try {
    settle(path);
  } catch {
    // Said below, where it stands in the way.
  }
  for (const ending of ['-wal', '-shm']) {
    if (existsSync(`${path}${ending}`)) renameSync(`${path}${ending}`, `${kept}${ending}`);
  }
}

/** Codes of file systems that have no hard links, as FAT and some network mounts. */
const NO_LINKS: readonly unknown[] = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'];

/** Puts a file under a name that nobody has; unlike a rename alone, this fails where another one was faster. */
function publish(draft: string, path: string): void {
  if (link(draft, path)) return;
  // The name is taken first, and what then is replaced is our own and empty.
  closeSync(openSync(path, 'wx', 0o600));
  try {
    renameSync(draft, path);
  } catch (error) {
    rmSync(path, { force: true });
    throw error;
  }
}

/** Gives the database a second name, or makes a second one: at no instant is there none under the first. */
function keep(database: string, kept: string): void {
  if (link(database, kept)) return;
  makeNewFile(kept);
  copyFileSync(database, kept);
  sync(kept);
}

/** Whether it could: not where the file system has no hard links. */
function link(path: string, name: string): boolean {
  try {
    linkSync(path, name);
    return true;
  } catch (error) {
    if (NO_LINKS.includes((error as NodeJS.ErrnoException).code)) return false;
    throw error;
  }
}

function sync(path: string): void {
  const file = openSync(path, 'r');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

function failed(what: string, error: unknown): StorageStartError {
  return error instanceof StorageStartError
    ? error
    : new StorageStartError(`${what}: ${(error as Error).message}.`, error);
}
