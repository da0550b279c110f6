import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { findMissing, matchesTranscript, runSteps, stepsOf } from '../../../testing/transcript.ts';
import { startPostern } from './server.ts';

const directory = join(import.meta.dirname, '..');
const guide = join(directory, '../../docs/guides/protect-an-api.md');
const missing = findMissing(['bash', 'curl', 'jq']);

test('the blocks of the guide print what the guide says', { timeout: 60_000 }, async ({ skip }) => {
  if (missing.length > 0) skip(`the guide was not run: this machine has no ${missing.join(' and no ')}`);
  const { url, adminToken } = await startPostern();
  const steps = stepsOf(readFileSync(guide, 'utf8'));
  expect(steps.length).toBeGreaterThan(5);
  const env = {
    PATH: `${dirname(process.execPath)}:${process.env.PATH}`,
    POSTERN_URL: url,
    POSTERN_TOKEN: adminToken,
  };
  for (const { line, expected = '', printed } of await runSteps(steps, { cwd: directory, env })) {
    if (!matchesTranscript(expected, printed)) expect(printed, `the block of line ${line}`).toBe(expected);
  }
});
