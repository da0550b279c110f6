import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { defaultServerConditions } from 'vite';
import { defineConfig } from 'vitest/config';

/** What tests start is compiled once, not in each of some hundred processes. */
const compiled = fileURLToPath(new URL('node_modules/.cache/node-compile', import.meta.url));
/** Node has no condition `module`, and packages that serve bundlers by it (@opentelemetry/api) cannot be loaded by Node under it. */
const conditions = ['postern-src', ...defaultServerConditions.filter((condition) => condition !== 'module')];

/** One project per room, so that `--project core` runs that room alone. */
function project(name: string, include: string[]) {
  return {
    ssr: { resolve: { conditions } },
    test: {
      name,
      include,
      exclude: ['**/node_modules/**', '**/dist/**'],
      environment: 'node',
      env: { NODE_COMPILE_CACHE: compiled },
      // Only what hangs is to be found by them: a loaded machine may be ten times slower.
      testTimeout: 120_000,
      hookTimeout: 120_000,
      // A condition is waited for as long as a slow machine may need; the default is one second.
      expect: { poll: { timeout: 20_000 } },
    },
  };
}

const packages = ['core', 'storage', 'server', 'sdk', 'cli', 'console'];

export default defineConfig({
  test: {
    projects: [
      ...packages.map((name) =>
        project(name, [`packages/${name}/src/**/*.test.ts`, `packages/${name}/test/**/*.test.ts`]),
      ),
      project('scripts', ['scripts/**/*.test.ts', 'testing/**/*.test.ts', 'bench/**/*.test.ts']),
      project('examples', ['examples/**/*.test.ts']),
    ],
    globalSetup: ['./testing/postgres.global.ts', './testing/built.global.ts'],
    reporters: ['default', './testing/closing-line.reporter.ts'],
    pool: 'forks',
    // One more than there are processors: many tests wait for a process that starts, or for what it was told to wait for.
    maxWorkers: Math.min(4, availableParallelism() + 1),
    teardownTimeout: 20_000,
  },
});
