import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

/**
 * Builds the web console where its sources have changed since it was built: before `npm start`, `npm test` and whatever else
 * serves it. `--force` builds it in any case.
 */

const root = fileURLToPath(new URL('..', import.meta.url));
const consoleDirectory = join(root, 'packages/console');
const SOURCES = ['packages/console/src', 'packages/console/public', 'packages/sdk/src'];
const FILES = [
  'packages/console/index.html',
  'packages/console/vite.config.ts',
  'packages/console/package.json',
  'package-lock.json',
];
/** What the build was made of; beside it, so that whoever removes the one removes the other. */
const STAMP = join(consoleDirectory, 'dist/.sources');

/** Whoever asks, and a test runner has a mode of its own: what is served is never React's slower build for development. */
const MODE = 'production';

const made = digestSources();
if (process.argv.includes('--force') || readStamp() !== made) {
  const started = performance.now();
  process.env['NODE_ENV'] = MODE;
  await build({ root: consoleDirectory, mode: MODE, logLevel: 'warn' });
  writeFileSync(STAMP, made);
  process.stderr.write(`Built the console in ${((performance.now() - started) / 1_000).toFixed(1)} s.\n`);
}

function digestSources(): string {
  const hash = createHash('sha256').update(`${MODE}\n`);
  const inFolders = SOURCES.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name)),
  );
  for (const path of [...inFolders, ...FILES.map((file) => join(root, file))].toSorted()) {
    hash.update(`${path.slice(root.length)}\n`).update(readFileSync(path));
  }
  return hash.digest('hex');
}

function readStamp(): string | undefined {
  try {
    return readFileSync(STAMP, 'utf8');
  } catch {
    return undefined;
  }
}
