import { setTimeout as pause } from 'node:timers/promises';
import { createHttpClient, type HttpAnswer, type HttpClient } from '../testing/http-client.ts';
import {
  createPosternData,
  type Postern,
  type PosternData,
  removePosternData,
  startPosternOn,
} from '../testing/postern-process.ts';
import { createDatabase, startPostgres } from '../testing/postgres.ts';
import { createRandom } from '../testing/random.ts';

/** How long a revocation's answer waits for the other nodes on PostgreSQL, as its receipt says. Times in milliseconds. */
export interface ReceiptResult {
  readonly nodes: number;
  readonly revocations: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** The same as the caller sees it: with the transaction, the request and the answer. */
  readonly callP50Ms: number;
  readonly callP99Ms: number;
  /** The longest receipt while one of the nodes stood still. */
  readonly pausedMs: number;
}

interface Receipt {
  readonly ms: number;
  readonly confirmed: number;
  readonly expired: number;
  readonly callMs: number;
}

const NODES = 4;
const REVOCATIONS = 600;
const WARM_UP = 50;
const PAUSES = 5;
/** One revocation each so many milliseconds, at random between the two. */
const GAP_MS = [20, 50] as const;
const VERIFICATIONS_PER_SECOND = 200;
const VERIFIED_TOKENS = 20;
const RECEIPT = /confirmed=(\d+), expired=(\d+), ms=([\d.]+)/;

/** Four processes on a PostgreSQL of their own that commits to the disk, each on any processor; moderate work on all of them. */
export async function measureReceipts(): Promise<ReceiptResult> {
  const server = await startPostgres({ durable: true });
  try {
    const { url } = await createDatabase(server.url);
    return await withFleet(await createPosternData(url), measureFleet);
  } finally {
    await server.stop();
  }
}

interface FleetNode {
  readonly process: Postern;
  readonly client: HttpClient;
}

async function withFleet<Result>(
  data: PosternData,
  use: (nodes: readonly FleetNode[]) => Promise<Result>,
): Promise<Result> {
  const nodes: FleetNode[] = [];
  try {
    for (let node = 0; node < NODES; node += 1) {
      const process = await startPosternOn(data, { logFile: '/dev/null' });
      nodes.push({ process, client: createHttpClient(process.url, data.adminToken, 64) });
    }
    return await use(nodes);
  } finally {
    for (const { client } of nodes) client.close();
    await Promise.all(nodes.map(({ process }) => process.kill()));
    await removePosternData(data);
  }
}

async function measureFleet(nodes: readonly FleetNode[]): Promise<ReceiptResult> {
  const [first] = nodes as readonly [FleetNode, ...FleetNode[]];
  const body = { displayName: 'revoked', organizationRole: 'member' };
  const { id } = succeed(await first.client.call('POST', '/api/v1/service-accounts', { body }));
  const tokensUrl = `/api/v1/service-accounts/${id}/tokens`;
  const make = async () => succeed(await first.client.call('POST', tokensUrl, { body: { name: 'bench' } }));
  const verified: string[] = [];
  while (verified.length < VERIFIED_TOKENS) verified.push((await make()).value);
  const revoked: string[] = [];
  while (revoked.length < WARM_UP + REVOCATIONS + PAUSES) revoked.push((await make()).token.id);
  const revoke = async ({ client }: FleetNode): Promise<Receipt> => {
    const startedAt = performance.now();
    const answer = await client.call('DELETE', `${tokensUrl}/${revoked.pop()}`);
    return readReceipt(answer, performance.now() - startedAt);
  };
  const verifying = keepVerifying(nodes, verified);
  await revokeAtTimes(nodes, WARM_UP, revoke);
  const receipts = await revokeAtTimes(nodes, REVOCATIONS, revoke);
  await verifying.stop();
  let pausedMs = 0;
  for (let round = 0; round < PAUSES; round += 1) {
    pausedMs = Math.max(pausedMs, await revokeWithOnePaused(nodes, revoke));
  }
  return {
    nodes: nodes.length,
    revocations: receipts.length,
    p50Ms: quantile(receipts, 0.5, 'ms'),
    p99Ms: quantile(receipts, 0.99, 'ms'),
    callP50Ms: quantile(receipts, 0.5, 'callMs'),
    callP99Ms: quantile(receipts, 0.99, 'callMs'),
    pausedMs,
  };
}

