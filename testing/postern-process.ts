import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { generateSecretKey, mintTokenValue } from '@postern/core';
import { findPort } from './port.ts';

/** The real process, started as a user would: `postern serve`, on data of its own. */

/** Whatever outlives a process: give it to the next one, and that goes on where the first one ended. */
export interface PosternData {
  /** A new temporary directory: the process's working directory, with `data` for the embedded database in it. */
  readonly directory: string;
  readonly adminToken: string;
  /** Present with PostgreSQL. */
  readonly databaseUrl: string | undefined;
  readonly secretKey: string | undefined;
}

export interface LaunchOptions {
  /** Added to the settings, and stronger than them. `undefined` takes one away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Absent = any free one. */
  readonly port?: number;
  /** Flags of Node itself, such as `--cpu-prof`. */
  readonly nodeFlags?: readonly string[];
  /** A program that runs it, with its arguments, such as `taskset -c 0`. */
  readonly runner?: readonly string[];
  /** A file for its log instead of memory. */
  readonly logFile?: string;
}

/** A process that was started, ready or not. */
export interface PosternLaunch {
  readonly pid: number;
  readonly dataDirectory: string;
  /** Exactly the environment that it was started with. */
  readonly env: NodeJS.ProcessEnv;
  /** Resolves with its address once it says that it is listening; rejects, with what it printed, when it ends before that. */
  readonly ready: Promise<string>;
  /** The exit code, or the name of the signal that ended it. */
  readonly exited: Promise<number | NodeJS.Signals>;
  stdout(): string;
  /** The last 256 KiB of it. */
  stderr(): string;
  signal(name: NodeJS.Signals): void;
  /** SIGKILL; resolves when it is gone. */
  kill(): Promise<void>;
  /** SIGTERM; resolves with the exit code. */
  stop(): Promise<number | NodeJS.Signals>;
}

/** A process that is listening. `await using` ends it and removes its data. */
export interface Postern extends PosternLaunch, AsyncDisposable {
  readonly url: string;
  readonly adminToken: string;
  readonly data: PosternData;
  /** Ends this process if it still runs, and starts another on the same data at the same address. This one's data stay. */
  restart(options?: LaunchOptions): Promise<Postern>;
  /** Ends the process and removes its directory. A PostgreSQL database is the caller's to drop. */
  remove(): Promise<void>;
}

const root = fileURLToPath(new URL('..', import.meta.url));
const bin = join(root, 'packages/cli/bin/postern.js');
const READY_LINE = /^Postern is listening on (http:\/\/\S+)$/m;
const READY_TIMEOUT_MS = 60_000;
const STDERR_KEPT = 256 * 1024;

/** A directory, an admin token and, for PostgreSQL, a secret key: all that a first start needs. */
export async function createPosternData(databaseUrl?: string): Promise<PosternData> {
  const directory = await mkdtemp(join(await realpath(tmpdir()), 'postern-process-'));
  mkdirSync(join(directory, 'data'), { mode: 0o700 });
  return {
    directory,
    adminToken: mintTokenValue(randomBytes).reveal(),
    databaseUrl,
    secretKey: databaseUrl === undefined ? undefined : generateSecretKey('k1', randomBytes),
  };
}

export async function removePosternData({ directory }: PosternData): Promise<void> {
  await rm(directory, { recursive: true, force: true, maxRetries: 5 });
}

/** Starts a process on new data, embedded or on that PostgreSQL database, and waits until it is listening. */
export async function startPostern(options: LaunchOptions & { readonly databaseUrl?: string } = {}): Promise<Postern> {
  const data = await createPosternData(options.databaseUrl);
  try {
    return await startPosternOn(data, options);
  } catch (error) {
    await removePosternData(data);
    throw error;
  }
}

/** The same on data that exist. When it does not come up, the data stay. */
export async function startPosternOn(data: PosternData, options: LaunchOptions = {}): Promise<Postern> {
  const launch = launchPostern(data, { ...options, port: options.port ?? (await findPort()) });
  let url: string;
  try {
    url = await launch.ready;
  } catch (error) {
    await launch.kill();
    throw error;
  }
  const remove = async (): Promise<void> => {
    await launch.kill();
    await removePosternData(data);
  };
  return {
    ...launch,
    url,
    adminToken: data.adminToken,
    data,
    async restart(changed = {}) {
      await launch.kill();
      return startPosternOn(data, { ...options, port: Number(new URL(url).port), ...changed });
    },
    remove,
    [Symbol.asyncDispose]: remove,
  };
}

