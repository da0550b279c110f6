import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { mintTokenValue } from '@postern/core';
import { expect, test } from 'vitest';
import { expectPrinted } from '../testing/expect-printed.ts';
import { startPostern } from '../testing/npm-start.ts';
import { findMissing, runSteps, type Step, stepsOf } from '../testing/transcript.ts';

/**
 * The README as a stranger follows it: its commands are run in order, against a Postern that its own `npm start` started,
 * and what they print is compared with what it says they print.
 */

const root = join(import.meta.dirname, '..');
/** Where the README's Postern listens; here it gets a free port. */
const PRINTED_URL = 'http://127.0.0.1:7070';
const missing = findMissing(['bash', 'curl', 'jq']);
const steps = stepsOf(readFileSync(join(root, 'README.md'), 'utf8'));
const start = steps.find(({ command }) => command === 'npm start');

test('the README says what to run', () => {
  expect(start?.expected).toContain(`Postern is listening on ${PRINTED_URL}`);
  expect(steps.filter(({ expected }) => expected !== undefined).length).toBeGreaterThan(7);
});

test('its commands print what it says they print', { timeout: 120_000 }, async ({ skip }) => {
  if (missing.length > 0) skip(`README.md was not run: this machine has no ${missing.join(' and no ')}`);
  const first = await startPostern({});
  await first.stop();
  expectPrinted(start as Step, first.printed.replaceAll(first.url, PRINTED_URL));
  const token = mintTokenValue(randomBytes).reveal();
  const postern = await startPostern({ POSTERN_ADMIN_TOKEN: token });
  try {
    const others = steps
      .filter((step) => step !== start)
      .map((step) => ({ ...step, command: step.command.replaceAll(PRINTED_URL, postern.url) }));
    const env = { PATH: `${dirname(process.execPath)}:${process.env.PATH}`, HOME: postern.home, LC_ALL: 'C.UTF-8' };
    const input = `${token}\n`;
    for (const { printed, ...step } of await runSteps(others, { cwd: root, env, input })) {
      expectPrinted(step, printed);
    }
  } finally {
    await postern.stop();
  }
});
