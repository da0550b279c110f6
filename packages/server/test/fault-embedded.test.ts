import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, rm, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { attachInspector, inspectorAddress } from '../../../testing/inspector.ts';
import {
  createPosternData,
  type LaunchOptions,
  type Postern,
  type PosternData,
  startPosternOn,
} from '../../../testing/postern-process.ts';
import {
  ACCOUNTS,
  accountPath,
  type Client,
  call,
  callExpecting,
  createAccount,
  createToken,
  eventually,
  type IssuedToken,
  isActive,
  listAll,
  listEvents,
  type Problem,
  type ServiceAccount,
  type Token,
} from './api.ts';
import { startPostern } from './postern.ts';

const run = promisify(execFile);

/** What the embedded database can suffer: foreign locks, a full disk, a thread that dies. */

interface Watch {
  /** Ends it; how many verifications were answered, all of them rightly. */
  stop(): Promise<number>;
  count(): number;
}

/** Verifies a live and a dead value over and over; any answer but the right one fails the test when it is stopped. */
function keepVerifying(admin: Client, live: string, dead: string): Watch {
  let running = true;
  let count = 0;
  const loop = (async () => {
    while (running) {
      expect(await isActive(admin, live)).toBe(true);
      expect(await isActive(admin, dead)).toBe(false);
      await callExpecting(200, { url: admin.url, token: live }, 'GET', '/api/v1/me');
      count += 3;
    }
  })();
  loop.catch(() => undefined);
  return {
    count: () => count,
    async stop() {
      running = false;
      await loop;
      return count;
    },
  };
}

async function createLiveAndDead(admin: Client) {
  const account = await createAccount(admin);
  const live = await createToken(admin, account);
  const dead = await createToken(admin, account);
  await callExpecting(204, admin, 'DELETE', accountPath(account, `/tokens/${dead.token.id}`));
  return { account, live: live.value, dead: dead.value };
}

test('a lock of another process that ends in time only delays mutations; verification goes on', async () => {
  const server = await startPostern('sqlite');
  onTestFinished(() => server.stop());
  const { admin } = server;
  const { account, live, dead } = await createLiveAndDead(admin);
  const lock = await server.lockWriters();
  const watch = keepVerifying(admin, live, dead);
  let answered = false;
  const creating = createToken(admin, account).finally(() => {
    answered = true;
  });
  await eventually('300 verifications were answered', () => watch.count() >= 300);
  expect(answered).toBe(false);
  await lock.unlock();
  const { value } = await creating;
  await watch.stop();
  expect(await isActive(admin, value)).toBe(true);
});

test('503 with Retry-After while another process keeps the lock; verification goes on, and all is well afterwards', async () => {
  const server = await startPostern('sqlite');
  onTestFinished(() => server.stop());
  const { admin } = server;
  const { account, live, dead } = await createLiveAndDead(admin);
  const headers = { 'idempotency-key': randomBytes(32).toString('base64url') };
  const tokens = accountPath(account, '/tokens');
  const lock = await server.lockWriters();
  const watch = keepVerifying(admin, live, dead);
  const [before, eventsBefore] = [await listAll<Token>(admin, tokens), await listEvents(admin)];
  const answers = await Promise.all([
    call<Problem>(admin, 'POST', tokens, { body: { name: 'kept waiting' }, headers }),
    call<Problem>(admin, 'DELETE', accountPath(account)),
    call<Problem>(admin, 'POST', ACCOUNTS, { body: { displayName: 'Kept waiting', organizationRole: 'member' } }),
  ]);
  for (const answer of answers) {
    expect([answer.status, answer.body.code]).toEqual([503, 'storage.unavailable']);
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    expect(answer.text).not.toMatch(/sqlite|lock|busy/i);
  }
  // Reading needs no lock.
  expect(await listAll<Token>(admin, tokens)).toEqual(before);
  await lock.unlock();
  expect(await watch.stop()).toBeGreaterThan(100);
  expect(await listEvents(admin)).toEqual(eventsBefore);
  expect((await listAll<Token>(admin, tokens)).map(({ id }) => id)).toEqual(before.map(({ id }) => id));

  const again = await callExpecting<IssuedToken>(201, admin, 'POST', tokens, {
    body: { name: 'kept waiting' },
    headers,
  });
  expect(await isActive(admin, again.body.value)).toBe(true);
  await callExpecting(204, admin, 'DELETE', accountPath(account));
  expect(await isActive(admin, live)).toBe(false);
});

