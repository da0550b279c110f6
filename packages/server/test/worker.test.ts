import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { createHttpClient, type HttpClient } from '../../../testing/http-client.ts';
import {
  createPosternData,
  launchPostern,
  removePosternData,
  startPostern as startProcess,
} from '../../../testing/postern-process.ts';
import { isRunning } from '../../../testing/process.ts';
import { ENGINES, startPostern, type TestServer } from './postern.ts';

/** Several processes behind one port, as `postern serve --workers 2` starts them. */

const POLL_MS = 20;
const FOUND_WITHIN_MS = 60_000;

// Processes are started one after the other, from their sources.
vi.setConfig({ testTimeout: 180_000 });

interface LogLine {
  readonly msg?: string;
  readonly number?: number;
  readonly pid?: number;
  readonly worker?: number;
  readonly requestId?: string;
}

async function readLog(server: Pick<TestServer, 'output'>): Promise<LogLine[]> {
  const lines = (await server.output()).split('\n').filter((line) => line.startsWith('{') && line.endsWith('}'));
  return lines.map((line) => JSON.parse(line) as LogLine);
}

/** Asks again until there is an answer. */
async function found<Value>(what: string, look: () => Promise<Value | undefined>): Promise<Value> {
  const giveUpAt = performance.now() + FOUND_WITHIN_MS;
  for (;;) {
    const value = await look();
    if (value !== undefined) return value;
    if (performance.now() > giveUpAt) throw new Error(`not found: ${what}`);
    await wait(POLL_MS);
  }
}

/** The process that has each place now. */
async function findPids(server: Pick<TestServer, 'output'>): Promise<ReadonlyMap<number, number>> {
  const started = (await readLog(server)).filter(({ msg }) => msg === 'worker takes requests');
  return new Map(started.map(({ number = 0, pid = 0 }) => [number, pid]));
}

/** A client with one connection, and so with one worker, until that ends. */
function connect(server: TestServer, token: string | null = server.admin.token): HttpClient {
  const client = createHttpClient(server.url, token, 1);
  onTestFinished(() => client.close());
  return client;
}

async function workerOf(server: TestServer, client: HttpClient): Promise<number> {
  const { requestId } = await client.call('GET', '/api/v1/me');
  const line = await found(`request ${requestId}`, async () =>
    (await readLog(server)).find((each) => each.requestId === requestId),
  );
  return line.worker ?? 0;
}

/** Clients of the workers 1 and 2. */
async function connectBoth(server: TestServer): Promise<readonly [HttpClient, HttpClient]> {
  const [one, other] = [connect(server), connect(server)];
  const numbers = [await workerOf(server, one), await workerOf(server, other)];
  expect([...numbers].sort()).toEqual([1, 2]);
  return numbers[0] === 1 ? [one, other] : [other, one];
}

async function createToken(client: HttpClient): Promise<{ accountId: string; tokenId: string; value: string }> {
  const account = await client.call('POST', '/api/v1/service-accounts', {
    body: { displayName: 'job', organizationRole: 'member' },
  });
  const accountId = account.body.id;
  const made = await client.call('POST', `/api/v1/service-accounts/${accountId}/tokens`, { body: { name: 'ci' } });
  return { accountId, tokenId: made.body.token.id, value: made.body.value };
}

describe.each(ENGINES)('two workers on %s', (engine) => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startPostern(engine, { POSTERN_WORKERS: '2' });
  });
  afterAll(() => server.stop());

  test('what one of them revoked, the other refuses in its next answer', async () => {
    const [one, other] = await connectBoth(server);
    for (let round = 0; round < 20; round += 1) {
      const { accountId, value } = await createToken(one);
      const ask = () => other.call('GET', '/api/v1/me', { token: value });
      expect([(await ask()).status, (await ask()).status]).toEqual([200, 200]);
      const path = `/api/v1/service-accounts/${accountId}`;
      const revoke = round % 2 ? one.call('POST', `${path}/disable`) : one.call('DELETE', path);
      const { status, headers } = await revoke;
      expect(status).toBeLessThan(300);
      expect(headers['postern-receipt']).toMatch(/confirmed=2/);
      expect((await ask()).status).toBe(401);
    }
  });

  test('use adds up, whichever of them it was', async () => {
    const [one, other] = await connectBoth(server);
    const { accountId, tokenId, value } = await createToken(one);
    for (const [client, calls] of [
      [one, 3],
      [other, 4],
    ] as const) {
      for (let call = 0; call < calls; call += 1) await client.call('GET', '/api/v1/me', { token: value });
    }
    const path = `/api/v1/service-accounts/${accountId}/tokens/${tokenId}/usage`;
    await found('seven calls', async () => {
      const { items } = (await one.call('GET', path)).body;
      const calls = items.reduce((sum: number, item: { calls: number }) => sum + item.calls, 0);
      expect(calls).toBeLessThanOrEqual(7);
      return calls === 7 || undefined;
    });
  });

  test('one that is killed is replaced, and the other goes on meanwhile', async () => {
    const [, other] = await connectBoth(server);
    const pid = (await findPids(server)).get(1) ?? 0;
    process.kill(pid, 'SIGKILL');
    await found('another worker 1', async () => {
      expect((await other.call('GET', '/api/v1/me')).status).toBe(200);
      return (await findPids(server)).get(1) !== pid || undefined;
    });
    await connectBoth(server);
    // On PostgreSQL the next change finds out that it is gone.
    await createToken(other);
    // What is complete does not wait for the one that is gone: three nodes would be one too many.
    const nodes = async () => (await server.query('select id from node')).length;
    await found('two nodes', async () => ((await nodes()) === 2 ? true : undefined));
  });
});

