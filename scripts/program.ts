import { mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { OutputAsset, OutputChunk } from 'rolldown';
import { buildFrom, root } from './built-from.ts';

/**
 * Builds the program, the server with its threads and every command, into few files, where its sources have changed since it
 * was built: before `npm start`, `npm test` and whatever else starts it. Loading a thousand small files takes longer than all
 * that a start has to do. `--force` builds it in any case.
 */

const FOLDER = join(root, 'packages/cli/dist');
/** Compiled code of an earlier build, which nobody asks for again. */
const COMPILED = join(root, 'packages/cli/.cache');
/** What a server that still runs on an earlier build may yet have to load stays so long. */
const KEPT_MS = 24 * 3_600_000;

const PACKAGES = ['cli', 'core', 'sdk', 'server', 'storage'];
const sources = {
  mode: 'program',
  folders: PACKAGES.map((name) => `packages/${name}/src`),
  files: [...PACKAGES.map((name) => `packages/${name}/package.json`), 'package-lock.json', 'scripts/program.ts'],
  stamp: 'packages/cli/dist/.sources',
};

await buildFrom(sources, 'the program', async () => {
  const { rolldown } = await import('rolldown');
  const bundle = await rolldown({
    input: {
      main: join(root, 'packages/cli/src/main.ts'),
      thread: join(root, 'packages/storage/src/sqlite/thread.ts'),
    },
    platform: 'node',
    // Compiled code beside `pg`, for those who install it; ours do without.
    external: ['pg-native'],
    resolve: { conditionNames: ['postern-src', 'node'] },
    logLevel: 'warn',
  });
  const { output } = await bundle.generate({
    // Where sources are found from there.
    dir: FOLDER,
    format: 'esm',
    // All in one folder: the thread's file is found beside whoever starts it.
    entryFileNames: '[name].js',
    chunkFileNames: '[name]-[hash].js',
    sourcemap: true,
  });
  await bundle.close();
  await mkdir(FOLDER, { recursive: true });
  // What is loaded by a fixed name comes last: whoever starts meanwhile finds an earlier build or this one, whole.
  for (const file of output.toSorted((one, other) => Number(isEntry(one)) - Number(isEntry(other)))) await write(file);
  await removeOlder(new Set(output.map(({ fileName }) => fileName)));
  await rm(COMPILED, { recursive: true, force: true });
});

function isEntry(file: OutputChunk | OutputAsset): boolean {
  return file.type === 'chunk' && file.isEntry;
}

async function write(file: OutputChunk | OutputAsset): Promise<void> {
  const path = join(FOLDER, file.fileName);
  const writing = `${path}.${process.pid}`;
  await writeFile(writing, file.type === 'chunk' ? file.code : file.source);
  await rename(writing, path);
}

async function removeOlder(made: ReadonlySet<string>): Promise<void> {
  const old = Date.now() - KEPT_MS;
  for (const name of await readdir(FOLDER)) {
    const path = join(FOLDER, name);
    if (!made.has(name) && (await stat(path)).mtimeMs < old) await rm(path, { recursive: true, force: true });
  }
}
