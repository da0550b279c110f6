import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as wait } from 'node:timers/promises';
import { mintTokenValue } from '@postern/core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Ended, MAIN, runPostern, type Serving, servePostern } from '../test/command.ts';

const TIMEOUT_MS = 120_000;
const KILLS = 8;

interface Answer {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: an answer's body is what the test says it is
  readonly body: any;
}

async function call(server: Serving, token: string, method: string, path: string, body?: unknown): Promise<Answer> {
  const answer = await fetch(`${server.url}/api/v1/${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, ...(body !== undefined && { 'content-type': 'application/json' }) },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  return { status: answer.status, body: text === '' ? undefined : JSON.parse(text) };
}

function change(file: string, text: string): void {
  const database = new DatabaseSync(file);
  database.exec(text);
  database.close();
}

/** Which of the two it is, once it has been found whole. */
function incarnationOf(file: string): unknown {
  const database = new DatabaseSync(file);
  try {
    expect(database.prepare('pragma integrity_check').get()).toEqual({ integrity_check: 'ok' });
    const [row] = database.prepare('select incarnation, quarantine from installation, organization').all();
    expect([row?.['incarnation'], row?.['quarantine']]).toEqual(
      row?.['incarnation'] === 1 ? [1, null] : [2, 'releasable'],
    );
    return row?.['incarnation'];
  } finally {
    database.close();
  }
}

describe('a backup of the embedded database', { timeout: TIMEOUT_MS }, () => {
  const admin = mintTokenValue(randomBytes).reveal();
  let directory: string;
  let data: string;
  let variables: Readonly<Record<string, string>>;
  let backup: string;
  let before: string;
  const values: Record<string, string> = {};
  const postern = (...args: readonly string[]): Promise<Ended> => runPostern(args, variables);

  async function withServer<Value>(work: (server: Serving) => Promise<Value>): Promise<Value> {
    const server = await servePostern(variables);
    try {
      return await work(server);
    } finally {
      expect((await server.end()).code).toBe(0);
    }
  }

  /** The data directory as it was when the server was stopped. */
  function startOver(): void {
    rmSync(data, { recursive: true });
    cpSync(before, data, { recursive: true });
  }

  const filesIn = (path: string) => readdirSync(path, { recursive: true, encoding: 'utf8' });

  beforeAll(async () => {
    directory = mkdtempSync(join(realpathSync(tmpdir()), 'postern-backup-'));
    data = join(directory, 'data');
    backup = join(directory, 'backup');
    before = join(directory, 'before');
    variables = { POSTERN_DATA_DIR: data, POSTERN_ADMIN_TOKEN: admin, POSTERN_LOG_LEVEL: 'error' };
    await withServer(async (server) => {
      const ask = async (method: string, path: string, body?: unknown) => {
        const answer = await call(server, admin, method, path, body);
        expect(answer.status, `${method} ${path}: ${JSON.stringify(answer.body)}`).toBeLessThan(300);
        return answer.body;
      };
      const account = async (name: string) => {
        const { id } = await ask('POST', 'service-accounts', { displayName: name, organizationRole: 'member' });
        const made = await ask('POST', `service-accounts/${id}/tokens`, { name });
        values[name] = made.value;
        return { id, tokenId: made.token.id } as { id: string; tokenId: string };
      };
      const [kept, revoked, deleted] = [await account('kept'), await account('revoked'), await account('deleted')];
      const workspace = await ask('POST', 'workspaces', { name: 'prod' });
      await ask('PUT', `workspaces/${workspace.id}/members/${kept.id}`, { role: 'manager' });

      const written = await postern('backup', backup);
      expect([written.code, written.stdout]).toEqual([
        0,
        `Wrote ${backup}. Its secret key is not in it: keep that elsewhere.\n`,
      ]);
      expect(statSync(backup).mode & 0o777).toBe(0o600);
      const again = await postern('backup', backup);
      expect([again.code, again.stderr]).toEqual([
        1,
        `${backup} is there already; a backup never replaces anything.\n`,
      ]);
      const running = await postern('restore', backup);
      expect([running.code, running.stderr]).toEqual([78, expect.stringContaining('A running Postern')]);

      await ask('DELETE', `service-accounts/${revoked.id}/tokens/${revoked.tokenId}`);
      await ask('DELETE', `service-accounts/${deleted.id}`);
      await ask('DELETE', `workspaces/${workspace.id}/members/${kept.id}`);
    });
    cpSync(data, before, { recursive: true });
  });
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  test('put in place by hand does not start: what was revoked since would work again', async () => {
    copyFileSync(backup, join(data, 'postern.db'));
    const { code, stderr } = await postern('serve');
    expect(code).toBe(1);
    expect(stderr).toContain('The database is older than the revocation journal');
    expect(stderr).toContain('postern restore');
    startOver();
  });

  test.each([
    [
      'one of a newer Postern',
      (file: string) => change(file, "insert into migration values (999, 'next', 0)"),
      1,
      'newer Postern',
    ],
    [
      'a damaged one',
      (file: string) => writeFileSync(file, 'not a database, and long enough to be read as one'),
      1,
      'damaged',
    ],
    [
      'one of another program',
      (file: string) => change(file, 'pragma application_id = 7'),
      1,
      'is no backup of Postern',
    ],
    ['one that is not there', (file: string) => rmSync(file), 1, 'There is no backup'],
  ])('is refused: %s, and nothing is touched', async (_what, spoil, exitCode, sentence) => {
    const file = join(directory, 'spoiled');
    copyFileSync(backup, file);
    chmodSync(file, 0o600);
    spoil(file);
    const { code, stdout, stderr } = await postern('restore', file);
    expect([code, stdout]).toEqual([exitCode, '']);
    expect(stderr).toContain(sentence);
    expect(readdirSync(data).filter((name) => /restoring|before/.test(name))).toEqual([]);
    expect(incarnationOf(join(data, 'postern.db'))).toBe(1);
  });

  test('is refused under another secret key', async () => {
    const key = `other:${randomBytes(32).toString('base64url')}`;
    const { code, stderr } = await runPostern(['restore', backup], { ...variables, POSTERN_SECRET_KEY: key });
    expect([code, stderr]).toEqual([78, expect.stringContaining('This database was written with the secret key')]);
    expect(incarnationOf(join(data, 'postern.db'))).toBe(1);
  });

  test(`is the database, or the old one is, after each of ${KILLS} kills in the middle`, async () => {
    const seen = new Set<unknown>();
    for (let round = 0; round < KILLS; round += 1) {
      startOver();
      const child = spawn(process.execPath, [MAIN, 'restore', backup], {
        env: { PATH: process.env.PATH, ...variables },
        stdio: 'ignore',
      });
      const exited = once(child, 'exit');
      while (!existsSync(join(data, 'postern.db.restoring')) && child.exitCode === null) await wait(1);
      await wait(round * 12);
      child.kill('SIGKILL');
      await exited;
      seen.add(incarnationOf(join(data, 'postern.db')));
    }
    expect(seen).toContain(1);
    // What was left half done does not stand in the way.
    startOver();
    expect((await postern('restore', backup)).code).toBe(0);
    expect(incarnationOf(join(data, 'postern.db'))).toBe(2);
    startOver();
  });

  test('brings back nothing that was revoked since, and lets the rest wait until it is released', async () => {
    const restored = await postern('restore', backup);
    expect([restored.code, restored.stderr]).toEqual([0, '']);
    expect(restored.stdout).toMatch(
      /^Restored 1 organization; 3 revocations since the backup applied\.\nThe database that was there is .*postern\.db\.before-.*\.\nTokens wait \(401\)/,
    );
    const code = (server: Serving, token: string) =>
      call(server, token, 'GET', 'me').then(({ status, body }) => [status, body.code]);
    await withServer(async (server) => {
      expect(await code(server, admin)).toEqual([401, 'token.quarantined']);
      expect(await code(server, values['kept'] ?? '')).toEqual([401, 'token.quarantined']);
      expect(await code(server, values['revoked'] ?? '')).toEqual([401, 'token.invalid']);
      expect(await code(server, values['deleted'] ?? '')).toEqual([401, 'token.invalid']);
    });
    expect((await postern('quarantine', 'list')).stdout).toMatch(/^org_\w+\tMy organization\twait\n$/);
    expect((await postern('quarantine', 'release')).code).toBe(2);
    const released = await postern('quarantine', 'release', '--all');
    expect([released.code, released.stdout]).toEqual([0, expect.stringMatching(/^org_\w+: its tokens work again\n$/)]);
    expect((await postern('quarantine', 'list')).stdout).toBe('');
    await withServer(async (server) => {
      expect(await call(server, values['kept'] ?? '', 'GET', 'me')).toMatchObject({
        status: 200,
        body: { workspaces: [] },
      });
      expect(await code(server, values['revoked'] ?? '')).toEqual([401, 'token.invalid']);
      expect(await code(server, values['deleted'] ?? '')).toEqual([401, 'token.invalid']);
      expect((await call(server, admin, 'GET', 'service-accounts')).body.items).toHaveLength(3);
    });
    startOver();
  });

  const isRoot = process.getuid?.() === 0;
  const title = `run by root, leaves all that it makes to whoever has the data directory${isRoot ? '' : ': needs root'}`;
  test.skipIf(!isRoot)(title, async () => {
    const SERVER = 4_711;
    rmSync(join(data, 'process.lock'));
    for (const path of ['.', ...filesIn(data)]) chownSync(join(data, path), SERVER, SERVER);
    expect((await postern('restore', backup)).code).toBe(0);
    expect((await postern('quarantine', 'delete-tokens', '--all')).code).toBe(0);
    const owners = filesIn(data).map((path) => [path, statSync(join(data, path)).uid]);
    expect(owners.map(([path]) => path)).toEqual(expect.arrayContaining(['postern.db', 'process.lock', 'revocations']));
    expect(owners.filter(([, uid]) => uid !== SERVER)).toEqual([]);
    startOver();
  });

  test('without a journal that reaches back to it is restored on request only, and nothing of it can be released', async () => {
    rmSync(join(data, 'revocations'), { recursive: true });
    const refused = await postern('restore', backup);
    expect([refused.code, refused.stdout]).toEqual([78, '']);
    expect(refused.stderr).toContain('There is no revocation journal in ');
    const restored = await postern('restore', backup, '--without-journal');
    expect([restored.code, restored.stdout]).toEqual([0, expect.stringContaining('tokens can only be deleted')]);
    const release = await postern('quarantine', 'release', '--all');
    expect([release.code, release.stderr]).toEqual([
      1,
      'The tokens of this organization cannot be released, only deleted.\n',
    ]);
    expect((await postern('quarantine', 'delete-tokens', '--all')).stdout).toMatch(/its tokens are deleted\n$/);
    await withServer(async (server) => {
      for (const token of [admin, ...Object.values(values)]) {
        expect(await call(server, token, 'GET', 'me')).toMatchObject({ status: 401, body: { code: 'token.invalid' } });
      }
    });
  });
});

test('`postern backup` of a PostgreSQL database names the guide', async () => {
  const { code, stderr } = await runPostern(['backup', 'x'], { POSTERN_DATABASE_URL: 'postgres://h/d' });
  expect([code, stderr]).toEqual([78, expect.stringContaining('docs/guides/operate.md')]);
});
