import { closeSync, constants, fchownSync, mkdirSync, openSync, statSync, unlinkSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

/**
 * What is made beside what is there, for its owner only. Root runs an operator's commands, and the server, which is somebody
 * else, has to open what they leave behind: it belongs to whoever has the directory that it lies in. All of it throws what
 * the system says.
 */

/** Gives away what root has just made, and still has open: a path may be another file by now. */
export function giveToServer(file: number, path: string): void {
  // Nobody else could, or made it for anybody else.
  if (process.getuid?.() !== 0) return;
  const { uid, gid } = statSync(dirname(path));
  fchownSync(file, uid, gid);
}

/** An empty file, unless something is there: then it is not even opened, or SQLite's locks on it would go with the closing. */
export function makeFile(path: string): void {
  try {
    makeNewFile(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

/** An empty file that was not there. */
export function makeNewFile(path: string): void {
  const file = openSync(path, 'wx', 0o600);
  try {
    giveToServer(file, path);
  } catch (error) {
    unlinkSync(path);
    throw error;
  } finally {
    closeSync(file);
  }
}

/** A directory, and those above it, unless they are there. */
export function makeDirectory(path: string): void {
  const first = mkdirSync(path, { recursive: true, mode: 0o700 });
  if (first === undefined || process.getuid?.() !== 0) return;
  const made = [resolve(path)];
  while (made[0] !== undefined && made[0] !== resolve(first)) made.unshift(dirname(made[0]));
  for (const directory of made) giveDirectory(directory);
}

function giveDirectory(path: string): void {
  const file = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  try {
    giveToServer(file, path);
  } finally {
    closeSync(file);
  }
}
