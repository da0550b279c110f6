import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { getPriority } from 'node:os';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import { createVerificationCache, systemClock } from '@postern/core';
import { DataDirectoryInUse, lockDataDirectory, openSqliteStorage, StorageStartError } from '@postern/storage';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createThread } from '../src/sqlite/thread-client.ts';
import { createSqliteVerification } from '../src/sqlite/verification.ts';
import { engines, type TestDatabase } from './engines.ts';
import { createWorld, type World } from './world.ts';

const engine = engines.find(({ name }) => name === 'sqlite')!;

describe('on SQLite', () => {
  let database: TestDatabase;
  let world: World;

  beforeEach(async () => {
    database = await engine.open();
    world = await createWorld(database);
  });
  afterEach(() => database.destroy());

  const open = (path: string) =>
    openSqliteStorage({ path, cache: createVerificationCache(1_000_000), clock: systemClock, random: randomBytes });

  /** Holds the write lock, as another process would. */
  function holdWriteLock(): DatabaseSync {
    const other = new DatabaseSync(database.location);
    other.exec('begin immediate');
    return other;
  }

  function commitChange(): void {
    const other = new DatabaseSync(database.location);
    other.exec(
      `insert into change_log (position, nonce, organization_id, organization_position, kind, subject_id)
       select max(position) + 1, 'n', 'org', max(position) + 1, 'organization', 'org' from change_log`,
    );
    other.close();
  }

  /** As the system knows them: niceness and name of each thread of this process. */
  async function readThreads(): Promise<readonly { readonly name: string; readonly niceness: number }[]> {
    const threads = await readdir('/proc/self/task');
    const stats = await Promise.all(
      threads.map((id) => readFile(`/proc/self/task/${id}/stat`, 'utf8').catch(() => '')),
    );
    return stats.map((text) => {
      const end = text.lastIndexOf(')');
      return { name: text.slice(text.indexOf('(') + 1, end), niceness: Number(text.slice(end + 2).split(' ')[16]) };
    });
  }

  /** Another process, which does that with the storage's exports, and then lives on. */
  async function runBeside(directory: string, code: string): Promise<ChildProcess> {
    const source = pathToFileURL(join(import.meta.dirname, '../src/index.ts')).href;
    const script = `const storage = await import(${JSON.stringify(source)});
      const directory = ${JSON.stringify(directory)};
      ${code}
      console.log('done');
      setInterval(() => {}, 1000);`;
    const flags = ['--conditions=postern-src', '--expose-gc', '--input-type=module', '--eval', script];
    const child = spawn(process.execPath, flags, { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(child.stdout, 'data');
    return child;
  }

  test.runIf(process.platform === 'linux')('a thread that writes leaves the processor to verifications', async () => {
    // Those that have just been started are about to.
    await expect
      .poll(async () => {
        const threads = (await readThreads()).filter(({ name }) => name === 'postern-storage');
        return [...new Set(threads.map(({ niceness }) => niceness))];
      })
      .toEqual([getPriority() + 7]);
  });

  test('the files can be read by their owner only', async () => {
    for (const ending of ['', '-wal', '-shm']) {
      expect((await stat(`${database.location}${ending}`)).mode & 0o777).toBe(0o600);
    }
  });

  test('a write lock that is not to be had: nothing was done, and verification goes on', async () => {
    const other = holdWriteLock();
    const waiting = world.createAccount();
    const refused = expect(waiting).rejects.toMatchObject({ code: 'storage.unavailable' });
    expect(database.storage.verification.catchUp()).toBe(true);
    expect(await world.find(world.token.digest)).toBeDefined();
    expect(await database.storage.findServiceAccount(world.organizationId, world.accountId)).toBeDefined();
    await refused;
    other.close();
    await expect(world.createAccount()).resolves.toBeDefined();
  });

  test('a write lock that is held for a while is waited for', async () => {
    const other = holdWriteLock();
    const waiting = world.createAccount();
    await database.storage.findOrganization(world.organizationId);
    other.exec('commit');
    other.close();
    await expect(waiting).resolves.toBeDefined();
  });

  test('a thread that dies fails what it was doing, and the next call starts another', async () => {
    const thread = createThread(database.location, () => undefined);
    const context = world.context();
    const call = { kind: 'mutation', name: 'createServiceAccount', nonce: 'n' } as const;
    const other = holdWriteLock();
    const mutation = expect(thread.call({ ...call, args: [context, world.newAccount()] })).rejects.toMatchObject({
      code: 'outcome_unknown',
    });
    const reading = expect(
      thread.call({ kind: 'reading', name: 'hasBootstrapped', now: 0, args: [] }).then(() => thread.kill()),
    ).resolves.toBeUndefined();
    await Promise.all([mutation, reading]);
    other.close();
    expect(await thread.call({ ...call, args: [world.context(), world.newAccount()] })).toMatchObject({
      changed: true,
    });
    await thread.close();
    await expect(thread.call({ ...call, args: [] })).rejects.toMatchObject({ code: 'storage.unavailable' });
  });

  test('memory is compared with the database once per round of the event loop, after every message and every read', async () => {
    let applied = 0;
    const sink = { apply: () => void applied++, clear: () => undefined };
    const verification = createSqliteVerification(database.location, sink, { alone: true });
    verification.catchUp();
    commitChange();
    verification.catchUp();
    expect(applied).toBe(0);
    verification.lookAgain();
    verification.catchUp();
    expect(applied).toBe(1);
    commitChange();
    verification.catchUp();
    expect(applied).toBe(1);
    await new Promise((resolve) => setImmediate(resolve));
    verification.catchUp();
    expect(applied).toBe(2);
    commitChange();
    verification.findRecord([world.token.digest]);
    verification.catchUp();
    expect(applied).toBe(3);
    verification.close();
  });

  test('a worker compares memory with the database for each verification', async () => {
    let applied = 0;
    const sink = { apply: () => void applied++, clear: () => undefined };
    const verification = createSqliteVerification(database.location, sink, { alone: false });
    verification.catchUp();
    for (const round of [1, 2]) {
      commitChange();
      verification.catchUp();
      expect(applied).toBe(round);
    }
    verification.close();
  });

  test('what a thread says, and that it died, is heard before anybody is answered', async () => {
    const heard: string[] = [];
    const thread = createThread(database.location, () => heard.push('heard'));
    await thread
      .call({ kind: 'reading', name: 'hasBootstrapped', now: 0, args: [] })
      .then(() => heard.push('answered'));
    const other = holdWriteLock();
    const args = [world.context(), world.newAccount()] as const;
    const lost = thread
      .call({ kind: 'mutation', name: 'createServiceAccount', nonce: 'n', args: [...args] })
      .catch(() => heard.push('lost'));
    await Promise.all([thread.kill(), lost]);
    other.close();
    expect(heard).toEqual(['heard', 'answered', 'heard', 'lost']);
    await thread.close();
  });

  test('an error says nothing of the database outside the log', async () => {
    const { token } = await world.createToken(world.accountId);
    const again = database.storage.createToken(world.context(), world.newToken(world.accountId, { id: token.id }));
    await expect(again).rejects.toMatchObject({
      code: 'internal',
      facts: { internal: expect.stringContaining('UNIQUE') },
    });
    await expect(again).rejects.not.toHaveProperty('facts.detail');
  });

  test('a file that is no database, or another program’s, is refused in one sentence', async () => {
    const directory = dirname(database.location);
    const text = join(directory, 'text.db');
    await writeFile(text, 'This is no database, and long enough that nobody takes it for an empty one. '.repeat(20));
    await expect(open(text)).rejects.toThrow(
      new StorageStartError(`${text} is not a database of SQLite, or it is damaged.`),
    );
    const foreign = join(directory, 'foreign.db');
    const other = new DatabaseSync(foreign);
    other.exec('create table theirs (a)');
    other.close();
    await expect(open(foreign)).rejects.toThrow(new StorageStartError(`${foreign} is a database of another program.`));
    await expect(open(directory)).rejects.toBeInstanceOf(StorageStartError);
  });

  test('a data directory is one process’s', async () => {
    const directory = join(dirname(database.location), 'data');
    const lock = lockDataDirectory(directory);
    expect(() => lockDataDirectory(directory)).toThrow(new DataDirectoryInUse(directory, `${process.pid}`, undefined));
    lock.release();
    lock.release();
    lockDataDirectory(directory).release();
  });

  test('nobody has a data directory in which a worker of another still lives', async () => {
    const directory = join(dirname(database.location), 'data');
    const hold = 'globalThis.held = [1, 2].map(() => storage.holdAsWorker(directory)); globalThis.gc();';
    const child = await runBeside(directory, hold);
    expect(() => lockDataDirectory(directory)).toThrow(DataDirectoryInUse);
    child.kill('SIGKILL');
    await once(child, 'exit');
    lockDataDirectory(directory).release();
  });

  test('a process that is killed leaves the data directory free', async () => {
    const directory = join(dirname(database.location), 'data');
    const child = await runBeside(directory, 'globalThis.held = storage.lockDataDirectory(directory)');
    expect(() => lockDataDirectory(directory)).toThrow(`Another Postern (process ${child.pid}) is using ${directory}.`);
    child.kill('SIGKILL');
    await once(child, 'exit');
    lockDataDirectory(directory).release();
  });
});
