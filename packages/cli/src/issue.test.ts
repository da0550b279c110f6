import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout } from 'node:timers/promises';
import { mintTokenValue } from '@postern/core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { MAIN, runPostern, type Serving, servePostern } from '../test/command.ts';

/** Every test starts several processes. */
const TIMEOUT_MS = 120_000;

let server: Serving;
let home: string;
let variables: Record<string, string>;
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'postern-issue-'));
  const token = mintTokenValue(randomBytes).reveal();
  variables = { XDG_CONFIG_HOME: home, POSTERN_DATA_DIR: join(home, 'data'), POSTERN_TOKEN: token };
  server = await servePostern({ ...variables, POSTERN_ADMIN_TOKEN: token });
  variables['POSTERN_URL'] = server.url;
  expect((await runPostern(['sa', 'create', 'robot'], variables)).code).toBe(0);
}, TIMEOUT_MS);
afterAll(async () => {
  await server?.end('SIGKILL');
  await rm(home, { recursive: true, force: true });
});

const CREATE = ['token', 'create', 'ci', '--account', 'robot', '--expires', '1h'];

function start(args: readonly string[], more: Readonly<Record<string, string>> = {}) {
  return spawn(process.execPath, [MAIN, ...args], { env: { PATH: process.env.PATH, ...variables, ...more } });
}

/** Where no file can hold anything. */
function startOnFullDisk(args: readonly string[], more: Readonly<Record<string, string>> = {}) {
  const limited = `trap '' XFSZ; ulimit -f 0; exec "$@"`;
  return spawn('sh', ['-c', limited, 'sh', process.execPath, MAIN, ...args], {
    env: { PATH: process.env.PATH, ...variables, ...more },
  });
}

async function tokens(): Promise<string> {
  return (await runPostern(['token', 'list', '--account', 'robot'], variables)).stdout;
}

test.each([
  ['SIGINT', 'exec sleep 30', 130],
  ['SIGTERM', 'sleep 20; true', 143],
] as const)('a signal reaches the command of --pipe, and the token is gone: %s', async (signal, command, exitCode) => {
  const child = start([...CREATE, '--pipe', `echo ready; ${command}`]);
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    if (!said.includes('ready') && (said + chunk).includes('ready')) child.kill(signal);
    said += chunk;
  });
  expect(await once(child, 'exit')).toEqual([exitCode, null]);
  await expect.poll(() => said).toContain(`ended with ${signal}. The new token was deleted again.`);
  expect(await tokens()).toBe('');
});

/** A server whose answers to POST wait until they are let go. */
async function holdAnswers() {
  const called = Promise.withResolvers<void>();
  const released = Promise.withResolvers<void>();
  const between = createServer(async (request, response) => {
    const { method = 'GET', url, headers } = request;
    const body = await text(request);
    const answer = await fetch(`${server.url}${url}`, {
      method,
      headers: { authorization: headers.authorization ?? '', ...(body && { 'content-type': 'application/json' }) },
      ...(body && { body }),
    });
    if (method === 'POST') {
      called.resolve();
      await released.promise;
    }
    response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? 'text/plain' });
    response.end(await answer.text());
  }).listen(0, '127.0.0.1');
  await once(between, 'listening');
  const { port } = between.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    called: called.promise,
    letGo: released.resolve,
    close: () => between.close(),
  };
}

test('a signal during the call leaves neither a token nor a file, and one that comes too late both', async () => {
  const file = join(home, 'value');
  const codes: unknown[] = [];
  // Nobody can say from outside when a signal has been noticed: an answer may overtake it.
  for (let turn = 0; turn < 10 && codes.at(-1) !== 130; turn += 1) {
    const held = await holdAnswers();
    const child = start([...CREATE, '--out', file], { POSTERN_URL: held.url });
    await held.called;
    child.kill('SIGINT');
    await setTimeout(100 * turn);
    held.letGo();
    const [said, [code]] = await Promise.all([text(child.stderr), once(child, 'close')]);
    held.close();
    codes.push(code);
    if (code === 130) expect(said).toContain('Interrupted (SIGINT). The new token was deleted again.');
    const isLate = code === 0;
    expect([existsSync(file), (await tokens()) !== '']).toEqual([isLate, isLate]);
    await rm(file, { force: true });
    await runPostern(['token', 'delete', '--all', '--account', 'robot', '--yes'], variables);
  }
  expect(codes.at(-1)).toBe(130);
});

test.skipIf(process.platform === 'win32')(
  'the token is gone also where the file that cannot be written cannot be taken away',
  async () => {
    const file = join(home, 'stays');
    const held = await holdAnswers();
    const child = startOnFullDisk([...CREATE, '--out', file], { POSTERN_URL: held.url });
    await held.called;
    // What stands there now is nothing that can be taken away as a file.
    await rm(file);
    await mkdir(file);
    held.letGo();
    const [said, ended] = await Promise.all([text(child.stderr), once(child, 'close')]);
    held.close();
    expect(ended).toEqual([1, null]);
    expect(said).toContain('cannot be written (EFBIG). The new token was deleted again. What was begun of the file');
    expect(await tokens()).toBe('');
  },
);

test.skipIf(process.platform === 'win32')(
  '1 when a file cannot be written, and neither it nor the token stays',
  async () => {
    const file = join(home, 'full');
    const child = startOnFullDisk([...CREATE, '--out', file]);
    const [said, ended] = await Promise.all([text(child.stderr), once(child, 'close')]);
    expect(ended).toEqual([1, null]);
    expect(said).toContain(`${file} cannot be written (EFBIG). The new token was deleted again.`);
    expect([existsSync(file), await tokens()]).toEqual([false, '']);
  },
);

test('1 with the id of the token when it can neither be delivered nor deleted', async () => {
  const { code, stderr } = await runPostern([...CREATE, '--pipe', `kill -9 ${server.pid}; exit 3`], variables);
  expect(code).toBe(1);
  expect(stderr).toMatch(
    /The command of --pipe ended with 3\. The new token tok_\w{26} could not be deleted and still works: .+ `postern token delete tok_\w{26}` ends it\.\n$/,
  );
});
