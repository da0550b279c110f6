import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** What is built again only where its sources have changed: a digest of them stands beside what was made of them. */

export const root = fileURLToPath(new URL('..', import.meta.url));

export interface Sources {
  /** Whatever else decides what is made. */
  readonly mode: string;
  /** All files in them; paths from the root of the repository. */
  readonly folders: readonly string[];
  readonly files: readonly string[];
  /** Where the digest is kept: in the folder of what was made, so that whoever removes the one removes the other. */
  readonly stamp: string;
}

/** Builds where that is needed, or forced by `--force`, and says on stderr how long it took. */
export async function buildFrom(sources: Sources, what: string, build: () => Promise<void>): Promise<void> {
  const made = digest(sources);
  if (!process.argv.includes('--force') && readStamp(sources) === made) return;
  const started = performance.now();
  await build();
  writeFileSync(join(root, sources.stamp), made);
  process.stderr.write(`Built ${what} in ${((performance.now() - started) / 1_000).toFixed(1)} s.\n`);
}

function digest({ mode, folders, files }: Sources): string {
  const hash = createHash('sha256').update(`${mode}\n`);
  const inFolders = folders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name)),
  );
  for (const path of [...inFolders, ...files.map((file) => join(root, file))].toSorted()) {
    hash.update(`${path.slice(root.length)}\n`).update(readFileSync(path));
  }
  return hash.digest('hex');
}

function readStamp({ stamp }: Sources): string | undefined {
  try {
    return readFileSync(join(root, stamp), 'utf8');
  } catch {
    return undefined;
  }
}
