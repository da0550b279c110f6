import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';

/**
 * `npm run model -- --runs 5000 --seed N`
 *
 * Random sequences of every mutation on both engines, each decision held against a reference model; for as many runs as one
 * has time for. A failure prints the shortest scenario that was found, and its seed.
 */
const { values } = parseArgs({ options: { runs: { type: 'string', default: '1000' }, seed: { type: 'string' } } });
const numbers = [values.runs, values.seed ?? '0'].map(Number);
if (!numbers.every(Number.isSafeInteger) || Number(values.runs) < 1) {
  process.stderr.write('--runs and --seed are whole numbers; --runs is at least 1.\n');
  process.exit(2);
}
const vitest = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs');
const { status } = spawnSync(process.execPath, [vitest, 'run', 'packages/storage/test/model'], {
  stdio: 'inherit',
  env: {
    ...process.env,
    POSTERN_MODEL_RUNS: values.runs,
    ...(values.seed !== undefined && { POSTERN_MODEL_SEED: values.seed }),
  },
});
process.exitCode = status ?? 1;
