import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { DomainError, type ErrorCode } from '@postern/core';
import type { FastifyInstance } from 'fastify';
import { toProblem } from './problem.ts';
import type { Server } from './server.ts';

/** Answers where there is no request, only a socket: problem documents here, too. */

const ALL_METHODS = 'GET, HEAD, POST, PATCH, DELETE';

/** What Node would otherwise answer by itself, without a body, or not at all. */
export function answerAtSocket(app: FastifyInstance, server: Server, newRequestId: () => string): void {
  // Every header counts towards the limit in bytes, so none is dropped for its number.
  app.server.maxHeadersCount = 0;
  // An expectation that is not understood may be ignored (RFC 9110 section 10.1.1).
  app.server.on('checkExpectation', (request: IncomingMessage, response: ServerResponse) => {
    app.routing(request, response);
  });
  app.server.on('connect', (_request: IncomingMessage, socket: Socket) => {
    answer(server, newRequestId(), 'request.method_not_allowed', socket, { allow: ALL_METHODS });
  });
}

/** Answers what Node could not parse. */
export function answerClientError(
  server: Server,
  requestId: string,
  error: { readonly code?: string },
  socket: Socket,
): void {
  const inFlight = (socket as { _httpMessage?: { readonly headersSent: boolean } })._httpMessage;
  if (error.code === 'ECONNRESET' || !socket.writable || inFlight?.headersSent) socket.destroy();
  else answer(server, requestId, clientErrorCode(error), socket);
}

function clientErrorCode({ code }: { readonly code?: string }): ErrorCode {
  if (code === 'HPE_HEADER_OVERFLOW') return 'request.headers_too_large';
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return 'request.timeout';
  return 'request.malformed';
}

function answer(
  { log }: Server,
  requestId: string,
  code: ErrorCode,
  socket: Socket,
  more: Readonly<Record<string, string>> = {},
): void {
  const { status, contentType, headers, body } = toProblem(new DomainError(code), requestId);
  const all = {
    connection: 'close',
    'x-request-id': requestId,
    'cache-control': 'no-store',
    'content-type': contentType,
    'content-length': String(Buffer.byteLength(body)),
    ...headers,
    ...more,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`);
  log.logger.info({ requestId, status, code });
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join('\r\n')}\r\n\r\n${body}`, () =>
    socket.destroySoon(),
  );
}
