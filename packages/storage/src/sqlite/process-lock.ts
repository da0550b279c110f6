import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { StorageStartError } from '../startup-error.ts';
import { isBusy } from './error.ts';

export interface DataDirectoryLock {
  release(): void;
}

/**
 * Makes the directory this process's own until it releases it or ends, however it ends: the lock is the operating
 * system's, on `process.lock`. Throws StorageStartError when another process has it.
 */
export function lockDataDirectory(directory: string): DataDirectoryLock {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const pidFile = join(directory, 'process.pid');
  const lock = new DatabaseSync(join(directory, 'process.lock'));
  try {
    // Taken, and never committed: nothing is written that a killed process could leave behind.
    lock.exec('pragma locking_mode = exclusive; begin exclusive');
  } catch (error) {
    lock.close();
    if (!isBusy(error)) throw error;
    throw new StorageStartError(`Another Postern (process ${readPid(pidFile)}) is using ${directory}.`, error);
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

function readPid(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return 'unknown';
  }
}
