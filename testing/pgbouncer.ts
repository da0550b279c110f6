import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

/** A pooler in front of one database; Debian's package `pgbouncer`. */
export interface PgBouncer {
  /** The database by way of the pooler. */
  readonly url: string;
  stop(): Promise<void>;
}

const START_TIMEOUT_MS = 30_000;

/** Its program, where it is installed. */
export function findPgBouncer(): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin'];
  return folders.map((folder) => join(folder, 'pgbouncer')).find((path) => existsSync(path));
}

/** In transaction mode, on any free port, with fewer connections to the database than its callers open. */
export async function startPgBouncer(program: string, databaseUrl: string): Promise<PgBouncer> {
  const { hostname, port, username, password, pathname } = new URL(databaseUrl);
  const directory = await mkdtemp(join(await realpath(tmpdir()), 'postern-pgbouncer-'));
  const listenPort = await findFreePort();
  const settings = join(directory, 'pgbouncer.ini');
  // It refuses to run as root: there it becomes `nobody`.
  const user = process.getuid?.() === 0 ? ['user = nobody'] : [];
  await writeFile(
    settings,
    [
      '[databases]',
      `* = host=${hostname} port=${port} user=${username} password=${password}`,
      '[pgbouncer]',
      'pool_mode = transaction',
      'default_pool_size = 8',
      'max_client_conn = 200',
      'auth_type = any',
      'listen_addr = 127.0.0.1',
      `listen_port = ${listenPort}`,
      'unix_socket_dir =',
      ...user,
    ].join('\n'),
  );
  await chmod(directory, 0o755);
  const child = spawn(program, [settings], { stdio: ['ignore', 'ignore', 'pipe'], cwd: '/' });
  let log = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    log += chunk;
  });
  const exited = once(child, 'exit');
  const stop = async (): Promise<void> => {
    child.kill('SIGKILL');
    await exited;
    await rm(directory, { recursive: true, force: true });
  };
  const end = performance.now() + START_TIMEOUT_MS;
  while (!(await answers(listenPort))) {
    if (child.exitCode !== null || performance.now() > end) {
      await stop();
      throw new Error(`PgBouncer did not start.\n${log}`);
    }
    await wait(20);
  }
  return { url: `postgres://${username}:${password}@127.0.0.1:${listenPort}${pathname}`, stop };
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect({ host: '127.0.0.1', port }, () => {
      probe.destroy();
      resolve(true);
    });
    probe.on('error', () => resolve(false));
  });
}

async function findFreePort(): Promise<number> {
  const probe = createServer();
  probe.listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  probe.close();
  if (!address || typeof address === 'string') throw new Error('There is no free port');
  return address.port;
}
