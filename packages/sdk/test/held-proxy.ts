import { createServer, request as send } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

export interface HeldProxy {
  readonly url: string;
  /** What becomes of requests whose path starts so: `hold` keeps them without an answer, `drop` cuts the connection. */
  rule: { readonly path: string; readonly does: 'hold' | 'drop' } | undefined;
  /** Where requests go. */
  target: string;
  /** Requests that went through, by path. */
  count(path: string): number;
  /** Resolves when one more request to the path has arrived. */
  nextArrival(path: string): Promise<void>;
  /** Lets go of what is held: it goes on to the server. */
  release(): void;
  /** Cuts every connection, streams under way included. */
  cut(): void;
}

/** A proxy that misbehaves on demand, listening until the test has finished. */
export async function startHeldProxy(target: string): Promise<HeldProxy> {
  const counts = new Map<string, number>();
  let held: (() => void)[] = [];
  let arrivals: { path: string; resolve: () => void }[] = [];
  const server = createServer((incoming, outgoing) => {
    const path = (incoming.url ?? '').split('?')[0] ?? '';
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const pass = (): void => {
        counts.set(path, (counts.get(path) ?? 0) + 1);
        const { method, headers, url } = incoming;
        const upstream = send(new URL(url ?? '', proxy.target), { method, headers }, (answer) => {
          outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
          answer.pipe(outgoing);
        });
        upstream.on('error', () => outgoing.destroy());
        outgoing.on('close', () => upstream.destroy());
        upstream.end(Buffer.concat(chunks));
      };
      const { rule } = proxy;
      if (rule && path.startsWith(rule.path)) {
        if (rule.does === 'drop') outgoing.destroy();
        else held.push(pass);
      } else pass();
      for (const arrival of arrivals.filter((waiting) => waiting.path === path)) arrival.resolve();
      arrivals = arrivals.filter((waiting) => waiting.path !== path);
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const proxy: HeldProxy = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    rule: undefined,
    target,
    count: (path) => counts.get(path) ?? 0,
    nextArrival: (path) =>
      new Promise((resolve) => {
        arrivals.push({ path, resolve });
      }),
    release() {
      const passing = held;
      held = [];
      for (const pass of passing) pass();
    },
    cut: () => server.closeAllConnections(),
  };
  return proxy;
}
