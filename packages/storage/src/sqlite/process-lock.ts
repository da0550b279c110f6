import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { makeDirectory, makeFile } from '../made-file.ts';
import { DataDirectoryInUse, StorageStartError } from '../startup-error.ts';
import { isBusy } from './error.ts';

const WORKER_LOCK = 'worker.lock';

export interface DataDirectoryLock {
  release(): void;
}

/** How long the workers of a process that was killed are waited for, in milliseconds. */
const ORPHANS_TIMEOUT_MS = 2_000;

/**
 * Makes the directory this process's own until it releases it or ends, however it ends: the lock is the operating
 * system's, on `process.lock`. Workers that a killed process left behind are waited for: they end once they notice. Throws DataDirectoryInUse when another process has it, StorageStartError when no file can be made there.
 */
export function lockDataDirectory(directory: string): DataDirectoryLock {
  const pidFile = join(directory, 'process.pid');
  const lock = openLock(directory, 'process.lock');
  try {
    // Taken, and never committed: nothing is written that a killed process could leave behind.
    lock.exec('pragma locking_mode = exclusive; begin exclusive');
  } catch (error) {
    lock.close();
    if (!isBusy(error)) throw error;
    throw new DataDirectoryInUse(directory, readPid(pidFile), error);
  }
  try {
    waitForOrphans(directory, readPid(pidFile));
  } catch (error) {
    lock.close();
    throw error;
  }
  makeFile(pidFile);
  writeFileSync(pidFile, `${process.pid}\n`);
  return {
    release() {
      if (!lock.isOpen) return;
      rmSync(pidFile, { force: true });
      lock.close();
    },
  };
}

/**
 * Says, until it is released or this process ends, that it works on the directory for the one that has it. Until then nobody
 * else can have the directory, even if the one that has it was killed.
 */
export function holdAsWorker(directory: string): DataDirectoryLock {
  const lock = openLock(directory, WORKER_LOCK);
  // A transaction that has read holds a lock that many may hold, and that keeps out whoever wants the file alone.
  lock.exec('begin; select count(*) from sqlite_schema');
  return {
    release() {
      if (lock.isOpen) lock.close();
    },
  };
}

function waitForOrphans(directory: string, pid: string): void {
  const orphans = openLock(directory, WORKER_LOCK);
  try {
    orphans.exec(`pragma busy_timeout = ${ORPHANS_TIMEOUT_MS}; begin exclusive; rollback`);
  } catch (error) {
    if (!isBusy(error)) throw error;
    throw new DataDirectoryInUse(directory, pid, error);
  } finally {
    orphans.close();
  }
}

function openLock(directory: string, name: string): DatabaseSync {
  try {
    makeDirectory(directory);
    const path = join(directory, name);
    makeFile(path);
    return new DatabaseSync(path);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new StorageStartError(`${directory} cannot be the data directory: ${reason}.`, error);
  }
}

function readPid(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return 'unknown';
  }
}
