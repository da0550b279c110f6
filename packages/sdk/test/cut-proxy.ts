import { connect, createServer, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

/** What becomes of what the server sends: `hold` keeps it, and the end of the connection, until it is released. */
export type Flow = 'pass' | 'hold';

export interface CutProxy {
  readonly url: string;
  /** Where connections go. */
  target: string;
  /** Of the streams of changes. */
  streams: Flow;
  /** Of all other answers. */
  answers: Flow;
  /** Lets go of what is held; what comes later passes or not as its flow says. */
  release(): void;
  /** Whether anything is held of a stream, or of another answer. */
  holds(what: 'stream' | 'answer'): boolean;
}

const STREAM = 'GET /api/v1/changes HTTP';

/** A way to the server, below HTTP, that can be blocked while its connections stay open; until the test has finished. */
export async function startCutProxy(target: string): Promise<CutProxy> {
  const held = new Map<Socket, { isStream: boolean; what: (() => void)[] }>();
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const { hostname, port } = new URL(proxy.target);
    const upstream = connect(Number(port), hostname);
    const way = { isStream: false, what: [] as (() => void)[] };
    held.set(client, way);
    const deliver = (act: () => void): void => {
      const flow = way.isStream ? proxy.streams : proxy.answers;
      // Nothing overtakes what is held.
      if (flow === 'pass' && way.what.length === 0) act();
      else way.what.push(act);
    };
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
    }
    client.on('data', (chunk: Buffer) => {
      way.isStream ||= chunk.includes(STREAM);
      upstream.write(chunk);
    });
    client.on('close', () => {
      held.delete(client);
      upstream.destroy();
    });
    upstream.on('data', (chunk: Buffer) => deliver(() => void client.write(chunk)));
    upstream.on('close', () => deliver(() => void client.destroy()));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  const proxy: CutProxy = {
    url: `http://127.0.0.1:${(server.address() as { port: number }).port}`,
    target,
    streams: 'pass',
    answers: 'pass',
    release() {
      for (const { what } of held.values()) for (const act of what.splice(0)) act();
    },
    holds: (sought) =>
      [...held.values()].some(({ isStream, what }) => isStream === (sought === 'stream') && what.length > 0),
  };
  return proxy;
}
