import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { tmpDirectory } from './tmp.ts';

const root = join(import.meta.dirname, '..');

/** `npm start` on new data; resolves with all that it printed once its first line in the log is there. */
export async function startPostern() {
  const home = await tmpDirectory();
  const npm = spawn('npm', ['start'], {
    cwd: root,
    env: { PATH: process.env.PATH, HOME: home, POSTERN_DATA_DIR: join(home, 'data'), POSTERN_PORT: '0' },
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
  const token = /^ {2}(pst_\w{49})$/m.exec(out)?.[1];
  if (!url || !token) {
    await stop();
    throw new Error(`npm start printed no address or no token: ${out.replaceAll(/pst_\w+/g, 'pst_…')}`);
  }
  return { home, url, token, printed: out + log, stop };
}
