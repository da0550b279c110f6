import { join } from 'node:path';
import { describe, expect, inject, test } from 'vitest';
import { createDatabase } from '../../../testing/postgres.ts';
import { tmpDirectory } from '../../../testing/tmp.ts';
import { runPostern, type Serving, servePostern } from '../test/command.ts';

/** A test starts many processes, one after the other. */
const TIMEOUT_MS = 120_000;
const EMAIL = 'ada@example.com';
const PASSWORD = 'correct horse battery';
const ADMIN = { POSTERN_ADMIN_EMAIL: EMAIL, POSTERN_ADMIN_PASSWORD: PASSWORD };

async function signIn({ url }: Serving, password: string) {
  const answer = await fetch(`${url}/api/v1/auth/sign-in/email`, {
    method: 'POST',
    headers: { origin: url, 'content-type': 'application/json' },
    body: JSON.stringify({ email: EMAIL, password }),
  });
  const [cookie = ''] = (answer.headers.get('set-cookie') ?? '').split(';');
  return { status: answer.status, cookie };
}

const reset = (variables: Readonly<Record<string, string>>, ...args: string[]) =>
  runPostern(['member', 'reset-password', ...args], variables);

const passwordIn = (stdout: string): string => /^ {2}(\S{24})$/m.exec(stdout)?.[1] ?? '';

test.each([
  [[], 2, '`postern member reset-password` takes <email>.'],
  [['nobody'], 2, 'That is not an e-mail address.'],
  [[EMAIL], 1, 'There is no database in '],
])('`postern member reset-password` with %j ends with %i and one sentence', async (args, exitCode, sentence) => {
  const POSTERN_DATA_DIR = join(await tmpDirectory(), 'data');
  const { code, stdout, stderr } = await reset({ POSTERN_DATA_DIR }, ...args);
  expect([code, stdout]).toEqual([exitCode, '']);
  expect(stderr).toContain(sentence);
});

describe('a person who is locked out', { timeout: TIMEOUT_MS }, () => {
  test('of the embedded database gets a new password while the server is stopped', async () => {
    const variables = { POSTERN_DATA_DIR: join(await tmpDirectory(), 'data'), ...ADMIN };
    const first = await servePostern(variables);
    const { cookie } = await signIn(first, PASSWORD);
    expect((await reset(variables, EMAIL)).code).toBe(78);
    await first.end();
    expect(await reset(variables, 'eve@example.com')).toMatchObject({ code: 1, stdout: '' });
    const { stdout } = await reset(variables, EMAIL, '--without-second-step');
    const second = await servePostern(variables);
    try {
      expect((await signIn(second, PASSWORD)).status).toBe(401);
      expect((await signIn(second, passwordIn(stdout))).status).toBe(200);
      expect((await fetch(`${second.url}/api/v1/me`, { headers: { cookie } })).status).toBe(401);
    } finally {
      await second.end();
    }
  });

  test('of PostgreSQL gets one beside the running server, which ends the sessions', async () => {
    const database = await createDatabase(inject('postgresUrl'));
    const variables = {
      POSTERN_DATABASE_URL: database.url,
      POSTERN_SECRET_KEY: `k1:${Buffer.alloc(32, 7).toString('base64url')}`,
      ...ADMIN,
    };
    const server = await servePostern(variables);
    try {
      const { cookie } = await signIn(server, PASSWORD);
      const me = () => fetch(`${server.url}/api/v1/me`, { headers: { cookie } });
      expect((await me()).status).toBe(200);
      const { code, stdout } = await reset(variables, EMAIL);
      expect(code).toBe(0);
      expect((await me()).status).toBe(401);
      expect((await signIn(server, passwordIn(stdout))).status).toBe(200);
    } finally {
      await server.end();
      await database.drop();
    }
  });
});
