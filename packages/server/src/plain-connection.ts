import type { Server as HttpServer, IncomingHttpHeaders } from 'node:http';
import type { Socket } from 'node:net';
import { type DecisiveHeaders, decisiveOf } from './credential.ts';
import { type Exchange, encodingOf, type Lane } from './exchange.ts';
import { writePlainAnswer } from './plain-answer.ts';
import { MORE, type PlainRequest, readPlainRequest } from './plain-request.ts';

/**
 * Connections, for as long as all that comes over them is plain requests to hot routes. The first one that is not goes to
 * Node's HTTP server, together with its connection, and stays there: nothing is refused here. One request at a
 * time: the next is not read before this one is answered, and nothing more is read while the client takes nothing.
 */
export interface PlainConnections {
  /** From now on each connection ends with its next answer. */
  endAfterAnswers(): void;
  /** Closes those that have been answered and have not asked again. */
  closeIdle(): void;
  closeAll(): void;
}

export interface PlainConnectionOptions {
  readonly lanes: readonly Lane[];
  /** Until the first byte of the first request. */
  readonly headersTimeoutMs: number;
  /** Until the client has taken its answer. */
  readonly requestTimeoutMs: number;
  readonly keepAliveMs: number;
  /** Also how long the rest of a body is waited for before Node is left to wait. */
  readonly checkEveryMs: number;
  /** Answers what is no request, as Node's `clientError`. */
  readonly refuse: (error: { readonly code: string }, socket: Socket) => void;
}

interface Connection {
  readonly socket: Socket;
  /** `new`: has sent nothing yet; `partial`: the rest of a body is to come; `busy`: is waiting for, or taking, its answer. */
  state: 'new' | 'partial' | 'busy' | 'idle';
  /** Since when: `performance.now()`. */
  since: number;
  become(state: Connection['state']): void;
  /** Leaves it, with half of a request, to Node. */
  giveUp(): void;
}

export function keepPlainConnections(server: HttpServer, options: PlainConnectionOptions): PlainConnections {
  const { lanes, headersTimeoutMs, requestTimeoutMs, keepAliveMs, checkEveryMs, refuse } = options;
  const keepAliveSeconds = Math.trunc(keepAliveMs / 1_000);
  const others = server.listeners('connection') as ((socket: Socket) => void)[];
  const connections = new Set<Connection>();
  let ending = false;

  function keep(socket: Socket): void {
    const connection: Connection = { socket, state: 'new', since: performance.now(), become, giveUp };
    let held: Buffer | undefined;
    let hasEnded = false;

    function receive(chunk: Buffer): void {
      const bytes = held ? Buffer.concat([held, chunk]) : chunk;
      const request = readPlainRequest(bytes);
      // A body that comes in more than two pieces is not waited for here.
      if (request === MORE && !held) hold(bytes);
      else if (!request || request === MORE || !take(request)) handOver(bytes);
    }

    function hold(bytes: Buffer): void {
      held = bytes;
      become('partial');
    }

    function take(request: PlainRequest): boolean {
      const exchange = new PlainExchange(request, socket, send);
      if (!lanes.some((lane) => lane(exchange))) return false;
      held = undefined;
      if (!exchange.answered) {
        become('busy');
        socket.pause();
      }
      return true;
    }

    function send({ closes }: PlainRequest, status: number, headers: Readonly<Record<string, string>>, body: string) {
      const bodyBytes = Buffer.byteLength(body);
      const isLast = closes || ending || hasEnded;
      const text = writePlainAnswer({ status, headers, body, bodyBytes, closes: isLast, keepAliveSeconds });
      const encoding = encodingOf(body, bodyBytes);
      if (socket.destroyed) return;
      if (isLast) {
        become('busy');
        // RFC 9112 section 9.6: what comes after it is not for us any more.
        socket.off('data', receive).end(text, encoding);
        socket.destroySoon();
      } else if (socket.write(text, encoding)) {
        listenAgain();
      } else {
        become('busy');
        socket.pause();
        socket.once('drain', listenAgain);
      }
    }

    function listenAgain(): void {
      if (connection.state === 'busy') socket.resume();
      become('idle');
      // It has asked all that it will ask, while it took its answer.
      if (hasEnded) socket.end();
    }

    function become(state: Connection['state']): void {
      connection.state = state;
      connection.since = performance.now();
    }

    function giveUp(): void {
      if (held) handOver(held);
    }

    function handOver(bytes: Buffer): void {
      connections.delete(connection);
      socket.off('data', receive).off('end', end).off('error', forget).off('close', forget);
      socket.pause();
      for (const other of others) other.call(server, socket);
      socket.unshift(bytes);
      socket.resume();
    }

    function end(): void {
      hasEnded = true;
      if (connection.state === 'partial') refuseAs('HPE_INVALID_EOF_STATE', connection);
      else if (connection.state !== 'busy') socket.end();
    }

    function forget(): void {
      connections.delete(connection);
      socket.destroy();
    }

    connections.add(connection);
    socket.on('data', receive).on('end', end).on('error', forget).on('close', forget);
  }

  function refuseAs(code: string, connection: Connection): void {
    const { socket } = connection;
    connection.become('busy');
    // What else it sends is read, so that the answer is not lost, and thrown away.
    socket.removeAllListeners('data').resume();
    refuse({ code }, socket);
  }

  /** A wait that nothing else ends: what is waited for in a `busy` connection's lane has a limit of its own. */
  function check(): void {
    const now = performance.now();
    for (const connection of connections) {
      const { state, since, socket } = connection;
      const waited = now - since;
      if (state === 'new' && waited > headersTimeoutMs) refuseAs('ERR_HTTP_REQUEST_TIMEOUT', connection);
      // Many a request is answered before its body is read: who must wait for that answer may send the rest only then.
      else if (state === 'partial' && waited > checkEveryMs) connection.giveUp();
      else if (state === 'idle' && waited > keepAliveMs) socket.destroy();
      else if (state === 'busy' && socket.writableLength > 0 && waited > requestTimeoutMs) socket.destroy();
    }
  }

  function closeWhere(mayClose: (connection: Connection) => boolean): void {
    for (const connection of connections) if (mayClose(connection)) connection.socket.destroy();
  }

  server.removeAllListeners('connection');
  server.on('connection', keep);
  const checks = setInterval(check, checkEveryMs);
  checks.unref();
  server.once('close', () => clearInterval(checks));

  return {
    endAfterAnswers() {
      ending = true;
    },
    closeIdle: () => closeWhere(({ state, socket }) => state === 'idle' && socket.writableLength === 0),
    closeAll: () => closeWhere(() => true),
  };
}

type Send = (request: PlainRequest, status: number, headers: Readonly<Record<string, string>>, body: string) => void;

class PlainExchange implements Exchange {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly decisive: DecisiveHeaders;
  readonly body: string | null;
  readonly socket: Socket;
  answered = false;
  readonly #request: PlainRequest;
  readonly #send: Send;

  constructor(request: PlainRequest, socket: Socket, send: Send) {
    this.method = request.method;
    this.url = request.url;
    this.headers = request.headers;
    this.decisive = decisiveOf(request.headers);
    this.body = request.body;
    this.socket = socket;
    this.#request = request;
    this.#send = send;
  }

  get rawHeaders(): readonly string[] {
    return Object.entries(this.headers).flat() as string[];
  }

  onBody(): void {
    throw new Error('all of the request has come, and it has no body');
  }

  answer(status: number, headers: Readonly<Record<string, string>>, body: string): void {
    this.#send(this.#request, status, headers, body);
    this.answered = true;
  }
}
