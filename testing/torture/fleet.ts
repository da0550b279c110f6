import { createHttpClient, type HttpClient } from '../http-client.ts';
import { findPort } from '../port.ts';
import {
  createPosternData,
  launchPostern,
  type PosternData,
  type PosternLaunch,
  removePosternData,
} from '../postern-process.ts';
import { type DatabaseProxy, startProxy } from './proxy.ts';

/** One `postern serve` of several on one database, each behind a network of its own. */
export interface FleetNode {
  readonly name: string;
  readonly proxy: DatabaseProxy;
  /** For the admin, unless a call says otherwise. */
  readonly client: HttpClient;
  pause(): void;
  resume(): void;
  /** SIGKILL, and another process at the same address; resolves when that one is ready, or was killed in its turn. */
  restart(): Promise<void>;
}

export interface Fleet {
  readonly nodes: readonly FleetNode[];
  readonly adminToken: string;
  /** What the processes have logged lately, and whatever a crash of one printed. */
  stop(): Promise<void>;
}

/** Calls that may be under way to one node; those to one that stands still pile up. */
const CONNECTIONS = 512;
const ENVIRONMENT = {
  POSTERN_ORGANIZATION: 'Acme',
  // Each caller comes from somewhere else: failures are throttled by address.
  POSTERN_TRUSTED_PROXIES: '127.0.0.1',
  POSTERN_LOG_LEVEL: 'error',
};

/** Starts so many; the first one makes the organization. */
export async function startFleet(databaseUrl: string, count: number): Promise<Fleet> {
  const data = await createPosternData(databaseUrl);
  const nodes: (FleetNode & { end(): Promise<void> })[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(nodes.map((node) => node.end()));
    await removePosternData(data);
  };
  try {
    nodes.push(await startNode('a', data));
    const others = [...'bcdefgh'].slice(0, count - 1).map((name) => startNode(name, data));
    for (const started of await Promise.allSettled(others)) {
      if (started.status === 'rejected') throw started.reason;
      nodes.push(started.value);
    }
    return { nodes, adminToken: data.adminToken, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function startNode(name: string, shared: PosternData): Promise<FleetNode & { end(): Promise<void> }> {
  const proxy = await startProxy(shared.databaseUrl ?? '');
  // A directory of its own, which goes with the process however this run ends.
  const own = { ...(await createPosternData(proxy.url)), adminToken: shared.adminToken, secretKey: shared.secretKey };
  const port = await findPort();
  const launch = (): PosternLaunch => launchPostern(own, { env: ENVIRONMENT, port });
  let current = launch();
  const url = await current.ready;
  const client = createHttpClient(url, shared.adminToken, CONNECTIONS);
  let ended = false;
  return {
    name,
    proxy,
    client,
    pause: () => current.signal('SIGSTOP'),
    resume: () => current.signal('SIGCONT'),
    async restart() {
      await current.kill();
      if (ended) return;
      current = launch();
      // One that starts while its database is away ends by itself, as it should.
      await current.ready.catch(() => undefined);
    },
    async end() {
      ended = true;
      client.close();
      await current.kill();
      await proxy.close();
      await removePosternData(own);
    },
  };
}