describe('a process with workers', () => {
  test('SIGHUP replaces all, one by one, with new settings, and no connection is refused', async () => {
    const server = await startPostern('sqlite', { POSTERN_WORKERS: '2' });
    const before = await findPids(server);
    let asking = true;
    const keeping = connect(server);
    const answers = new Map<string, number>();
    const count = (what: string) => answers.set(what, (answers.get(what) ?? 0) + 1);
    async function ask(client: () => HttpClient): Promise<void> {
      while (asking) {
        const asked = client();
        await asked.call('GET', '/api/v1/me').then(
          ({ status }) => count(String(status)),
          (error) => count(String(error)),
        );
        if (asked !== keeping) asked.close();
        await wait(POLL_MS);
      }
    }
    const asked = [ask(() => keeping), ask(() => createHttpClient(server.url, server.admin.token, 1))];

    const env = join(server.data.directory, '.env');
    await writeFile(env, 'POSTERN_PUBLIC_URL=https://postern.example.com\n');
    server.process.signal('SIGHUP');
    await found('the end of it', async () =>
      (await readLog(server)).find(({ msg }) => msg === 'all workers were replaced'),
    );
    asking = false;
    await Promise.all(asked);
    expect([...answers.keys()]).toEqual(['200']);
    const after = await findPids(server);
    for (const number of [1, 2]) expect(after.get(number)).not.toBe(before.get(number));
    expect([...before.values()].filter(isRunning)).toEqual([]);
    for (const client of await connectBoth(server)) {
      const introspected = await client.call('POST', '/oauth2/introspect', {
        body: new URLSearchParams({ token: server.admin.token }),
      });
      expect(introspected.body.iss).toBe('https://postern.example.com');
    }

    for (const [text, msg] of [
      ['POSTERN_LOG_LEVEL=loud\n', 'the settings are wrong; nothing was replaced'],
      [
        'POSTERN_DATABASE_URL=postgres://elsewhere/db\n',
        'these settings are changed by a restart only; nothing was replaced',
      ],
    ] as const) {
      await writeFile(env, text);
      server.process.signal('SIGHUP');
      await found(msg, async () => (await readLog(server)).find((line) => line.msg === msg));
    }
    expect(await findPids(server)).toEqual(after);
    // It ends in good order while another worker is being started, too.
    await writeFile(env, '');
    server.process.signal('SIGHUP');
    await server.stop();
    expect([...after.values()].filter(isRunning)).toEqual([]);
  });

  test('a worker that dies while it is being replaced has one successor', async () => {
    const server = await startPostern('sqlite', { POSTERN_WORKERS: '2' });
    const replaced = async (times: number) =>
      (await readLog(server)).filter(({ msg }) => msg === 'all workers were replaced').length === times || undefined;
    const pid = (await findPids(server)).get(1) ?? 0;
    server.process.signal('SIGHUP');
    process.kill(pid, 'SIGKILL');
    await found('the end of it', () => replaced(1));
    // Whoever was started for the one that died, too, is there by now.
    server.process.signal('SIGHUP');
    await found('the end of that', () => replaced(2));
    const started = (await readLog(server)).filter(({ msg }) => msg === 'worker takes requests');
    const living = started.map(({ pid: each = 0 }) => each).filter(isRunning);
    expect(new Set(living)).toEqual(new Set((await findPids(server)).values()));
    await connectBoth(server);
    await server.stop();
  });

  test('it is killed: its workers end, and the next one has the directory', async () => {
    await using killed = await startProcess({ env: { POSTERN_WORKERS: '2' } });
    const orphans = await found('two workers', async () => {
      const pids = await findPids({ output: async () => killed.stderr() });
      return pids.size === 2 ? [...pids.values()] : undefined;
    });
    expect(orphans.filter(isRunning)).toHaveLength(2);
    await using next = await killed.restart({ env: {} });
    expect(orphans.filter(isRunning)).toEqual([]);
    const client = createHttpClient(next.url, next.adminToken, 1);
    expect((await client.call('GET', '/api/v1/me')).status).toBe(200);
    client.close();
  });

  test.each([
    [
      'a setting that is none',
      { POSTERN_WORKERS: 'many' },
      78,
      /^POSTERN_WORKERS must be a whole number from 1 to 64, or auto\.$/m,
    ],
    [
      'an address that is not ours',
      { POSTERN_WORKERS: '2', POSTERN_HOST: '192.0.2.7' },
      1,
      /^192\.0\.2\.7 is not an address of this machine; set POSTERN_HOST\.$/m,
    ],
  ])('%s: a sentence, and nothing is left', async (_what, env, code, sentence) => {
    const data = await createPosternData();
    onTestFinished(() => removePosternData(data));
    const launch = launchPostern(data, { env });
    await expect(launch.ready).rejects.toThrow(sentence);
    expect(await launch.exited).toBe(code);
  });
});
