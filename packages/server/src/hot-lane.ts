import type { IncomingMessage, ServerResponse } from 'node:http';
import { authorize, type DomainError, type Permission } from '@postern/core';
import type { TSchema } from 'typebox';
import { type Answer, JSON_TYPE } from './answer.ts';
import { authenticate, authenticateAgain, type Presented, retiringHeader } from './authenticate.ts';
import { BODY_LIMIT_BYTES, FORM_TYPE, parseForm } from './content.ts';
import { readDecisiveHeaders } from './credential.ts';
import type { AnsweredRequest } from './log.ts';
import { toOAuthError } from './oauth-error.ts';
import { type ProblemAnswer, toDomainError, toProblem } from './problem.ts';
import type { Route } from './route.ts';
import type { Server } from './server.ts';
import type { Validate } from './validate.ts';

/**
 * The way of a plain request to a hot route: the same steps, by the same functions, as every other request goes through
 * (authenticate → read → validate → authenticate again → authorize → act), without the framework in between, which costs
 * more than all of them. A request that is anything but plain (another method, a query, two of a header, a cookie, a body
 * of unknown length) is not for this lane and goes the way of all others.
 */
export type HotRoute = Route<Permission | null, string, TSchema, TSchema>;

export interface HotLaneParts {
  readonly routes: readonly HotRoute[];
  readonly newRequestId: () => string;
  readonly parseJson: (body: Buffer) => unknown;
  readonly validate: (schema: TSchema) => Validate;
}

interface LaneRequest extends Presented, AnsweredRequest {
  failure: { readonly code: string; readonly internal?: string | undefined } | null;
}

/** Headers whose presence makes a request something other than plain. */
const NOT_PLAIN = ['cookie', 'expect', 'transfer-encoding', 'content-encoding', 'if-match', 'idempotency-key'] as const;
const JSON_CONTENT = /^application\/json(?:; ?charset=utf-8)?$/i;

/** Takes a request and answers it, or returns false and has not touched it. */
export function createHotLane(
  server: Server,
  { routes, newRequestId, parseJson, validate }: HotLaneParts,
): (request: IncomingMessage, response: ServerResponse) => boolean {
  const lanes = new Map(
    routes.map((route) => [
      `${route.method} ${route.url}`,
      {
        route,
        credentials: { pattern: route.url, permission: route.permission, basic: route.basic ?? false },
        check: route.body && !route.oauth ? validate(route.body) : undefined,
      },
    ]),
  );
  type Lane = typeof lanes extends Map<string, infer Value> ? Value : never;

  function answer(lane: Lane, raw: IncomingMessage, response: ServerResponse, request: LaneRequest): void {
    const { route, credentials, check } = lane;

    const fail = (error: unknown): void => {
      if (response.headersSent) return;
      const domainError = toDomainError(error);
      request.failure = { code: domainError.code, internal: domainError.facts.internal };
      const problem = route.oauth
        ? toOAuthError(domainError, !/^bearer /i.test(raw.headers.authorization ?? ''))
        : toProblem(domainError, request.id);
      sendProblem(response, request, problem);
      server.log.request(request, response);
    };
    const send = (result: Answer): void => {
      sendAnswer(response, request, result);
      server.log.request(request, response);
    };
    /** Runs a step; goes on at once where the step need not wait. */
    const after = <Value>(step: () => Value | Promise<Value>, next: (value: Value) => void): void => {
      try {
        const value = step();
        if (value instanceof Promise) value.then(next).catch(fail);
        else next(value);
      } catch (error) {
        fail(error);
      }
    };
    const unlessRefused = (next: () => void) => (refusal: DomainError | undefined) =>
      refusal ? fail(refusal) : next();

    const act = (body: unknown): void =>
      after(() => {
        if (!request.caller) throw new Error('a route acts without a caller');
        const caller = authorize(request.caller, route.permission);
        return route.act({ caller, params: {}, query: {}, body: body as never, options: {} });
      }, send);
    const read = (): void =>
      readBody(raw, (bytes) =>
        after(
          () => (route.oauth ? parseForm(bytes) : parseJson(bytes)),
          (body) => {
            const invalid = check?.(body);
            if (invalid) fail(invalid);
            else
              after(
                () => authenticateAgain(server, request, credentials),
                unlessRefused(() => act(body)),
              );
          },
        ),
      );
    after(() => authenticate(server, request, credentials), unlessRefused(route.body ? read : () => act({})));
  }

  return (raw, response) => {
    const lane = lanes.get(`${raw.method} ${raw.url}`);
    if (!lane || !isPlain(raw, lane.route)) return false;
    const decisive = readDecisiveHeaders(raw.rawHeaders);
    if (decisive.hosts !== 1 || decisive.authorization.length !== 1) return false;
    answer(lane, raw, response, {
      id: newRequestId(),
      method: lane.route.method,
      pattern: lane.route.url,
      startedAt: performance.now(),
      headers: raw.headers,
      address: server.clientAddress(raw),
      decisive,
      caller: null,
      stamp: null,
      failure: null,
      refusal: null,
    });
    return true;
  };
}

function isPlain({ headers }: IncomingMessage, route: HotRoute): boolean {
  for (const name of NOT_PLAIN) if (headers[name] !== undefined) return false;
  const length = headers['content-length'];
  if (!route.body) return length === undefined;
  const type = headers['content-type'] ?? '';
  const bytes = Number(length);
  return bytes > 0 && bytes <= BODY_LIMIT_BYTES && (route.oauth ? type === FORM_TYPE : JSON_CONTENT.test(type));
}

function readBody(raw: IncomingMessage, next: (bytes: Buffer) => void): void {
  let first: Buffer | undefined;
  const more: Buffer[] = [];
  raw.on('data', (chunk: Buffer) => {
    if (first) more.push(chunk);
    else first = chunk;
  });
  raw.on('end', () => next(more.length === 0 ? (first ?? Buffer.alloc(0)) : Buffer.concat([first as Buffer, ...more])));
}

function commonHeaders(request: LaneRequest): Record<string, string | number> {
  const headers: Record<string, string | number> = { 'x-request-id': request.id, 'cache-control': 'no-store' };
  const retiring = retiringHeader(request.caller);
  if (retiring) headers['postern-token'] = retiring;
  return headers;
}

function sendAnswer(response: ServerResponse, request: LaneRequest, { status, body, headers }: Answer): void {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const all = commonHeaders(request);
  if (headers) Object.assign(all, headers);
  all['content-type'] = JSON_TYPE;
  all['content-length'] = Buffer.byteLength(text);
  response.writeHead(status, all).end(text);
}

function sendProblem(response: ServerResponse, request: LaneRequest, problem: ProblemAnswer): void {
  const { status, headers, contentType, body } = problem;
  const entity = { 'content-type': contentType, 'content-length': Buffer.byteLength(body) };
  response.writeHead(status, { ...commonHeaders(request), ...headers, ...entity }).end(body);
}
