import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseEnv } from 'node:util';
import { mintTokenValue } from '@postern/core';
import { expect, test } from 'vitest';
import { expectPrinted } from '../testing/expect-printed.ts';
import { codeBlocks } from '../testing/markdown.ts';
import { startPostern } from '../testing/npm-start.ts';
import { writePosternCommand } from '../testing/postern-command.ts';
import { findFreePort, findProgram } from '../testing/proxy.ts';
import { findMissing, runSteps, stepsOf } from '../testing/transcript.ts';

/** The guides as a stranger follows them: signed in to a Postern of their own, in an empty folder. */

const folder = join(import.meta.dirname, '../docs/guides');
/** Of the SDK's readers, in Node: run by `packages/sdk/test/guide.test.ts`. */
const ELSEWHERE = ['protect-an-api.md'];
const guides = readdirSync(folder).filter((name) => name.endsWith('.md') && !ELSEWHERE.includes(name));
const missing = findMissing(['bash', 'curl', 'jq', 'git']);
/** What one of them needs besides. */
const BEHIND_NGINX = 'behind-nginx.md';

test('there are guides', () => {
  expect(guides.length).toBeGreaterThan(3);
});

test.for(guides)('the commands of %s print what it says they print', { timeout: 180_000 }, async (name, { skip }) => {
  if (name === BEHIND_NGINX && findProgram('nginx') === undefined)
    skip('no nginx on this machine: apt-get install nginx');
  if (missing.length > 0) return expect(process.env['CI'], `this machine has no ${missing.join(', ')}`).toBeUndefined();
  const guide = readFileSync(join(folder, name), 'utf8');
  const steps = stepsOf(guide);
  expect(steps.some(({ expected }) => expected !== undefined)).toBe(true);
  const token = mintTokenValue(randomBytes).reveal();
  const postern = await startPostern({ POSTERN_ADMIN_TOKEN: token, ...settingsOf(guide) });
  try {
    const [bin, cwd] = [join(postern.home, 'bin'), join(postern.home, 'work')];
    for (const path of [bin, cwd]) mkdirSync(path);
    await writePosternCommand(bin);
    const env = {
      PATH: `${bin}:${dirname(process.execPath)}:${process.env.PATH}:/usr/sbin`,
      HOME: postern.home,
      LC_ALL: 'C.UTF-8',
      POSTERN_URL: postern.url,
      POSTERN_TOKEN_FILE: '',
      ...(name === BEHIND_NGINX && (await addressesForNginx())),
    };
    const login = { line: 0, command: `postern login --url "$POSTERN_URL"`, expected: '' };
    const ran = await runSteps([login, ...steps], { cwd, env, input: `${token}\n` });
    for (const { printed, ...step } of ran.slice(1)) expectPrinted(step, printed);
  } finally {
    await postern.stop();
  }
});

/** What a guide says that the server runs with, in a `dotenv` block. */
function settingsOf(guide: string): Record<string, string> {
  const blocks = codeBlocks(guide).filter(({ language }) => language === 'dotenv');
  return Object.assign({}, ...blocks.map(({ text }) => parseEnv(text)));
}

async function addressesForNginx(): Promise<Record<string, string>> {
  const [api, front, open] = [await findFreePort(), await findFreePort(), await findFreePort()];
  const at = (port: number): string => `127.0.0.1:${port}`;
  return { EXAMPLES: join(folder, '../../examples/nginx'), API: at(api), FRONT: at(front), PUBLIC: at(open) };
}
