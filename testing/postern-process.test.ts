import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, inject, onTestFinished, test } from 'vitest';
import { createHttpClient } from './http-client.ts';
import { startPostern } from './postern-process.ts';
import { createDatabase } from './postgres.ts';
import { isRunning } from './process.ts';

const moduleUrl = new URL('./postern-process.ts', import.meta.url).href;
const root = fileURLToPath(new URL('..', import.meta.url));

test('Postern starts, goes on after a kill, stops in good order, and leaves nothing behind', async () => {
  const first = await startPostern();
  onTestFinished(() => first.remove());
  const second = await first.restart();
  onTestFinished(() => second.kill());
  expect(second.url).toBe(first.url);
  const client = createHttpClient(second.url, second.adminToken);
  onTestFinished(() => client.close());
  const me = await client.call('GET', '/api/v1/me');
  expect(me).toMatchObject({
    status: 200,
    body: { displayName: 'bootstrap' },
    requestId: expect.stringMatching(/^req_/),
  });
  expect(await second.stop()).toBe(0);
  expect(second.stdout()).toBe(`Postern is listening on ${second.url}\n`);
  await second.remove();
  expect(existsSync(second.data.directory)).toBe(false);
});

test('Postern starts on PostgreSQL', async () => {
  const database = await createDatabase(inject('postgresUrl'));
  onTestFinished(() => database.drop());
  await using postern = await startPostern({ databaseUrl: database.url });
  const client = createHttpClient(postern.url, postern.adminToken);
  onTestFinished(() => client.close());
  expect((await client.call('GET', '/api/v1/me')).status).toBe(200);
  expect((await client.call('GET', '/api/v1/me', { token: null })).status).toBe(401);
});

test('what keeps it from starting is in the error', async () => {
  await expect(startPostern({ env: { POSTERN_PORT: 'x' } })).rejects.toThrow(/before it was ready.*POSTERN_PORT/s);
});

test('it goes down with whoever started it, however that ends', async () => {
  const script = `
    const { startPostern } = await import(${JSON.stringify(moduleUrl)});
    const { pid, data } = await startPostern();
    console.log(JSON.stringify({ pid, directory: data.directory }));
    setInterval(() => undefined, 1_000);`;
  const parent = spawn(
    process.execPath,
    ['--conditions=postern-src', '--input-type=module', '--no-warnings', '-e', script],
    { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const [line] = await once(parent.stdout, 'data');
  const { pid, directory } = JSON.parse(String(line)) as { pid: number; directory: string };
  parent.kill('SIGKILL');
  await expect.poll(() => isRunning(pid), { timeout: 10_000 }).toBe(false);
  await expect.poll(() => existsSync(directory), { timeout: 10_000 }).toBe(false);
});
