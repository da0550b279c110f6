import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { tmpDirectory } from '../../testing/tmp.ts';
import { matchesTranscript } from '../../testing/transcript.ts';

const root = join(import.meta.dirname, '../..');

/** `npm run example`, with a folder for what it makes for itself. */
async function startWalk() {
  const folder = await tmpDirectory();
  const child = spawn('npm', ['run', '--silent', 'example'], {
    cwd: root,
    env: { PATH: process.env.PATH, TMPDIR: folder },
    stdio: ['ignore', 'pipe', 'pipe'],
    // A group of its own, as a terminal gives it: Ctrl-C there reaches all of it at once.
    detached: true,
  });
  return { folder, child, said: text(child.stdout), complained: text(child.stderr), closed: once(child, 'close') };
}

/** What the walk left in its folder; npm keeps a cache of its own there. */
async function leftIn(folder: string): Promise<string[]> {
  return (await readdir(folder)).filter((name) => name.startsWith('postern'));
}

test('the walk tells the life of a service account, and leaves nothing behind', { timeout: 120_000 }, async () => {
  const { folder, said, complained, closed } = await startWalk();
  const [code] = await closed;
  expect(await complained).toBe('');
  expect(code).toBe(0);
  const story = await said;
  expect(story).not.toContain('pst_');
  expect(await leftIn(folder)).toEqual([]);
  const expected = `
Postern: the life of a service account
    Postern is listening on http://127.0.0.1:…, on a directory that is gone afterwards.

 1  An API that Postern protects
    …
    account orders-api                  role verifier
    its token production                ……, never expires

 2  A service account for a pipeline, and a token for it
    …
    account nightly-import              role member
    its token ci                        ……, expires …
    jenkins calls                       200  3 orders, as nightly-import
    old-cron calls                      200  3 orders, as nightly-import
    a stranger calls                    401  The token is not valid.

 3  The token is refreshed, and for an hour its old value still works
    token ci                            ……, and …… until …
    …
    jenkins calls                       200  3 orders, as nightly-import
    old-cron calls                      200  3 orders, as nightly-import

 4  Who still uses the old value?
    …
    old-cron                            2 calls, the last after the refresh
    jenkins                             1 call, the last before the refresh

 5  The overlap is ended: the old value dies now
    old value ……                     in force on 1 of 1 process
    jenkins calls                       200  3 orders, as nightly-import
    old-cron calls                      401  The token is not valid.

 6  The account is disabled: its tokens are deleted for good
    account nightly-import              disabled, 0 tokens, in force on 1 of 1 process
    jenkins calls                       401  The token is not valid.

 7  It is enabled again: no token comes back
    account nightly-import              active, 0 tokens
    jenkins calls                       401  The token is not valid.
    a new token ci                      ……, expires …
    jenkins calls                       200  3 orders, as nightly-import

 8  The account is deleted
    account nightly-import              gone, in force on 1 of 1 process
    jenkins calls                       401  The token is not valid.

 9  What the audit log keeps of it
    …  service_account.create    by bootstrap
    …  token.create              by bootstrap
    …  token.refresh             by bootstrap
    …  token.end_overlap         by bootstrap
    …  service_account.disable   by bootstrap
    …  service_account.enable    by bootstrap
    …  token.create              by bootstrap
    …  service_account.delete    by bootstrap
`;
  if (!matchesTranscript(expected, story)) expect(story).toBe(expected);
});

test('Ctrl-C ends it, and leaves nothing behind', { timeout: 60_000 }, async () => {
  const { folder, child, closed } = await startWalk();
  let url: string | undefined;
  let interrupted = false;
  child.stdout.on('data', (chunk: Buffer) => {
    url ??= /listening on (http:\S+),/.exec(chunk.toString())?.[1];
    if (interrupted || !chunk.toString().includes('jenkins calls')) return;
    interrupted = true;
    process.kill(-(child.pid ?? 0), 'SIGINT');
  });
  await closed;
  expect(url).toBeDefined();
  expect(await leftIn(folder)).toEqual([]);
  await expect(fetch(`${url}/healthz`)).rejects.toThrow('fetch failed');
});
