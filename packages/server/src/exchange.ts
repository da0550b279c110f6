import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { type DecisiveHeaders, readDecisiveHeaders } from './credential.ts';

/** A request and the way of its answer, whoever read the one and writes the other. */
export interface Exchange {
  readonly method: string;
  readonly url: string;
  /** As Node has them: names in lower case. */
  readonly headers: IncomingHttpHeaders;
  /** Name, value, name, value, each as often as it came. */
  readonly rawHeaders: readonly string[];
  readonly decisive: DecisiveHeaders;
  readonly socket: Socket;
  /** The whole body, where it has come already; null: there is none, or it is still on its way. */
  readonly body: string | null;
  /** Hands over the whole body once it has come, or says that it never will. For a request whose body is on its way. */
  onBody(next: (body: Buffer) => void, brokenOff: () => void): void;
  readonly answered: boolean;
  /** Sends the answer; once. `content-length` is added. */
  answer(status: number, headers: Readonly<Record<string, string>>, body: string): void;
}

/** Takes a request and answers it, or returns false and has not touched it. */
export type Lane = (exchange: Exchange) => boolean;

/** A request that Node has read, and whose answer Node writes. */
export function exchangeOfNode(request: IncomingMessage, response: ServerResponse): Exchange {
  return {
    method: request.method ?? '',
    url: request.url ?? '',
    headers: request.headers,
    rawHeaders: request.rawHeaders,
    get decisive() {
      return readDecisiveHeaders(request.rawHeaders);
    },
    socket: request.socket,
    body: null,
    onBody(next, brokenOff) {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => next(Buffer.concat(chunks)));
      request.on('error', brokenOff);
      if (request.readableAborted) brokenOff();
    },
    get answered() {
      return response.headersSent;
    },
    answer(status, headers, body) {
      const bytes = Buffer.byteLength(body);
      response.writeHead(status, { ...headers, 'content-length': bytes }).end(body, encodingOf(body, bytes));
    },
  };
}

/** How text of this length in UTF-8 is written. One byte a character: it is ASCII, and needs no encoding. */
export function encodingOf(text: string, bytes: number): 'latin1' | 'utf8' {
  return bytes === text.length ? 'latin1' : 'utf8';
}
