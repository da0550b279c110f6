import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { findMissing, matchesTranscript, runSteps, stepsOf } from '../testing/transcript.ts';

const root = join(import.meta.dirname, '..');
const missing = findMissing(['bash', 'python3']);

test('the program that the token format is explained with agrees with every vector', async ({ skip }) => {
  if (missing.length > 0) skip(`token-format.md was not run: this machine has no ${missing.join(' and no ')}`);
  const steps = stepsOf(readFileSync(join(root, 'docs/reference/token-format.md'), 'utf8'));
  expect(steps).toHaveLength(1);
  const ran = await runSteps(steps, { cwd: root, env: process.env });
  for (const { expected = '', printed } of ran) {
    if (!matchesTranscript(expected, printed)) expect(printed).toBe(expected);
  }
});
