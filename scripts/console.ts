import { join } from 'node:path';
import { buildFrom, root } from './built-from.ts';

/**
 * Builds the web console where its sources have changed since it was built: before `npm start`, `npm test` and whatever else
 * serves it.
 */

/** Whoever asks, and a test runner has a mode of its own: what is served is never React's slower build for development. */
const MODE = 'production';

const sources = {
  mode: MODE,
  folders: ['packages/console/src', 'packages/console/public', 'packages/sdk/src'],
  files: [
    'packages/console/index.html',
    'packages/console/vite.config.ts',
    'packages/console/package.json',
    'package-lock.json',
    'scripts/built-from.ts',
    'scripts/console.ts',
  ],
  builds: 'packages/console/dist',
};

await buildFrom(sources, 'the console', async (outDir) => {
  process.env['NODE_ENV'] = MODE;
  const { build } = await import('vite');
  await build({ root: join(root, 'packages/console'), mode: MODE, logLevel: 'warn', build: { outDir } });
});
