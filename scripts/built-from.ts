import { createHash, randomUUID } from 'node:crypto';
import {
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * What is built again only where its sources have changed. Each build has a folder named by their digest, which appears whole
 * or not at all, and `current` beside them names the one that a start takes. So builds at the same time, one that is
 * killed, and a server that runs on an earlier one do not meet.
 */

export const root = fileURLToPath(new URL('..', import.meta.url));

export interface Sources {
  /** Whatever else decides what is made. */
  readonly mode: string;
  /** All files in them; paths are from the root of the repository. */
  readonly folders: readonly string[];
  readonly files: readonly string[];
  /** Where the builds are. */
  readonly builds: string;
}

/** Enough of a digest to tell one state of the sources from another. */
const NAME_LENGTH = 16;
/** A server may run on a build, and load parts of it late, so long after another one has become current. */
const KEPT_MS = 7 * 86_400_000;

/** Builds into the folder that `build` is given, where that is needed, and says on stderr how long it took. */
export async function buildFrom(
  sources: Sources,
  what: string,
  build: (folder: string) => Promise<void>,
): Promise<void> {
  const builds = resolve(root, sources.builds);
  let name = nameOf(sources);
  const earlier = readCurrent(builds);
  if (earlier === name && existsSync(join(builds, name))) return;
  while (!existsSync(join(builds, name))) {
    const started = performance.now();
    const making = join(builds, `${name}.${randomUUID()}`);
    await build(making);
    const since = nameOf(sources);
    // What was written meanwhile may be in it, or not: it has no name.
    if (since === name) moveInto(making, join(builds, name));
    else rmSync(making, { recursive: true, force: true });
    name = since;
    process.stderr.write(`Built ${what} in ${((performance.now() - started) / 1_000).toFixed(1)} s.\n`);
  }
  const writing = join(builds, `current.${process.pid}`);
  writeFileSync(writing, name);
  renameSync(writing, join(builds, 'current'));
  if (earlier !== undefined && earlier !== name) countFromNow(join(builds, earlier));
  removeOlder(builds, name);
}

function nameOf(sources: Sources): string {
  return digest(sources).slice(0, NAME_LENGTH);
}

function digest({ mode, folders, files }: Sources): string {
  const hash = createHash('sha256').update(`${mode}\n`);
  const inFolders = folders.flatMap((folder) =>
    readdirSync(resolve(root, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name)),
  );
  for (const path of [...inFolders, ...files.map((file) => resolve(root, file))].toSorted()) {
    hash.update(`${path.slice(root.length)}\n`).update(readFileSync(path));
  }
  return hash.digest('hex');
}

function readCurrent(builds: string): string | undefined {
  try {
    return readFileSync(join(builds, 'current'), 'utf8');
  } catch {
    return undefined;
  }
}

/** Of two who made the same, one finds it there. */
function moveInto(making: string, made: string): void {
  try {
    renameSync(making, made);
  } catch (error) {
    if (!existsSync(made)) throw error;
    rmSync(making, { recursive: true, force: true });
  }
}

function countFromNow(path: string): void {
  const now = new Date();
  try {
    utimesSync(path, now, now);
  } catch {
    // Gone already.
  }
}

/** Earlier builds, and what a build left that was killed. */
function removeOlder(builds: string, current: string): void {
  const old = Date.now() - KEPT_MS;
  for (const name of readdirSync(builds)) {
    if (name === current || name === 'current') continue;
    const path = join(builds, name);
    const state = statSync(path, { throwIfNoEntry: false });
    if (state && state.mtimeMs < old) rmSync(path, { recursive: true, force: true });
  }
}
