import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** What a network does to what is sent through it. */
export type Weather =
  | 'fair'
  /** Nothing arrives, in either direction, until it is fair again; then all of it does. */
  | 'stalled'
  /** What is asked arrives, and no answer does, until it is fair again. */
  | 'mute'
  /** Nothing arrives, ever. */
  | 'lossy'
  /** Connections are reset, and no new one is to be had. */
  | 'cut';

/** A TCP proxy between one process and its database. */
export interface DatabaseProxy {
  /** The address that it was made for, by way of the proxy. */
  readonly url: string;
  set(weather: Weather): void;
  /** Leads connections that are made from now on to another server, as a moved address does. */
  moveTo(url: string): void;
  close(): Promise<void>;
}

interface Pair {
  readonly near: Socket;
  readonly far: Socket;
  /** Something got lost: what would come after it makes no sense. */
  isSpoiled: boolean;
}

/** Begins to listen on any free port. */
export async function startProxy(url: string): Promise<DatabaseProxy> {
  let target = new URL(url);
  const pairs = new Set<Pair>();
  let weather: Weather = 'fair';

  const server = createServer((near) => {
    near.on('error', () => undefined);
    if (weather === 'cut') {
      near.resetAndDestroy();
      return;
    }
    const far = connect({ host: target.hostname, port: Number(target.port) });
    const pair: Pair = { near, far, isSpoiled: false };
    pairs.add(pair);
    const end = (): void => {
      pairs.delete(pair);
      near.destroy();
      far.destroy();
    };
    far.on('error', end);
    for (const socket of [near, far]) socket.setNoDelay(true).on('close', end);
    carry(pair, near, far);
    carry(pair, far, near);
    settle(pair);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  function carry(pair: Pair, from: Socket, to: Socket): void {
    from.on('data', (chunk) => {
      if (weather !== 'lossy') to.write(chunk);
      else pair.isSpoiled = true;
    });
  }

  /** Stops reading where nothing is to be carried: what was sent waits in the kernel. */
  function settle({ near, far }: Pair): void {
    if (weather === 'stalled') near.pause();
    else near.resume();
    if (weather === 'stalled' || weather === 'mute') far.pause();
    else far.resume();
  }

  const through = new URL(url);
  through.hostname = '127.0.0.1';
  through.port = String((server.address() as AddressInfo).port);
  return {
    url: through.href,
    set(changed) {
      weather = changed;
      for (const pair of [...pairs]) {
        if (weather === 'cut' || (weather !== 'lossy' && pair.isSpoiled)) pair.near.resetAndDestroy();
        else settle(pair);
      }
    },
    moveTo(other) {
      target = new URL(other);
    },
    async close() {
      for (const { near } of pairs) near.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
