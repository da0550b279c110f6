import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { findMissing, matchesTranscript, runSteps, stepsOf } from '../../../testing/transcript.ts';
import { startPostern } from './server.ts';

const directory = join(import.meta.dirname, '..');
const missing = findMissing(['bash']);

test('the program of the README prints what the README says', async ({ skip }) => {
  if (missing.length > 0) skip('packages/sdk/README.md was not run: this machine has no bash');
  const { url, adminToken } = await startPostern();
  const steps = stepsOf(readFileSync(join(directory, 'README.md'), 'utf8'));
  expect(steps).toHaveLength(1);
  const env = {
    PATH: `${dirname(process.execPath)}:${process.env.PATH}`,
    POSTERN_URL: url,
    POSTERN_TOKEN: adminToken,
  };
  for (const { expected = '', printed } of await runSteps(steps, { cwd: directory, env })) {
    if (!matchesTranscript(expected, printed)) expect(printed).toBe(expected);
  }
});
