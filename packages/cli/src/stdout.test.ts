import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, existsSync, openSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { encodeTokenValue, mintTokenValue } from '@postern/core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { MAIN, runPostern, type Serving, servePostern } from '../test/command.ts';

/** Every test starts several processes. */
const TIMEOUT_MS = 120_000;
/** More than fits between a writer and a reader who has gone. */
const MANY = 20_000;
/** Where every write finds the disk full. */
const FULL = '/dev/full';

let server: Serving;
let home: string;
let variables: Record<string, string>;
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'postern-stdout-'));
  const token = mintTokenValue(randomBytes).reveal();
  server = await servePostern({ POSTERN_DATA_DIR: join(home, 'data'), POSTERN_ADMIN_TOKEN: token });
  variables = { XDG_CONFIG_HOME: home, POSTERN_URL: server.url, POSTERN_TOKEN: token };
  expect((await runPostern(['sa', 'create', 'robot'], variables)).code).toBe(0);
}, TIMEOUT_MS);
afterAll(async () => {
  await server?.end();
  await rm(home, { recursive: true, force: true });
});

interface Unread {
  readonly code: number | null;
  readonly stderr: string;
}

/** Its reader goes: at once, or once it has read something. */
async function runUnread(args: readonly string[], when: 'at once' | 'after some'): Promise<Unread> {
  const child = spawn(process.execPath, [MAIN, ...args], { env: { PATH: process.env.PATH, ...variables } });
  const closed = once(child, 'close');
  if (when === 'at once') child.stdout.destroy();
  else child.stdout.once('data', () => child.stdout.destroy());
  const [stderr, [code]] = await Promise.all([text(child.stderr), closed]);
  return { code: code as number | null, stderr };
}

async function runOnFullDisk(args: readonly string[]): Promise<Unread> {
  const full = openSync(FULL, 'w');
  const child = spawn(process.execPath, [MAIN, ...args], {
    env: { PATH: process.env.PATH, ...variables },
    stdio: ['ignore', full, 'pipe'],
  });
  closeSync(full);
  const [stderr, [code]] = await Promise.all([
    text(child.stderr as NonNullable<typeof child.stderr>),
    once(child, 'close'),
  ]);
  return { code: code as number | null, stderr };
}

async function tokensOf(account: string): Promise<string> {
  return (await runPostern(['token', 'list', '--account', account], variables)).stdout;
}

const CREATE = ['token', 'create', 'ci', '--account', 'robot', '--expires', '1h'];

test('10 stays 10 when the reader has had enough', async () => {
  const file = join(home, 'leaks');
  const value = encodeTokenValue(Buffer.alloc(32, 1)).reveal();
  await writeFile(file, `${value}\n`.repeat(MANY));
  expect(await runUnread(['scan', '--offline', file], 'after some')).toEqual({ code: 10, stderr: '' });
  expect((await runPostern([...CREATE], variables)).code).toBe(0);
  expect(await runUnread(['token', 'list', '--fail'], 'at once')).toEqual({ code: 10, stderr: '' });
  expect(await runUnread(['token', 'list'], 'at once')).toEqual({ code: 0, stderr: '' });
  expect((await runPostern(['token', 'delete', 'ci', '--yes'], variables)).code).toBe(0);
});

test.each([[[]], [['--json']]])('1 when nobody reads a new value, and the token is gone again: %j', async (more) => {
  const { code, stderr } = await runUnread([...CREATE, ...more], 'at once');
  expect(code).toBe(1);
  expect(stderr).toContain('nobody reads the standard output. The new token was deleted again.');
  expect(stderr).not.toContain('expires at');
  expect(await tokensOf('robot')).toBe('');
});

test.each([
  ['ada', []],
  ['eve', ['--json']],
])('1 when nobody reads the link of an invitation: %s, %j', async (name, more) => {
  const { code, stderr } = await runUnread(['member', 'create', `${name}@example.com`, ...more], 'at once');
  expect(code).toBe(1);
  expect(stderr).toContain('What was printed is lost: nobody reads the standard output.');
});

test('1 when nobody reads a value that was asked for without a server', async () => {
  const { code, stderr } = await runUnread(['token', 'generate'], 'at once');
  expect([code, stderr]).toEqual([1, 'What was printed is lost: nobody reads the standard output.\n']);
});

test.skipIf(!existsSync(FULL))('1 and the reason when the disk is full, and the token is gone again', async () => {
  const { code, stderr } = await runOnFullDisk(CREATE);
  expect(code).toBe(1);
  expect(stderr).toContain('The standard output cannot be written (ENOSPC). The new token was deleted again.');
  expect(await tokensOf('robot')).toBe('');
  const listed = await runOnFullDisk(['sa', 'list']);
  expect(listed).toEqual({ code: 1, stderr: 'The standard output cannot be written (ENOSPC).\n' });
});