interface FullDisk {
  readonly data: PosternData;
  readonly options: LaunchOptions;
  /** Takes away all room but a little. */
  fill(postern: Postern): Promise<void>;
  free(postern: Postern): Promise<void>;
}

/** A file can grow up to a limit, and the limit is lifted: what a quota does. Needs no rights. */
async function fileSizeLimit(): Promise<FullDisk> {
  const data = await createPosternData();
  const limit = (postern: Postern, bytes: string) =>
    run('prlimit', ['--pid', String(postern.pid), `--fsize=${bytes}:`]);
  return {
    data,
    options: {},
    async fill(postern) {
      await limit(postern, String(768 * 1_024));
    },
    async free(postern) {
      await limit(postern, 'unlimited');
    },
  };
}

/** A file system that is full, and then is not. Needs the right to mount one. */
async function fullFileSystem(): Promise<FullDisk> {
  const base = await createPosternData();
  const disk = join(base.directory, 'disk');
  await mkdir(disk);
  await run('mount', ['-t', 'tmpfs', '-o', 'size=16m', 'tmpfs', disk]);
  onTestFinished(async () => {
    await run('umount', ['--lazy', disk]);
    await rm(base.directory, { recursive: true, force: true });
  });
  const directory = join(disk, 'postern');
  await mkdir(join(directory, 'data'), { recursive: true, mode: 0o700 });
  const filler = join(disk, 'filler');
  return {
    data: { ...base, directory },
    options: {},
    async fill() {
      const { bavail, bsize } = await statfs(disk);
      await writeFile(filler, Buffer.alloc(bavail * bsize - 300 * 1_024));
    },
    async free() {
      await rm(filler);
    },
  };
}

