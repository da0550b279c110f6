import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { mintTokenValue } from '@postern/core';
import { expect, test } from 'vitest';
import { tmpDirectory } from '../../../testing/tmp.ts';
import { runPostern, servePostern } from '../test/command.ts';
import { codeIn, setUp } from '../test/set-up.ts';

/** Many processes, one after the other. */
const TIMEOUT_MS = 120_000;

test('`postern setup-link` makes a link until a person is there; those before it end', {
  timeout: TIMEOUT_MS,
}, async () => {
  const data = join(await tmpDirectory(), 'data');
  const link = (variables = {}) => runPostern(['setup-link'], { POSTERN_DATA_DIR: data, ...variables });
  const missing = await link();
  expect([missing.code, missing.stdout, missing.stderr]).toEqual([1, '', `There is no database in ${data}.\n`]);
  expect(existsSync(data)).toBe(false);

  // Whoever began with a token only may let a person in, too.
  const POSTERN_ADMIN_TOKEN = mintTokenValue(randomBytes).reveal();
  const first = await servePostern({ POSTERN_DATA_DIR: data, POSTERN_ADMIN_TOKEN });
  const beside = await link();
  expect([beside.code, beside.stdout]).toEqual([78, '']);
  expect(beside.stderr).toContain('stop it, run this again');
  await first.end();

  const before = await link({ POSTERN_PORT: '7071' });
  const ended = codeIn(before.stdout, 'http://127.0.0.1:7071');
  const made = await link({ POSTERN_PUBLIC_URL: 'https://postern.example.com' });
  expect([made.code, made.stderr]).toEqual([0, '']);
  const code = codeIn(made.stdout, 'https://postern.example.com');

  const second = await servePostern({ POSTERN_DATA_DIR: data });
  expect((await setUp(second.url, ended)).status).toBe(409);
  expect((await setUp(second.url, code)).status).toBe(200);
  await second.end();

  const late = await link();
  expect([late.code, late.stdout, late.stderr]).toEqual([
    1,
    '',
    'Postern is set up already: an admin invites people, in the console or the API.\n',
  ]);
});
