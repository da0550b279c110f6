import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { readOptions, refuse } from '../testing/options.ts';

const USAGE = `Usage: npm run model -- [--runs 1000] [--seed N]

Random sequences of every mutation on both engines, each decision held against a reference model. A failure prints the shortest
scenario that was found, and its seed.

  --runs N  how many sequences
  --seed N  which ones; absent: new ones

Exit codes: 0 the engines are as the model; 1 one is not; 2 these arguments are none.
`;

const values = readOptions(USAGE, { runs: { type: 'string', default: '1000' }, seed: { type: 'string' } });
const numbers = [values.runs, values.seed ?? '0'].map(Number);
if (!numbers.every(Number.isSafeInteger) || Number(values.runs) < 1) {
  refuse('--runs and --seed are whole numbers; --runs is at least 1.');
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