/** Each on the next node, whether the one before is answered or not. Throws where a node was waited out. */
async function revokeAtTimes(
  nodes: readonly FleetNode[],
  count: number,
  revoke: (node: FleetNode) => Promise<Receipt>,
): Promise<readonly Receipt[]> {
  const random = createRandom(count);
  const [shortest, longest] = GAP_MS;
  const underWay: Promise<Receipt>[] = [];
  while (underWay.length < count) {
    underWay.push(revoke(nodes[underWay.length % nodes.length] as FleetNode));
    await pause(shortest + (longest - shortest) * random.fraction());
  }
  const receipts = await Promise.all(underWay);
  if (receipts.some(({ expired }) => expired > 0)) throw new Error('a node that was well was waited out');
  return receipts;
}

/** The last node stands still; then it goes on, and everything waits until it serves again. */
async function revokeWithOnePaused(
  nodes: readonly FleetNode[],
  revoke: (node: FleetNode) => Promise<Receipt>,
): Promise<number> {
  const [first, last] = [nodes[0], nodes.at(-1)] as [FleetNode, FleetNode];
  last.process.signal('SIGSTOP');
  try {
    const { ms, expired } = await revoke(first);
    if (expired !== 1) throw new Error(`a node stood still, and ${expired} were waited out`);
    return ms;
  } finally {
    last.process.signal('SIGCONT');
    await untilServing(first.client, nodes.length);
  }
}

async function untilServing({ call }: HttpClient, count: number): Promise<void> {
  for (;;) {
    const { items } = succeed(await call('GET', '/api/v1/nodes'));
    const serving = items.filter(({ leaseMs, lag }: { leaseMs: number; lag: number }) => leaseMs > 0 && lag === 0);
    if (serving.length === count) return;
    await pause(10);
  }
}

function keepVerifying(nodes: readonly FleetNode[], values: readonly string[]): { stop(): Promise<void> } {
  let failure: unknown;
  let count = 0;
  const underWay = new Set<Promise<void>>();
  const timer = setInterval(() => {
    count += 1;
    const { client } = nodes[count % nodes.length] as FleetNode;
    const asking = client
      .call('GET', '/api/v1/me', { token: values[count % values.length] as string })
      .then(succeed)
      .catch((error: unknown) => {
        failure = error;
      })
      .finally(() => underWay.delete(asking));
    underWay.add(asking);
  }, 1_000 / VERIFICATIONS_PER_SECOND);
  return {
    async stop() {
      clearInterval(timer);
      await Promise.all(underWay);
      if (failure !== undefined) throw failure;
    },
  };
}

function readReceipt(answer: HttpAnswer, callMs: number): Receipt {
  succeed(answer);
  const found = RECEIPT.exec(String(answer.headers['postern-receipt']));
  if (!found) throw new Error('there is no receipt');
  const [, confirmed, expired, ms] = found.map(Number) as [number, number, number, number];
  return { ms, confirmed, expired, callMs };
}

function quantile(receipts: readonly Receipt[], part: number, of: 'ms' | 'callMs'): number {
  const sorted = receipts.map((receipt) => receipt[of]).toSorted((one, other) => one - other);
  return sorted[Math.floor(part * (sorted.length - 1))] ?? Number.NaN;
}

function succeed({ status, body }: HttpAnswer) {
  if (status >= 400) throw new Error(`answered ${status}: ${JSON.stringify(body)}`);
  return body;
}
