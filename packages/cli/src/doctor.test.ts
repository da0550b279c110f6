import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { tmpDirectory } from '../../../testing/tmp.ts';
import { runPostern, servePostern } from '../test/command.ts';

test('`postern doctor` says what is well, and what to do about what is not', { timeout: 120_000 }, async () => {
  const POSTERN_DATA_DIR = join(await tmpDirectory(), 'data');
  const states = async (variables: Readonly<Record<string, string>>) => {
    const { code, stdout } = await runPostern(['doctor', '--json'], { POSTERN_DATA_DIR, ...variables });
    const found = JSON.parse(stdout) as { what: string; state: string; advice: string | null }[];
    for (const { state, advice } of found) expect(advice === null).toBe(state === 'ok');
    return { code, ...Object.fromEntries(found.map(({ what, state }) => [what, state])) };
  };
  expect(await states({ POSTERN_PORT: 'x' })).toEqual({ code: 1, settings: 'fail' });
  expect(await states({ POSTERN_PORT: '0' })).toMatchObject({ code: 0, database: 'warn', server: 'warn' });
  const server = await servePostern({ POSTERN_DATA_DIR });
  const POSTERN_PORT = new URL(server.url).port;
  const well = {
    code: 0,
    settings: 'ok',
    'secret key': 'ok',
    database: 'ok',
    clock: 'ok',
    server: 'ok',
    proxies: 'ok',
  };
  expect(await states({ POSTERN_PORT })).toEqual({ ...well, 'public address': 'ok' });
  const behind = { POSTERN_PORT, POSTERN_PUBLIC_URL: 'https://127.0.0.1:9' };
  expect(await states(behind)).toMatchObject({ code: 1, 'public address': 'fail', proxies: 'warn' });
  expect(await states({ POSTERN_PORT, POSTERN_PUBLIC_URL: server.url })).toMatchObject({ 'public address': 'warn' });
  const asked = { POSTERN_PORT, POSTERN_FORWARD_AUTH_HEADER: 'X-Api-Key' };
  expect(await states(asked)).toMatchObject({ proxies: 'warn' });
  expect(await states({ ...asked, POSTERN_TRUSTED_PROXIES: '127.0.0.1' })).toMatchObject({ proxies: 'ok' });
  await server.end();
  expect(await states({ POSTERN_PORT })).toMatchObject({ code: 1, database: 'ok', server: 'fail' });
  await rm(join(POSTERN_DATA_DIR, 'secret.key'));
  expect(await states({ POSTERN_PORT })).toMatchObject({ code: 1, 'secret key': 'fail' });
});
