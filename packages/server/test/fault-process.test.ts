import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { generateSecretKey } from '@postern/core';
import { describe, expect, onTestFinished, test } from 'vitest';
import {
  createPosternData,
  launchPostern,
  type PosternData,
  removePosternData,
  startPosternOn,
} from '../../../testing/postern-process.ts';
import {
  ACCOUNTS,
  type Answer,
  accountPath,
  type Client,
  call,
  callExpecting,
  createAccount,
  createToken,
  eventually,
  listAll,
  type ServiceAccount,
  tokenPath,
} from './api.ts';
import { createDatabase, ENGINES, queryAt, queryFile, startPostern } from './postern.ts';

/** What ends or never begins: signals under load, and starts that are refused. */

describe.for(ENGINES)('SIGTERM on %s', (engine) => {
  test('requests in flight are answered, and the process ends with 0 within 10 s', async () => {
    const server = await startPostern(engine);
    onTestFinished(() => server.stop());
    const { admin } = server;
    const lock = await server.lockWriters();
    const names = Array.from({ length: 8 }, (_, index) => `In flight ${index}`);
    const creating = names.map((displayName) =>
      call(admin, 'POST', ACCOUNTS, { body: { displayName, organizationRole: 'member' } }),
    );
    // Once later requests are answered, and PostgreSQL sees them wait, all of these have been read.
    for (let trip = 0; trip < 10; trip += 1) await callExpecting(200, admin, 'GET', `${ACCOUNTS}?limit=1`);
    await eventually('all wait', async () => ((await lock.countWaiting()) ?? names.length) >= names.length);
    const begun = performance.now();
    server.process.signal('SIGTERM');
    await eventually('it takes no more connections', async () =>
      fetch(`${server.url}/healthz`, { headers: { connection: 'close' } }).then(
        () => false,
        () => true,
      ),
    );
    await lock.unlock();
    expect((await Promise.all(creating)).map(({ status }) => status)).toEqual(names.map(() => 201));
    const answered = performance.now();
    expect(await server.process.exited).toBe(0);
    expect(performance.now() - begun).toBeLessThan(10_000);
    // It does not wait for connections that have nothing more to say.
    expect(performance.now() - answered).toBeLessThan(5_000);
    await server.restart();
    const accounts = await listAll<ServiceAccount>(server.admin, `${ACCOUNTS}?search=in%20flight`);
    expect(accounts.map(({ displayName }) => displayName).sort()).toEqual(names);
  });

  test('under load every answer is whole, no acknowledged mutation is lost, and all use is counted', async () => {
    const server = await startPostern(engine);
    onTestFinished(() => server.stop());
    const { admin } = server;
    const account = await createAccount(admin);
    const { token, value } = await createToken(admin, account);
    const acknowledged = new Set<string>();
    let answered = 0;
    let running = true;
    /** Goes on until nobody answers any more; what is answered must be right to the end. */
    async function lane(send: () => Promise<Answer<unknown>>, expected: number, noted: () => void): Promise<void> {
      while (running) {
        const answer = await send().catch(() => undefined);
        if (!answer) return;
        expect(answer.status, answer.text).toBe(expected);
        noted();
      }
    }
    let number = 0;
    const creating = () => {
      number += 1;
      const displayName = `Loaded ${number}`;
      let made: string | undefined = displayName;
      return lane(
        () => {
          number += 1;
          made = `Loaded ${number}`;
          return call(admin, 'POST', ACCOUNTS, { body: { displayName: made, organizationRole: 'member' } });
        },
        201,
        () => acknowledged.add(made ?? displayName),
      );
    };
    const using = () =>
      lane(
        () => call({ url: server.url, token: value }, 'GET', '/api/v1/me'),
        200,
        () => {
          answered += 1;
        },
      );
    const lanes = Promise.all([...Array.from({ length: 16 }, using), creating(), creating(), creating()]);
    await eventually('there is load', () => answered >= 500 && acknowledged.size >= 30);
    server.process.signal('SIGTERM');
    expect(await server.process.exited).toBe(0);
    await lanes;
    running = false;
    await server.restart();
    const names = new Set(
      (await listAll<ServiceAccount>(server.admin, ACCOUNTS)).map(({ displayName }) => displayName),
    );
    expect([...acknowledged].filter((name) => !names.has(name))).toEqual([]);
    const path = tokenPath(account, token, '/callers');
    const callers = await callExpecting<{ items: { calls: number }[] }>(200, server.admin, 'GET', path);
    const counted = callers.body.items.reduce((sum, { calls }) => sum + calls, 0);
    // What was counted may never have come back to its caller, who was cut off; never the reverse.
    expect(counted).toBeGreaterThanOrEqual(answered);
    expect(counted).toBeLessThanOrEqual(answered + 16);
  });
});

