import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';

/** What the commands of this repository say to whoever asks, or asks for what there is not. */

function run(script: string, ...args: readonly string[]) {
  const file = join(import.meta.dirname, `${script}.ts`);
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--conditions=postern-src', file, ...args], {
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}

describe.each(['crash', 'torture', 'soak', 'model'])('npm run %s', (script) => {
  test.each(['--help', '-h'])('%s', (flag) => {
    const { status, stdout, stderr } = run(script, flag);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toMatch(new RegExp(`^Usage: npm run ${script} -- \\[`));
  });

  test('an option that there is not', () => {
    expect(run(script, '--fast')).toEqual({ status: 2, stdout: '', stderr: "Unknown option '--fast'.\n" });
  });
});

test.each([
  ['crash', '--engine', 'mysql', '--engine is sqlite, postgres or both.'],
  ['crash', '--engine', 'toString', '--engine is sqlite, postgres or both.'],
  ['crash', '--nodes', '2', 'Several nodes need PostgreSQL: --engine postgres.'],
  ['crash', '--rounds', '0', '--rounds, --seed, --lanes, --nodes, --workers are whole numbers from 1.'],
  [
    'torture',
    '--nodes',
    '9',
    '--minutes is above 0, --seed a whole number from 1, --nodes one from 1 to 8, --faults on or off.',
  ],
  ['soak', '--engine', 'both', '--minutes is a number above 0, --engine is sqlite or postgres.'],
  ['model', '--runs', 'many', '--runs and --seed are whole numbers; --runs is at least 1.'],
])('npm run %s -- %s %s is refused in one sentence', (script, option, value, sentence) => {
  expect(run(script, option, value)).toEqual({ status: 2, stdout: '', stderr: `${sentence}\n` });
});
