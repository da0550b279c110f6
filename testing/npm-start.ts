import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { tmpDirectory } from './tmp.ts';

const root = join(import.meta.dirname, '..');

/** `npm start` on new data, with these variables; resolves with all that it printed once its first line in the log is there. */
export async function startPostern(variables: Readonly<Record<string, string>> = {}) {
  const home = await tmpDirectory();
  const npm = spawn('npm', ['start'], {
    cwd: root,
    env: { PATH: process.env.PATH, HOME: home, POSTERN_DATA_DIR: join(home, 'data'), POSTERN_PORT: '0', ...variables },
    stdio: ['ignore', 'pipe', 'pipe'],
    // npm and what it starts are ended together.
    detached: true,
  });
  const closed = once(npm, 'close');
  const stop = async (): Promise<void> => {
    if (npm.exitCode === null && npm.signalCode === null) process.kill(-(npm.pid as number), 'SIGTERM');
    await closed;
  };
  let out = '';
  let log = '';
  await new Promise<void>((resolve, reject) => {
    npm.stdout.on('data', (chunk: Buffer) => {
      out += chunk;
    });
    npm.stderr.on('data', (chunk: Buffer) => {
      log += chunk;
      if (log.includes('"listening"')) resolve();
    });
    npm.once('close', () => reject(new Error(`npm start ended: ${out}${log}`)));
  });
  const url = /listening on (\S+)/.exec(out)?.[1];
  if (!url) {
    await stop();
    throw new Error(`npm start printed no address: ${out}`);
  }
  return { home, url, printed: out + log, stop };
}
