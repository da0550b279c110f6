import { join } from 'node:path';
import { buildFrom, root } from './built-from.ts';

/**
 * Builds the program, the server with its threads and every command, into few files, where its sources have changed since it
 * was built: before `npm start`, `npm test` and whatever else starts it. Loading a thousand small files takes longer than all
 * that a start has to do.
 */

const PACKAGES = ['cli', 'core', 'sdk', 'server', 'storage'];
const sources = {
  mode: 'program',
  folders: PACKAGES.map((name) => `packages/${name}/src`),
  files: [
    ...PACKAGES.map((name) => `packages/${name}/package.json`),
    'package-lock.json',
    'scripts/built-from.ts',
    'scripts/program.ts',
  ],
  builds: 'packages/cli/dist',
};

await buildFrom(sources, 'the program', async (folder) => {
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
  await bundle.write({
    dir: folder,
    format: 'esm',
    // All in one folder: the thread's file is found beside whoever starts it.
    entryFileNames: '[name].js',
    chunkFileNames: '[name]-[hash].js',
    sourcemap: true,
  });
  await bundle.close();
});