/** Starts a process and does not wait: for whoever wants to end it before it is ready. */
export function launchPostern(data: PosternData, options: LaunchOptions = {}): PosternLaunch {
  const { port = 0, nodeFlags = [], runner = [], logFile } = options;
  const dataDirectory = join(data.directory, 'data');
  const env = environment(data, dataDirectory, port, options.env ?? {});
  const [program = '', ...args] = [...runner, process.execPath, ...nodeFlags, bin, 'serve'];
  const log = logFile === undefined ? 'pipe' : openSync(logFile, 'a');
  // Its own working directory, so that no `.env` of the caller's is read.
  const child = spawn(program, args, { env, cwd: data.directory, stdio: ['ignore', 'pipe', log] });
  if (typeof log === 'number') closeSync(log);
  const { pid } = child;
  if (pid === undefined) throw new Error(`${program} could not be started`);
  const guard = guardAgainstOrphan(pid, data.directory);
  const output = collect(child as ChildProcessByStdio<null, Readable, Readable | null>);
  const exited = once(child, 'close').then(([code, signal]): number | NodeJS.Signals => {
    guard.release();
    return code ?? signal;
  });
  const signal = (name: NodeJS.Signals): void => void child.kill(name);

  return {
    pid,
    dataDirectory,
    env,
    ready: untilReady(output, exited),
    exited,
    stdout: output.stdout,
    stderr: output.stderr,
    signal,
    async kill() {
      signal('SIGKILL');
      await exited;
    },
    async stop() {
      signal('SIGTERM');
      return exited;
    },
  };
}

/** Only what it needs: a caller's own settings, and what a test runner sets, must not reach it. */
function environment(
  { adminToken, databaseUrl, secretKey }: PosternData,
  dataDirectory: string,
  port: number,
  more: Readonly<Record<string, string | undefined>>,
): NodeJS.ProcessEnv {
  const settings: Record<string, string | undefined> = {
    PATH: process.env['PATH'],
    NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'],
    POSTERN_HOST: '127.0.0.1',
    POSTERN_PORT: String(port),
    POSTERN_DATA_DIR: dataDirectory,
    POSTERN_ADMIN_TOKEN: adminToken,
    POSTERN_DATABASE_URL: databaseUrl,
    POSTERN_SECRET_KEY: secretKey,
    ...more,
  };
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined));
}

interface Output {
  stdout(): string;
  stderr(): string;
  onLine(listener: () => void): void;
}

function collect(child: ChildProcessByStdio<null, Readable, Readable | null>): Output {
  let out = '';
  let err = '';
  let listener: (() => void) | undefined;
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    out += chunk;
    listener?.();
  });
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
    err = (err + chunk).slice(-STDERR_KEPT);
  });
  return {
    stdout: () => out,
    stderr: () => err,
    onLine: (each) => {
      listener = each;
    },
  };
}

function untilReady(output: Output, exited: Promise<number | NodeJS.Signals>): Promise<string> {
  const ready = new Promise<string>((resolve, reject) => {
    const fail = (what: string): void => {
      clearTimeout(timer);
      reject(new Error(`Postern ${what}.\n${output.stdout()}${output.stderr()}`));
    };
    const timer = setTimeout(() => fail(`was not ready after ${READY_TIMEOUT_MS} ms`), READY_TIMEOUT_MS);
    output.onLine(() => {
      const url = READY_LINE.exec(output.stdout())?.[1];
      if (url === undefined) return;
      clearTimeout(timer);
      resolve(url);
    });
    exited.then(
      (code) => fail(`ended with ${code} before it was ready`),
      (error: unknown) => fail(`could not be started: ${error}`),
    );
  });
  // Whoever kills it before it is ready need not wait for this.
  ready.catch(() => undefined);
  return ready;
}

/** A shell that outlives the caller: when the caller dies, however it dies, it ends the process and removes its directory. */
function guardAgainstOrphan(pid: number, directory: string): { release(): void } {
  const script = 'read -r word && exit; kill -9 "$1" 2>/dev/null; rm -rf "$2"';
  const guard = spawn('sh', ['-c', script, 'sh', String(pid), directory], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  guard.stdin.on('error', () => undefined);
  guard.on('error', () => undefined);
  guard.unref();
  return { release: () => guard.stdin.end('released\n') };
}
