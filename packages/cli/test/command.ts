import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';

/** `postern` as a user runs it, from the sources, with these variables and no others of its own. */

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Serving {
  readonly url: string;
  readonly pid: number;
  stdout(): string;
  /** Ends it with a signal. */
  end(signal?: NodeJS.Signals): Promise<Ended>;
}

type Variables = Readonly<Record<string, string>>;

export const MAIN = fileURLToPath(new URL('../bin/postern.js', import.meta.url));

/** Runs a command to its end. */
export function runPostern(args: readonly string[], variables: Variables = {}, cwd = tmpdir()): Promise<Ended> {
  return start(args, variables, cwd).ended;
}

/** Runs `postern serve` until it listens, on any free port if none is named. Rejects when it ends instead. */
export async function servePostern(variables: Variables): Promise<Serving> {
  const { child, ended, stdout } = start(['serve'], { POSTERN_PORT: '0', ...variables });
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout.on('data', () => {
      const ready = /^Postern is listening on (http:\S+)\n/.exec(stdout())?.[1];
      if (ready !== undefined) resolve(ready);
    });
    void ended.then((end) => reject(new Error(`Postern ended before it was ready: ${JSON.stringify(end)}`)));
  });
  return {
    url,
    pid: child.pid as number,
    stdout,
    end(signal = 'SIGTERM') {
      child.kill(signal);
      return ended;
    },
  };
}

function start(args: readonly string[], variables: Variables, cwd = tmpdir()) {
  const child = spawn(process.execPath, [MAIN, ...args], {
    env: { PATH: process.env.PATH, ...variables },
    cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    stdout += chunk;
  });
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    stderr += chunk;
  });
  const ended: Promise<Ended> = once(child, 'close').then(([code]) => ({
    code: code as number | null,
    stdout,
    stderr,
  }));
  return { child, ended, stdout: () => stdout };
}
