import { randomBytes } from 'node:crypto';
import { readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { mintTokenValue, parseTokenValue, TOKEN_PATTERN } from '@postern/core';
import { describe, expect, test } from 'vitest';
import { tmpDirectory } from '../../../testing/tmp.ts';
import { runPostern, servePostern } from '../test/command.ts';
import { codeIn, PASSWORD, setUp } from '../test/set-up.ts';

test('`postern token generate` prints a well-formed value and nothing else', async () => {
  const { code, stdout, stderr } = await runPostern(['token', 'generate']);
  expect([code, stderr]).toEqual([0, '']);
  expect(stdout.endsWith('\n')).toBe(true);
  expect(parseTokenValue(stdout.slice(0, -1))).toBeDefined();
});

test('`postern --help` names every command and setting, `--version` a version', async () => {
  const { code, stdout } = await runPostern(['--help']);
  expect(code).toBe(0);
  for (const word of [
    'serve',
    'organization create --name <name>',
    'token generate',
    'key status',
    'service-account create <name>',
  ]) {
    expect(stdout).toContain(word);
  }
  const serve = await runPostern(['serve', '--help']);
  for (const word of ['POSTERN_PORT, --port', 'POSTERN_SECRET_KEY\n']) expect(serve.stdout).toContain(word);
  const noun = await runPostern(['sa']);
  expect(noun.stdout).toContain('service-account disable <account>');
  expect(noun.stdout).not.toContain('token create');
  expect((await runPostern(['--version'])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
});

test.each([
  [['fly'], 2, 'postern does not know that command'],
  [['serve', '--prot', '1'], 2, 'has no flag --prot'],
  [['serve', '--port'], 2, 'needs a value'],
  [['serve', 'now'], 2, 'takes flags only'],
  [['sa', 'hidden'], 2, 'does not know that'],
  [['token', 'create', 'x', '--account', 'a'], 2, 'needs --expires'],
  [['token', 'create', 'x', '--account', 'a', '--expires', 'hidden'], 2, '--expires must be a duration'],
  [['token', 'refresh', 'x', '--pipe', 'cat'], 2, '--pipe needs --overlap'],
  [['sa', 'list', '--status', 'hidden'], 2, 'must be one of active, disabled'],
  [['sa', 'list', '--limit', '3', '--all'], 3, 'Not signed in'],
  [['run', '--account', 'a', 'hidden'], 2, 'takes flags only'],
  [['run', '--account', 'a'], 2, 'after `--`'],
  [['whoami', `--profile=pst_${'x'.repeat(49)}`], 2, 'in your shell’s history now'],
  [['whoami', '--profile', '../hidden'], 2, 'The name of a profile'],
  [['organization', 'set-token-policy', '--group', '', '--yes'], 2, '--group is given without a value: say one'],
  [['role', 'edit', 'x', '--permission', 'a', '--permission', ' , '], 2, '--permission is given without a value'],
  [['role', 'edit', 'x', '--permission', 'a', '--without-permissions'], 2, 'exclude each other'],
  [['scan', '--exclude='], 2, '--exclude is given without a value'],
  [['restore', 'x', '--journal', ''], 2, '--journal is given without a value'],
  [['completion', 'hidden'], 2, 'bash, zsh and fish'],
  [['serve', '--secret-key', 'x:hidden'], 2, 'set POSTERN_SECRET_KEY instead'],
  [['serve', '--port', 'hidden'], 78, '--port must be'],
])('%j ends with %i, one sentence, and the usage where that helps', async (args, exitCode, sentence) => {
  const { code, stdout, stderr } = await runPostern(args);
  expect([code, stdout]).toEqual([exitCode, '']);
  expect(stderr).toContain(sentence);
  expect(stderr).not.toMatch(/hidden|xxxx|\bat .+:\d+/);
  const [, usage, ...more] = stderr.trim().split('\n');
  expect(more).toEqual([]);
  expect(usage ?? 'Usage: postern').toMatch(/^Usage: postern/);
});

test('an address without a token, and nobody signed in: it says that the token is missing', async () => {
  const { code, stderr } = await runPostern(['sa', 'list'], {
    XDG_CONFIG_HOME: await tmpDirectory(),
    POSTERN_URL: 'http://127.0.0.1:9',
  });
  expect([code, stderr]).toEqual([
    3,
    'POSTERN_URL is set, and no token: set POSTERN_TOKEN or POSTERN_TOKEN_FILE beside it, or sign in with `postern login --url URL`.\n',
  ]);
});

describe('`postern serve`', () => {
  test('starts show a link for the first person until there is one, and never a token', async () => {
    const POSTERN_DATA_DIR = join(await tmpDirectory(), 'data');
    const first = await servePostern({ POSTERN_DATA_DIR });
    expect(first.stdout().split('\n')[0]).toBe(`Postern is listening on ${first.url}`);
    const unused = codeIn(first.stdout(), first.url);
    expect(first.stdout()).not.toMatch(TOKEN_PATTERN);
    expect((await stat(join(POSTERN_DATA_DIR, 'secret.key'))).mode & 0o777).toBe(0o600);
    // Killed: whoever has not read the link gets another one.
    await first.end('SIGKILL');

    const second = await servePostern({ POSTERN_DATA_DIR });
    const code = codeIn(second.stdout(), second.url);
    expect(code).not.toBe(unused);
    const done = await setUp(second.url, code);
    expect([done.status, await done.json()]).toMatchObject([200, { email: 'ada@example.com', signedIn: true }]);
    const ended = await second.end();
    expect(ended.code).toBe(0);
    expect(ended.stderr).not.toContain(code);

    const third = await servePostern({ POSTERN_DATA_DIR });
    expect(third.stdout()).toBe(`Postern is listening on ${third.url}\n`);
    expect((await setUp(third.url, unused)).status).toBe(409);
    expect((await third.end('SIGINT')).code).toBe(0);
  });

  test('without a browser: the first start takes the token of its admin, and shows nothing', async () => {
    const POSTERN_DATA_DIR = join(await tmpDirectory(), 'data');
    const token = mintTokenValue(randomBytes).reveal();
    const first = await servePostern({ POSTERN_DATA_DIR, POSTERN_ADMIN_TOKEN: token });
    expect(first.stdout()).toBe(`Postern is listening on ${first.url}\n`);
    const me = await fetch(`${first.url}/api/v1/me`, { headers: { authorization: `Bearer ${token}` } });
    expect([me.status, await me.json()]).toMatchObject([
      200,
      { displayName: 'bootstrap', organization: { name: 'My organization' } },
    ]);
    expect((await first.end()).stderr).not.toContain(token);
    const second = await servePostern({ POSTERN_DATA_DIR });
    expect(second.stdout()).toBe(`Postern is listening on ${second.url}\n`);
    await second.end();
  });

  test('without a browser, for a person: the first start shows nothing, whatever it is started with later', async () => {
    const POSTERN_DATA_DIR = join(await tmpDirectory(), 'data');
    const person = { POSTERN_ADMIN_EMAIL: 'ada@example.com', POSTERN_ADMIN_PASSWORD: PASSWORD };
    for (const variables of [person, {}]) {
      const server = await servePostern({ POSTERN_DATA_DIR, ...variables });
      expect(server.stdout()).toBe(`Postern is listening on ${server.url}\n`);
      await server.end();
    }
  });

  test('one process alone goes on after a SIGHUP, and its log says what reads the settings anew', async () => {
    const server = await servePostern({ POSTERN_DATA_DIR: join(await tmpDirectory(), 'data'), POSTERN_WORKERS: '1' });
    process.kill(server.pid, 'SIGHUP');
    expect((await fetch(`${server.url}/readyz`)).status).toBe(200);
    const { code, stderr } = await server.end();
    expect([code, stderr]).toEqual([0, expect.stringContaining('reads its settings anew by a restart only')]);
  });

  test('a taken port does not use the first start up', async () => {
    const directory = await tmpDirectory();
    const first = await servePostern({ POSTERN_DATA_DIR: join(directory, 'a') });
    const port = new URL(first.url).port;
    const refused = await runPostern(['serve'], { POSTERN_DATA_DIR: join(directory, 'b'), POSTERN_PORT: port });
    expect([refused.code, refused.stdout]).toEqual([1, '']);
    expect(refused.stderr).toBe(
      `Port ${port} on 127.0.0.1 is taken; set POSTERN_PORT to another one, or to 0 for any.\n`,
    );
    await first.end();
    const second = await servePostern({ POSTERN_DATA_DIR: join(directory, 'b') });
    expect(codeIn(second.stdout(), second.url)).toMatch(/^[\w-]{43}$/);
    await second.end();
  });

  test('a second process on the data directory is refused, and `key status` works beside the first', async () => {
    const POSTERN_DATA_DIR = join(await tmpDirectory(), 'data');
    const POSTERN_ADMIN_TOKEN = mintTokenValue(randomBytes).reveal();
    const first = await servePostern({ POSTERN_DATA_DIR, POSTERN_ADMIN_TOKEN });
    const second = await runPostern(['serve'], { POSTERN_DATA_DIR });
    expect([second.code, second.stderr]).toEqual([
      1,
      `Another Postern (process ${first.pid}) is using ${POSTERN_DATA_DIR}.\n`,
    ]);
    const status = await runPostern(['key', 'status'], { POSTERN_DATA_DIR });
    expect([status.code, status.stdout]).toEqual([
      0,
      expect.stringMatching(/^key-[0-9a-f]{8}: 1 live token value stored under it only; dropping it would end them\n$/),
    ]);
    expect((await first.end()).code).toBe(0);
  });

  test('a database without its key, or with another, is refused with 78', async () => {
    const POSTERN_DATA_DIR = join(await tmpDirectory(), 'data');
    const file = join(POSTERN_DATA_DIR, 'secret.key');
    const first = await servePostern({ POSTERN_DATA_DIR });
    await first.end();
    const key = (await readFile(file, 'utf8')).trim();
    await rm(file);
    const missing = await runPostern(['serve'], { POSTERN_DATA_DIR });
    expect([missing.code, missing.stderr]).toEqual([78, expect.stringContaining('its secret key')]);
    const kid = key.split(':')[0];
    const wrong = await runPostern(['serve'], { POSTERN_DATA_DIR, POSTERN_SECRET_KEY: `${kid}:${'A'.repeat(43)}` });
    expect([wrong.code, wrong.stderr]).toEqual([78, expect.stringContaining('is not the one')]);
    expect(wrong.stderr).not.toContain('AAAA');
    const right = await servePostern({ POSTERN_DATA_DIR, POSTERN_SECRET_KEY: key });
    expect((await right.end()).code).toBe(0);
  });
});
