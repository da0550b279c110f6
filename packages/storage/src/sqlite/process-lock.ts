import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { DataDirectoryInUse, StorageStartError } from '../startup-error.ts';
import { isBusy } from './error.ts';

export interface DataDirectoryLock {
  release(): void;
}

/**
 * Makes the directory this process's own until it releases it or ends, however it ends: the lock is the operating
 * system's, on `process.lock`. Throws DataDirectoryInUse when another process has it, StorageStartError when no file can be made there.
 */
export function lockDataDirectory(directory: string): DataDirectoryLock {
  const pidFile = join(directory, 'process.pid');
  const lock = openLock(directory);
  try {
    // Taken, and never committed: nothing is written that a killed process could leave behind.
    lock.exec('pragma locking_mode = exclusive; begin exclusive');
  } catch (error) {
    lock.close();
    if (!isBusy(error)) throw error;
    throw new DataDirectoryInUse(directory, readPid(pidFile), error);
  }
  writeFileSync(pidFile, `${process.pid}\n`, { mode: 0o600 });
  return {
    release() {
      if (!lock.isOpen) return;
      rmSync(pidFile, { force: true });
      lock.close();
    },
  };
}

function openLock(directory: string): DatabaseSync {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    return new DatabaseSync(join(directory, 'process.lock'));
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
