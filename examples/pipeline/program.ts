import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';

const postern = join(import.meta.dirname, '../../packages/cli/bin/postern.js');

/** The programs of the walk, each a process of its own with an environment of its own, as they would be in earnest. */
export interface Programs {
  /** Postern, on a directory and a port of its own, whose first admin has this token; its address. */
  startPostern(dataDirectory: string, adminToken: string): Promise<string>;
  /** The orders API, which asks Postern with a token of its own; its address. */
  startOrdersApi(posternUrl: string, token: string): Promise<string>;
  /** Runs the pipeline once; what it says. */
  runPipeline(name: string, ordersUrl: string, token: string): Promise<string>;
  /** A new token value, as `postern token generate` prints it. */
  generateToken(): Promise<string>;
  /** Resolves when none of them runs any more. */
  ended(): Promise<void>;
}

/** Programs that run until the signal is aborted, and no longer. */
export function createPrograms(signal: AbortSignal): Programs {
  const running = new Set<ChildProcess>();

  function start(args: readonly string[], env: Readonly<Record<string, string>>) {
    const child = spawn(process.execPath, ['--conditions=postern-src', ...args], {
      cwd: import.meta.dirname,
      env: { PATH: process.env['PATH'], ...env },
      stdio: ['ignore', 'pipe', 'inherit'],
      signal,
    });
    running.add(child);
    // Being told to stop is an `error` event; whoever waits for the program hears of it.
    child.on('error', () => undefined);
    child.on('close', () => running.delete(child));
    return child;
  }

  async function run(args: readonly string[], env: Readonly<Record<string, string>>): Promise<string> {
    const child = start(args, env);
    const [said] = await Promise.all([text(child.stdout), once(child, 'close')]);
    return said.trim();
  }

  /** Starts a program that says where it listens, and waits until it does. */
  async function serve(args: readonly string[], env: Readonly<Record<string, string>>): Promise<string> {
    const child = start(args, env);
    for await (const line of createInterface({ input: child.stdout })) {
      const url = / is listening on (\S+)$/.exec(line)?.[1];
      if (url) return url;
    }
    throw new Error(`${args.join(' ')} did not start`);
  }

  return {
    startPostern: (dataDirectory, adminToken) =>
      serve([postern, 'serve'], {
        POSTERN_DATA_DIR: dataDirectory,
        POSTERN_PORT: '0',
        POSTERN_ADMIN_TOKEN: adminToken,
        POSTERN_LOG_LEVEL: 'error',
      }),
    startOrdersApi: (posternUrl, token) => serve(['orders-api.ts'], { POSTERN_URL: posternUrl, POSTERN_TOKEN: token }),
    runPipeline: (name, ordersUrl, token) =>
      run(['pipeline.ts'], { ORDERS_URL: ordersUrl, POSTERN_TOKEN: token, PIPELINE: name }),
    generateToken: () => run([postern, 'token', 'generate'], {}),
    async ended() {
      await Promise.all([...running].map((child) => new Promise((resolve) => child.once('close', resolve))));
    },
  };
}
