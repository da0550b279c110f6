import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readdir, stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { mintTokenValue } from '@postern/core';
import { expect, onTestFinished, test } from 'vitest';
import { tmpDirectory } from '../../../testing/tmp.ts';
import { MAIN } from '../test/command.ts';

/** The address of a server whose exports begin and do not end. */
async function startUnendingServer(): Promise<string> {
  const server = createServer((_, response) => {
    response.writeHead(200, { 'content-type': 'text/csv' }).write('at,action\n');
  }).listen(0, '127.0.0.1');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)('an export that %s breaks off leaves no file', async (signal, exitCode) => {
  const directory = await tmpDirectory();
  const file = join(directory, 'audit.csv');
  const child = spawn(process.execPath, [MAIN, 'audit', 'export', '--out', file], {
    env: {
      PATH: process.env.PATH,
      XDG_CONFIG_HOME: join(directory, 'none'),
      POSTERN_URL: await startUnendingServer(),
      POSTERN_TOKEN: mintTokenValue(randomBytes).reveal(),
    },
  });
  const ended = Promise.all([text(child.stderr), once(child, 'close')]);
  const size = async () => (await stat(file).catch(() => undefined))?.size;
  await expect.poll(size, { timeout: 30_000 }).toBeGreaterThan(0);
  child.kill(signal);
  expect(await ended).toEqual([`Interrupted (${signal}).\n`, [exitCode, null]]);
  expect(await readdir(directory)).toEqual([]);
});