const isLinux = process.platform === 'linux';
const canMount =
  isLinux &&
  process.getuid?.() === 0 &&
  (await run('unshare', ['--mount', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt']).then(
    () => true,
    () => false,
  ));

test.for([
  ['of a file system', fullFileSystem, canMount],
  ['of a limit for files', fileSizeLimit, isLinux],
] as const)(
  '503 while the disk is full, because %s; verification goes on, and all is well afterwards',
  async ([, make, possible], context) => {
    context.skip(!possible, 'this machine does not let us fill a disk in this way');
    const disk = await make();
    const postern = await startPosternOn(disk.data, disk.options);
    onTestFinished(() => postern.remove());
    const admin: Client = { url: postern.url, token: postern.adminToken };
    const { live, dead } = await createLiveAndDead(admin);
    const watch = keepVerifying(admin, live, dead);
    await disk.fill(postern);

    const acknowledged = new Set<string>();
    const refused = new Set<string>();
    const unsure = new Set<string>();
    let number = 0;
    const create = async () => {
      number += 1;
      const displayName = `On a full disk ${number}`;
      const body = { displayName, description: 'x'.repeat(2_000), organizationRole: 'member' };
      const answer = await call<{ code?: string }>(admin, 'POST', ACCOUNTS, { body });
      expect([201, 503], answer.text).toContain(answer.status);
      if (answer.status === 201) acknowledged.add(displayName);
      else {
        expect(['storage.unavailable', 'outcome_unknown']).toContain(answer.body.code);
        expect(Number(answer.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
        (answer.body.code === 'outcome_unknown' ? unsure : refused).add(displayName);
      }
      return answer.status;
    };
    await eventually('the disk is full', async () => (await create()) === 503, { pauseMs: 0 });
    for (let more = 0; more < 5; more += 1) expect(await create()).toBe(503);
    const counted = watch.count();
    await eventually('verification goes on', () => watch.count() >= counted + 100);
    expect((await call(admin, 'GET', '/healthz')).status).toBe(200);

    await disk.free(postern);
    await eventually('mutations work again', async () => (await create()) === 201);
    expect(await watch.stop()).toBeGreaterThan(0);
    const names = new Set((await listAll<ServiceAccount>(admin, ACCOUNTS)).map(({ displayName }) => displayName));
    expect([...acknowledged].filter((name) => !names.has(name))).toEqual([]);
    expect([...refused].filter((name) => names.has(name))).toEqual([]);
    // Of those whose outcome is not known: made whole, with an event, or not at all.
    const made = [...unsure].filter((name) => names.has(name)).length;
    const events = (await listEvents(admin)).filter(
      ({ action, outcome }) => action === 'service_account.create' && outcome === 'done',
    );
    // The bootstrap's and the first one of the test are among them.
    expect(events.length).toBe(acknowledged.size + made + 2);

    const restarted = await postern.restart();
    onTestFinished(() => restarted.kill());
    const after = await listAll<ServiceAccount>({ ...admin, url: restarted.url }, ACCOUNTS);
    expect(new Set(after.map(({ displayName }) => displayName))).toEqual(names);
  },
);

test('a storage thread that dies fails what it was doing, and the next call works', async () => {
  const data = await createPosternData();
  const postern = await startPosternOn(data, { nodeFlags: ['--inspect=127.0.0.1:0'] });
  onTestFinished(() => postern.remove());
  const admin: Client = { url: postern.url, token: postern.adminToken };
  const { live, dead } = await createLiveAndDead(admin);
  const inspector = await attachInspector(inspectorAddress(postern.stderr()));
  const thread = '/thread.js';
  await eventually('both threads are there', () => inspector.countWorkers(thread) === 2);
  const watch = keepVerifying(admin, live, dead);

  const acknowledged = new Set<string>();
  const refused = new Set<string>();
  let unsure = 0;
  let number = 0;
  const lane = async (turns: number) => {
    for (let turn = 0; turn < turns; turn += 1) {
      number += 1;
      const displayName = `Threaded ${number}`;
      const body = { displayName, organizationRole: 'member' };
      const answer = await call<{ code?: string }>(admin, 'POST', ACCOUNTS, { body });
      expect([201, 503], answer.text).toContain(answer.status);
      if (answer.status === 201) acknowledged.add(displayName);
      else if (answer.body.code === 'outcome_unknown') unsure += 1;
      else refused.add(displayName);
      const list = await call<Problem>(admin, 'GET', `${ACCOUNTS}?limit=1`);
      expect([200, 503], list.text).toContain(list.status);
    }
  };
  for (let round = 0; round < 5; round += 1) {
    const lanes = Promise.all([1, 2, 3, 4].map(() => lane(10)));
    await eventually('mutations are under way', () => number >= round * 40 + 12, { pauseMs: 0 });
    inspector.evaluateInWorkers(thread, 'process.exit(7)');
    await lanes;
    await createAccount(admin);
    await callExpecting(200, admin, 'GET', ACCOUNTS);
    await eventually('new threads are there', () => inspector.countWorkers(thread) === 2);
  }
  await watch.stop();
  const names = (await listAll<ServiceAccount>(admin, ACCOUNTS)).map(({ displayName }) => displayName);
  expect(new Set(names.filter((name) => name.startsWith('Threaded'))).size).toBe(
    names.filter((name) => name.startsWith('Threaded')).length,
  );
  expect([...acknowledged].filter((name) => !names.includes(name))).toEqual([]);
  expect([...refused].filter((name) => names.includes(name))).toEqual([]);
  expect(acknowledged.size).toBeGreaterThan(50);
  expect(unsure + refused.size).toBeGreaterThan(0);
  // A process does not end while an inspector is attached.
  inspector.close();
  expect(await postern.stop()).toBe(0);
});