/** A process that must not start: what it said, which is one sentence for each thing that is wrong. */
async function expectRefused(
  data: PosternData,
  code: number,
  env: Record<string, string | undefined> = {},
  nothingOf: readonly string[] = [],
): Promise<string> {
  const launch = launchPostern(data, { env });
  expect(await launch.exited, launch.stderr()).toBe(code);
  const said = launch.stderr();
  expect(launch.stdout()).toBe('');
  expect(said).not.toMatch(/^\s+at |\.[jt]s:\d|Error:|\[object|undefined/m);
  expect(said.trim().split('\n')).toHaveLength(1);
  // A sentence, at the end of which may stand a setting to copy.
  expect(said.trim()).toMatch(/[.?"]$/);
  for (const text of nothingOf) expect(said).not.toContain(text);
  return said;
}

async function newData(databaseUrl?: string): Promise<PosternData> {
  const data = await createPosternData(databaseUrl);
  onTestFinished(() => removePosternData(data));
  return data;
}

describe('starts that are refused with one sentence', () => {
  test('78 for settings that are wrong: a sentence for each, which names it and repeats no value', async () => {
    const wrong: Record<string, string> = {
      POSTERN_HOST: 'hunter2 example',
      POSTERN_PORT: 'hunter2',
      POSTERN_DATABASE_URL: 'mysql://root:hunter2@localhost/x',
      POSTERN_SECRET_KEY: 'main:hunter2',
      POSTERN_SECRET_KEY_PREVIOUS: 'hunter2',
      POSTERN_ORGANIZATION: 'hunter2\u202e',
      POSTERN_ADMIN_TOKEN: `pst_hunter2${'0'.repeat(42)}`,
      POSTERN_PUBLIC_URL: 'hunter2.example.org',
      POSTERN_TRUSTED_PROXIES: '10.0.0.0/33, hunter2',
      POSTERN_LOG_LEVEL: 'hunter2',
      POSTERN_CACHE_BYTES: 'hunter2',
      POSTERN_PROT: 'hunter2',
    };
    const launch = launchPostern(await newData(), { env: wrong });
    expect(await launch.exited).toBe(78);
    const said = launch.stderr();
    expect(said).not.toContain('hunter2');
    expect(said).not.toContain('mysql');
    const lines = said.trim().split('\n');
    expect(lines.map((line) => line.split(' ')[0]).sort()).toEqual(Object.keys(wrong).sort());
    for (const line of lines) expect(line).toMatch(/^POSTERN_\w+ (?:must be .*\.|is not a setting; .*\?)$/);
    expect(launch.stdout()).toBe('');
  });

  test.for(['hunter2', 'pst_', `pst_${'0'.repeat(49)}`, 'Bearer hunter2'])(
    '78 for POSTERN_ADMIN_TOKEN=%s, which is not repeated',
    async (value) => {
      const said = await expectRefused(await newData(), 78, { POSTERN_ADMIN_TOKEN: value });
      expect(said).toContain('POSTERN_ADMIN_TOKEN');
      expect(said).not.toMatch(/hunter2|pst_/);
    },
  );

  test('78 for PostgreSQL without a secret key', async () => {
    const data = await newData('postgres://u:hunter2@127.0.0.1:1/x');
    const said = await expectRefused(data, 78, { POSTERN_SECRET_KEY: undefined }, ['hunter2']);
    expect(said).toContain('POSTERN_SECRET_KEY');
  });

  test('a database that does not answer', async () => {
    const data = await newData('postgres://somebody:hunter2@127.0.0.1:1/x');
    expect(await expectRefused(data, 1, {}, ['hunter2'])).toContain('POSTERN_DATABASE_URL');
  });

  test('a password that is wrong', async () => {
    const { url, drop } = await createDatabase();
    onTestFinished(drop);
    const wrong = new URL(url);
    wrong.password = 'hunter2';
    const data = await newData(wrong.href);
    expect(await expectRefused(data, 1, {}, ['hunter2'])).toContain('POSTERN_DATABASE_URL');
  });

  test('a port that is taken', async () => {
    const server = await startPostern('sqlite');
    onTestFinished(() => server.stop());
    const { port } = new URL(server.url);
    const data = await newData();
    expect(await expectRefused(data, 1, { POSTERN_PORT: port })).toContain(port);
    // The first start has not been used up.
    const postern = await startPosternOn(data);
    expect((await call({ url: postern.url, token: data.adminToken }, 'GET', '/api/v1/me')).status).toBe(200);
    await postern.stop();
  });

  test('a second process on the same data directory; the first one goes on', async () => {
    const server = await startPostern('sqlite');
    onTestFinished(() => server.stop());
    expect(await expectRefused(server.data, 1)).toContain(String(server.process.pid));
    expect((await call(server.admin, 'GET', '/api/v1/me')).status).toBe(200);
    await createAccount(server.admin);
  });

  test.for(ENGINES)('a database of a newer Postern, on %s', async (engine) => {
    const database = engine === 'postgres' ? await createDatabase() : undefined;
    if (database) onTestFinished(database.drop);
    const data = await newData(database?.url);
    const first = await startPosternOn(data);
    expect(await first.stop()).toBe(0);
    const newer = `insert into migration (number, name, applied_at) values (999, 'future', 0) returning number`;
    await (database ? queryAt(database.url, newer) : queryFile(join(first.dataDirectory, 'postern.db'), newer));
    expect(await expectRefused(data, 1)).toContain('newer');
  });

  test('a file that is no database', async () => {
    const data = await newData();
    await writeFile(join(data.directory, 'data', 'secret.key'), `${generateSecretKey('k', randomBytes)}\n`, {
      mode: 0o600,
    });
    await writeFile(join(data.directory, 'data', 'postern.db'), randomBytes(8_192));
    expect(await expectRefused(data, 1)).toContain('postern.db');
  });

  test("another program's database", async () => {
    const data = await newData();
    await writeFile(join(data.directory, 'data', 'secret.key'), `${generateSecretKey('k', randomBytes)}\n`, {
      mode: 0o600,
    });
    const file = join(data.directory, 'data', 'postern.db');
    await queryFile(file, 'create table recipe (id integer primary key) strict');
    expect(await expectRefused(data, 1)).toContain('another program');
    expect(await queryFile(file, 'select name from sqlite_schema')).toEqual([{ name: 'recipe' }]);
  });

  test('a data directory that is a file', async () => {
    const data = await newData();
    const path = join(data.directory, 'file');
    await writeFile(path, '');
    expect(await expectRefused(data, 1, { POSTERN_DATA_DIR: path })).toContain(`${path} cannot be the data directory`);
  });

  test('78 for a key file that holds no key', async () => {
    const data = await newData();
    await writeFile(join(data.directory, 'data', 'secret.key'), 'hunter2\n', { mode: 0o600 });
    expect(await expectRefused(data, 78, {}, ['hunter2'])).toContain('secret.key');
  });

  test('78 for a database whose key file is gone', async () => {
    const data = await newData();
    await mkdir(join(data.directory, 'other'));
    await writeFile(join(data.directory, 'other', 'postern.db'), '');
    const said = await expectRefused(data, 78, { POSTERN_DATA_DIR: join(data.directory, 'other') });
    expect(said).toContain('secret.key');
  });
});

test('POSTERN_ADMIN_TOKEN is used by the first start only: a later one never brings it back', async () => {
  const data = await newData();
  const first = await startPosternOn(data);
  const admin: Client = { url: first.url, token: data.adminToken };
  const other = await createAccount(admin, { organizationRole: 'admin' });
  const { value } = await createToken(admin, other);
  const caller = { url: first.url, token: value };
  const [bootstrap] = await listAll<ServiceAccount>(caller, `${ACCOUNTS}?search=bootstrap`);
  await callExpecting(204, caller, 'DELETE', accountPath(bootstrap as ServiceAccount));
  const second = await first.restart();
  onTestFinished(() => second.remove());
  expect((await call({ url: second.url, token: data.adminToken }, 'GET', '/api/v1/me')).status).toBe(401);
  const accounts = await listAll<ServiceAccount>({ ...caller, url: second.url }, ACCOUNTS);
  expect(accounts.map(({ id }) => id)).toEqual([other.id]);
});

test('three first starts at once on one PostgreSQL make one organization, and all three serve it', async () => {
  const database = await createDatabase();
  onTestFinished(database.drop);
  const data = await newData(database.url);
  const processes = await Promise.all([1, 2, 3].map(() => startPosternOn(data)));
  onTestFinished(async () => {
    await Promise.all(processes.map((each) => each.kill()));
  });
  const clients = processes.map(({ url }): Client => ({ url, token: data.adminToken }));
  const organizations = await Promise.all(
    clients.map((client) => callExpecting<{ id: string }>(200, client, 'GET', '/api/v1/organization')),
  );
  expect(new Set(organizations.map(({ body }) => body.id)).size).toBe(1);
  const accounts = await listAll<ServiceAccount>(clients[0] as Client, ACCOUNTS);
  expect(accounts.map(({ displayName }) => displayName)).toEqual(['bootstrap']);
  for (const each of processes) expect(await each.stop()).toBe(0);
});
