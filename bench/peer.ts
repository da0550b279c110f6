import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BareAnswer } from './bare-server.ts';
import { type LoadTool, load } from './load.ts';
import { median, readCpuMicroseconds } from './machine.ts';
import { CLIENT } from './peer/serve.ts';
import type { Route } from './request.ts';
import { template } from './request.ts';

/**
 * What else a Node user would take to find out whose token this is, each beside a bare `node:http` server that answers what it
 * answers. Everything is in memory, which is more than they have where they are used in earnest.
 */

export interface PeerResult {
  readonly name: string;
  readonly perSecond: number;
  readonly ratio: number;
  /** Processor time of all its threads, in microseconds a request. */
  readonly cost: number;
}

interface Peer {
  readonly name: string;
  readonly file: string;
  readonly route: Omit<Route, 'name' | 'title' | 'caller'>;
  readonly authorization: string | null;
}

const PEERS: readonly Peer[] = [
  {
    name: '`oidc-provider`, introspection',
    file: 'oidc-provider.ts',
    route: {
      method: 'POST',
      path: '/token/introspection',
      contentType: 'application/x-www-form-urlencoded',
      around: ['token=', ''],
    },
    authorization: `Basic ${Buffer.from(`${CLIENT.id}:${CLIENT.secret}`).toString('base64')}`,
  },
  {
    name: '`@node-oauth/oauth2-server`, authentication',
    file: 'oauth2-server.ts',
    route: { method: 'GET', path: '/', contentType: null, around: ['', ''] },
    authorization: null,
  },
];
const CONNECTIONS = 64;

interface Running {
  readonly url: string;
  readonly pid: number;
  stop(): void;
}

export async function measurePeers(
  tool: LoadTool,
  { rounds, speedSeconds }: { readonly rounds: number; readonly speedSeconds: number },
  runner: readonly string[],
): Promise<readonly PeerResult[]> {
  const results: PeerResult[] = [];
  const directory = await mkdtemp(join(tmpdir(), 'postern-peer-'));
  try {
    for (const peer of PEERS) results.push(await measurePeer(peer, directory));
    return results;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }

  async function measurePeer(peer: Peer, folder: string): Promise<PeerResult> {
    const tokensFile = join(folder, 'values');
    const ours = await start(runner, `peer/${peer.file}`, { BENCH_VALUES: tokensFile });
    const [value = ''] = (await readFile(tokensFile, 'utf8')).split('\n');
    const bare = await start(runner, 'bare-server.ts', {
      BENCH_ANSWERS: JSON.stringify([await sample(peer, ours.url, value)]),
    });
    const measure = async ({ url, pid }: Running) => {
      const [beforeFile, afterFile] = [join(folder, 'before'), join(folder, 'after')];
      const [before, after] = requestOf(peer, url, value.length);
      await writeFile(beforeFile, before, { mode: 0o600 });
      await writeFile(afterFile, after, { mode: 0o600 });
      const cpu = readCpuMicroseconds(pid);
      const input = { url, beforeFile, afterFile, tokensFile, offset: 0, connections: CONNECTIONS };
      const { requests, seconds } = await load(tool, { ...input, seconds: speedSeconds, perSecond: undefined });
      return {
        perSecond: requests / seconds,
        cost: (readCpuMicroseconds(pid) - cpu) / requests,
      };
    };
    try {
      for (const target of [bare, ours]) await measure(target);
      const pairs = [];
      for (let round = 0; round < rounds; round += 1)
        pairs.push({ bare: await measure(bare), ours: await measure(ours) });
      return {
        name: peer.name,
        perSecond: median(pairs.map((pair) => pair.ours.perSecond)),
        ratio: median(pairs.map((pair) => pair.ours.perSecond / pair.bare.perSecond)),
        cost: median(pairs.map((pair) => pair.ours.cost)),
      };
    } finally {
      bare.stop();
      ours.stop();
    }
  }
}

async function start(runner: readonly string[], file: string, env: NodeJS.ProcessEnv): Promise<Running> {
  const [program = '', ...args] = [...runner, process.execPath, fileURLToPath(new URL(file, import.meta.url))];
  const child = spawn(program, args, { env: { PATH: process.env['PATH'], ...env }, stdio: ['pipe', 'pipe', 'ignore'] });
  let printed = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    printed += chunk;
  });
  for (;;) {
    const url = /^http:\S+$/m.exec(printed)?.[0];
    if (url) return { url, pid: child.pid ?? 0, stop: () => child.stdin.end() };
    await Promise.race([
      once(child.stdout, 'data'),
      once(child, 'exit').then(() => Promise.reject(new Error(`${file} ended before it was listening`))),
    ]);
  }
}

/** The request as text, cut where the token goes. */
function requestOf({ route, authorization }: Peer, url: string, tokenLength: number): readonly [string, string] {
  const cut = template(
    { ...route, name: 'me', title: '', caller: authorization && '' },
    new URL(url).host,
    tokenLength,
  );
  return authorization === null ? cut : [cut[0].replace('Bearer ', authorization), cut[1]];
}

async function sample(peer: Peer, url: string, value: string): Promise<BareAnswer> {
  const { method, path, contentType, around } = peer.route;
  const answer = await fetch(url + path, {
    method,
    headers: {
      Authorization: peer.authorization ?? `Bearer ${value}`,
      ...(contentType !== null && { 'Content-Type': contentType }),
    },
    ...(method === 'POST' && { body: around.join(value) }),
  });
  const body = (await answer.json()) as { readonly active?: boolean };
  if (body.active !== true) throw new Error(`${peer.name} does not find its tokens valid`);
  const headers = [...answer.headers].filter(([name]) => ['cache-control', 'content-type'].includes(name));
  return { path, headers: Object.fromEntries(headers), body };
}
