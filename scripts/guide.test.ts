import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { mintTokenValue } from '@postern/core';
import { expect, test } from 'vitest';
import { expectPrinted } from '../testing/expect-printed.ts';
import { startPostern } from '../testing/npm-start.ts';
import { writePosternCommand } from '../testing/postern-command.ts';
import { findMissing, runSteps, stepsOf } from '../testing/transcript.ts';

/** The guides as a stranger follows them: signed in to a Postern of their own, in an empty folder. */

const folder = join(import.meta.dirname, '../docs/guides');
/** Of the SDK's readers, in Node: run by `packages/sdk/test/guide.test.ts`. */
const ELSEWHERE = ['protect-an-api.md'];
const guides = readdirSync(folder).filter((name) => name.endsWith('.md') && !ELSEWHERE.includes(name));
const missing = findMissing(['bash', 'curl', 'jq', 'git']);

test('there are guides', () => {
  expect(guides.length).toBeGreaterThan(3);
});

test.each(guides)('the commands of %s print what it says they print', { timeout: 180_000 }, async (name) => {
  if (missing.length > 0) return expect(process.env['CI'], `this machine has no ${missing.join(', ')}`).toBeUndefined();
  const steps = stepsOf(readFileSync(join(folder, name), 'utf8'));
  expect(steps.some(({ expected }) => expected !== undefined)).toBe(true);
  const token = mintTokenValue(randomBytes).reveal();
  const postern = await startPostern({ POSTERN_ADMIN_TOKEN: token });
  try {
    const [bin, cwd] = [join(postern.home, 'bin'), join(postern.home, 'work')];
    for (const path of [bin, cwd]) mkdirSync(path);
    await writePosternCommand(bin);
    const env = {
      PATH: `${bin}:${dirname(process.execPath)}:${process.env.PATH}`,
      HOME: postern.home,
      LC_ALL: 'C.UTF-8',
      POSTERN_URL: postern.url,
      POSTERN_TOKEN_FILE: '',
    };
    const login = { line: 0, command: `postern login --url "$POSTERN_URL"`, expected: '' };
    const ran = await runSteps([login, ...steps], { cwd, env, input: `${token}\n` });
    for (const { printed, ...step } of ran.slice(1)) expectPrinted(step, printed);
  } finally {
    await postern.stop();
  }
});
