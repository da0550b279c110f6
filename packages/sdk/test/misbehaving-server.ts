import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { onTestFinished } from 'vitest';

/** What the server does with one request. */
export type Behaviour = (response: ServerResponse, request: IncomingMessage) => void;

export interface SeenRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface MisbehavingServer {
  readonly url: string;
  readonly seen: readonly SeenRequest[];
}

/** A server that does with each request what comes next in the list, until the test has finished. */
export async function startMisbehavingServer(...behaviours: Behaviour[]): Promise<MisbehavingServer> {
  const seen: SeenRequest[] = [];
  const server = createServer(async (request, response) => {
    const { method = '', url = '', headers } = request;
    seen.push({ method, url, headers, body: await text(request) });
    const behave =
      behaviours.shift() ?? answer(500, { title: 'The test expected no further request', code: 'internal' });
    behave(response, request);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen };
}

/** Answers like Postern does. */
export function answer(status: number, body?: unknown, headers: Record<string, string> = {}): Behaviour {
  const type = status < 400 ? 'application/json; charset=utf-8' : 'application/problem+json; charset=utf-8';
  return (response) => {
    response.writeHead(status, body === undefined ? headers : { 'content-type': type, ...headers });
    response.end(body === undefined ? undefined : JSON.stringify(body));
  };
}

export function problem(status: number, code: string, headers: Record<string, string> = {}): Behaviour {
  return answer(status, { type: 'about:blank', title: 'As the test says.', status, code, requestId: 'req_1' }, headers);
}

/** Answers like a proxy that has no server behind it. */
export function html(status: number): Behaviour {
  return (response) => {
    response.writeHead(status, { 'content-type': 'text/html' }).end('<h1>Bad gateway</h1>');
  };
}

/** The connection is lost before there is an answer. */
export const hangUp: Behaviour = (response) => void response.destroy();

/** The connection is lost in the middle of the answer. */
export const hangUpInTheMiddle: Behaviour = (response) => {
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': '100' });
  response.write('{"id":', () => response.destroy());
};

/** The headers come, the body never does. */
export const stall: Behaviour = (response) => {
  response.writeHead(200, { 'content-type': 'application/json' });
  response.write('{');
};

/** There is never an answer. */
export const silence: Behaviour = () => undefined;
