import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { generateSecretKey } from '@postern/core';
import { expect, onTestFinished, test } from 'vitest';
import { seed, seededValue } from '../bench/seed.ts';
import { createHttpClient } from './http-client.ts';
import { attachInspector, inspectorAddress } from './inspector.ts';
import { createPosternData, removePosternData, startPosternOn } from './postern-process.ts';

/** As many streams of changes as a process may have open, over real connections; nothing here depends on how long it takes. */

const STREAMS = 10_000;
const STREAMS_PER_PRINCIPAL = 5;
/** Of one open stream in the process: its connection, its request and answer, and what follows changes for it. */
const BYTES_PER_STREAM = 12 * 1_024;
const OPENED_AT_A_TIME = 100;
const STREAM = '/api/v1/changes';
/** Here, and in the process: a connection each, and some for everything else. */
const DESCRIPTORS = STREAMS + 500;

interface Limits {
  readonly userLimits?: { readonly open_files?: { readonly hard: number | 'unlimited' } };
}

const { userLimits } = process.report.getReport() as Limits;
const hasDescriptors =
  Number(userLimits?.open_files?.hard ?? 0) >= DESCRIPTORS || userLimits?.open_files?.hard === 'unlimited';

interface Stream {
  readonly socket: Socket;
  readonly begun: string;
  /** All that it has said since. */
  received(): string;
}

test.skipIf(!hasDescriptors)(
  'ten thousand streams take no more memory than was said, all hear of a change, and one more is refused',
  {
    timeout: 300_000,
  },
  async () => {
    const data = await createPosternData();
    onTestFinished(() => removePosternData(data));
    const env = { POSTERN_SECRET_KEY: generateSecretKey('k1', randomBytes) };
    const first = await startPosternOn(data, { env });
    const { body: me } = await createHttpClient(first.url, data.adminToken).call('GET', '/api/v1/me');
    await first.stop();
    const principals = STREAMS / STREAMS_PER_PRINCIPAL;
    await seed(data, {
      ...{ organizationId: me.organization.id, secretKey: env.POSTERN_SECRET_KEY },
      ...{ count: principals, tokensPerAccount: 1, organizationRole: 'verifier' },
    });
    const postern = await startPosternOn(data, { env, nodeFlags: ['--expose-gc', '--inspect=127.0.0.1:0'] });
    onTestFinished(() => postern.kill());
    const inspector = await attachInspector(inspectorAddress(postern.stderr()));
    const client = createHttpClient(postern.url, data.adminToken);
    const streams: Stream[] = [];
    onTestFinished(() => {
      for (const { socket } of streams) socket.destroy();
      client.close();
      inspector.close();
    });
    const heldBytes = async (): Promise<number> =>
      (await inspector.evaluate(
        'gc(); (({ heapUsed, external }) => heapUsed + external)(process.memoryUsage())',
      )) as number;
    const openSome = async (count: number): Promise<void> => {
      const opened = Array.from({ length: count }, (_, more) => {
        const principal = (streams.length + more) % principals;
        return openStream(postern.url, seededValue(principal));
      });
      streams.push(...(await Promise.all(opened)));
    };

    await openSome(OPENED_AT_A_TIME);
    const before = await heldBytes();
    while (streams.length < STREAMS) await openSome(OPENED_AT_A_TIME);
    const perStream = ((await heldBytes()) - before) / (STREAMS - OPENED_AT_A_TIME);
    expect(new Set(streams.map(({ begun }) => begun))).toEqual(new Set(['HTTP/1.1 200 OK']));
    expect(perStream).toBeLessThan(BYTES_PER_STREAM);

    const full = await client.call('GET', STREAM);
    expect([full.status, full.headers['retry-after'], full.body.code]).toEqual([503, '5', 'storage.unavailable']);

    const body = { displayName: 'told to all', organizationRole: 'member' };
    const { body: account } = await client.call('POST', '/api/v1/service-accounts', { body });
    const hasHeard = ({ received }: Stream): boolean => received().includes(`"id":"${account.id}"`);
    await expect.poll(() => streams.filter(hasHeard).length, { timeout: 60_000 }).toBe(STREAMS);

    // Those of the second and the third principal; the first one has all of its own.
    for (const { socket } of streams.splice(1, 2)) socket.destroy();
    await expect
      .poll(async () => {
        const { socket, begun } = await openStream(postern.url, data.adminToken);
        socket.destroy();
        return begun;
      })
      .toBe('HTTP/1.1 200 OK');
    const sixth = await client.call('GET', STREAM, { token: seededValue(0) });
    expect([sixth.status, sixth.headers['retry-after'], sixth.body.code]).toEqual([
      429,
      '5',
      'changes.too_many_streams',
    ]);
  },
);

/** Resolves with what it begins with. */
async function openStream(url: string, token: string): Promise<Stream> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  let text = '';
  socket.setEncoding('latin1').on('data', (chunk: string) => {
    text += chunk;
  });
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  socket.write(`GET ${STREAM} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${token}\r\n\r\n`);
  while (!text.includes('event: head\n') && !socket.closed)
    await Promise.race([once(socket, 'data'), once(socket, 'close')]);
  return { socket, begun: text.slice(0, text.indexOf('\r\n')), received: () => text };
}
