import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { onTestFinished } from 'vitest';

export interface LosingProxy {
  readonly url: string;
  /** How many answers were lost. */
  lost(): number;
}

/** A way to a real server on which every first answer is lost: the request arrives, is carried out, and nobody hears of it. */
export async function startLosingProxy(target: string): Promise<LosingProxy> {
  const seen = new Set<string>();
  let lost = 0;
  const server = createServer(async (request, response) => {
    const body = await buffer(request);
    const answer = await fetch(target + request.url, {
      method: request.method ?? 'GET',
      headers: forwarded(request),
      ...(body.length > 0 && { body }),
    });
    const text = await answer.text();
    const call = `${request.method} ${request.url} ${request.headers['idempotency-key'] ?? ''}`;
    if (!seen.has(call)) {
      seen.add(call);
      lost += 1;
      response.destroy();
      return;
    }
    response.writeHead(answer.status, Object.fromEntries(answer.headers)).end(text);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, lost: () => lost };
}

function forwarded({ headers }: IncomingMessage): Record<string, string> {
  const { host: _host, connection: _connection, 'content-length': _length, ...rest } = headers;
  return Object.fromEntries(Object.entries(rest).map(([name, value]) => [name, String(value)]));
}
