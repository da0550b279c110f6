import { authorize, DomainError, ORGANIZATION, type Permission } from '@postern/core';
import type { TSchema } from 'typebox';
import { type Answer, JSON_TYPE } from './answer.ts';
import {
  type AuthenticateOptions,
  authenticate,
  authenticateAgain,
  type Presented,
  retiringHeader,
} from './authenticate.ts';
import { BODY_LIMIT_BYTES, FORM_TYPE, parseForm, readText } from './content.ts';
import type { Exchange, Lane } from './exchange.ts';
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
  readonly parseJson: (text: string) => unknown;
  readonly validate: (schema: TSchema) => Validate;
}

/** A hot route, made ready. */
interface ReadyRoute {
  readonly route: HotRoute;
  readonly credentials: AuthenticateOptions;
  /** undefined: the route reads its body by hand, or has none. */
  readonly check: Validate | undefined;
}

interface LaneRequest extends Presented, AnsweredRequest {
  readonly lane: ReadyRoute;
  readonly exchange: Exchange;
  failure: { readonly code: string; readonly internal?: string | undefined } | null;
}

/** Headers whose presence makes a request something other than plain. */
const NOT_PLAIN = ['cookie', 'expect', 'transfer-encoding', 'content-encoding', 'if-match', 'idempotency-key'] as const;
const JSON_CONTENT = /^application\/json(?:; ?charset=utf-8)?$/i;

export function createHotLane(server: Server, { routes, newRequestId, parseJson, validate }: HotLaneParts): Lane {
  const lanes = new Map<string, ReadyRoute>(
    routes.map((route) => [
      route.url,
      {
        route,
        credentials: { pattern: route.url, permission: route.permission, basic: route.basic ?? false },
        check: route.body && !route.oauth ? validate(route.body) : undefined,
      },
    ]),
  );

  // Each step calls the next one. What a step throws is an answer, too; only a step that has to wait makes a promise.

  function start(request: LaneRequest): void {
    try {
      const refusal = authenticate(server, request, request.lane.credentials);
      if (refusal instanceof Promise) wait(request, refusal, authenticated);
      else authenticated(request, refusal);
    } catch (error) {
      fail(request, error);
    }
  }

  function authenticated(request: LaneRequest, refusal: DomainError | undefined): void {
    const { exchange, lane } = request;
    if (refusal) fail(request, refusal);
    else if (!lane.route.body) act(request, {});
    // Nothing has been waited for since the caller was found valid.
    else if (exchange.body !== null) act(request, parseBody(lane, exchange.body));
    else
      exchange.onBody(
        (body) => bodyRead(request, body),
        () => fail(request, new DomainError('request.malformed')),
      );
  }

  /** Throws what is wrong with it. */
  function parseBody({ route, check }: ReadyRoute, text: string): unknown {
    const body = route.oauth ? parseForm(text) : parseJson(text);
    const invalid = check?.(body);
    if (invalid) throw invalid;
    return body;
  }

  function bodyRead(request: LaneRequest, bytes: Buffer): void {
    try {
      const body = parseBody(request.lane, readText(bytes));
      const refusal = authenticateAgain(server, request, request.lane.credentials);
      if (refusal instanceof Promise)
        wait(request, refusal, (_, settled) => authenticatedAgain(request, settled, body));
      else authenticatedAgain(request, refusal, body);
    } catch (error) {
      fail(request, error);
    }
  }

  function authenticatedAgain(request: LaneRequest, refusal: DomainError | undefined, body: unknown): void {
    if (refusal) fail(request, refusal);
    else act(request, body);
  }

  function act(request: LaneRequest, body: unknown): void {
    if (!request.caller) throw new Error('a route acts without a caller');
    const { route } = request.lane;
    const caller = authorize(request.caller, route.permission);
    const answer = route.act({
      caller,
      body: body as never,
      found: IN_ORGANIZATION,
      // What plain requests have nothing of.
      params: NONE,
      query: NONE,
      options: NONE,
      exportType: undefined,
    });
    if (answer instanceof Promise) wait(request, answer, send);
    else send(request, answer);
  }

  function wait<Value>(
    request: LaneRequest,
    step: Promise<Value>,
    next: (request: LaneRequest, value: Value) => void,
  ): void {
    step.then((value) => next(request, value)).catch((error: unknown) => fail(request, error));
  }

  function send(request: LaneRequest, answer: Answer): void {
    sendAnswer(request, answer);
    server.log.request(request, { statusCode: answer.status });
  }

  function fail(request: LaneRequest, error: unknown): void {
    const { exchange, lane } = request;
    if (exchange.answered) return;
    const domainError = toDomainError(error);
    request.failure = { code: domainError.code, internal: domainError.facts.internal };
    const problem = lane.route.oauth
      ? toOAuthError(domainError, !/^bearer /i.test(request.headers.authorization ?? ''))
      : toProblem(domainError, request.id);
    sendProblem(request, problem);
    server.log.request(request, { statusCode: problem.status });
  }

  return (exchange) => {
    const lane = lanes.get(exchange.url);
    if (!lane || exchange.method !== lane.route.method || !isPlain(exchange, lane.route)) return false;
    const { decisive } = exchange;
    if (decisive.hosts !== 1 || decisive.authorization.length !== 1) return false;
    start({
      lane,
      exchange,
      id: newRequestId(),
      method: lane.route.method,
      pattern: lane.route.url,
      startedAt: performance.now(),
      headers: exchange.headers,
      address: server.clientAddress(exchange),
      decisive,
      caller: null,
      stamp: null,
      failure: null,
      refusal: null,
    });
    return true;
  };
}

function isPlain({ headers }: Exchange, route: HotRoute): boolean {
  for (const name of NOT_PLAIN) if (headers[name] !== undefined) return false;
  const length = headers['content-length'];
  if (!route.body) return length === undefined;
  const type = headers['content-type'] ?? '';
  const bytes = Number(length);
  return bytes > 0 && bytes <= BODY_LIMIT_BYTES && (route.oauth ? type === FORM_TYPE : JSON_CONTENT.test(type));
}

function sendAnswer(request: LaneRequest, { status, body, headers }: Answer): void {
  sendText(request, status, JSON_TYPE, typeof body === 'string' ? body : JSON.stringify(body), headers);
}

function sendProblem(request: LaneRequest, { status, headers, contentType, body }: ProblemAnswer): void {
  sendText(request, status, contentType, body, headers);
}

function sendText(
  { id, caller, exchange }: LaneRequest,
  status: number,
  contentType: string,
  text: string,
  more: Readonly<Record<string, string>> | undefined,
): void {
  const headers: Record<string, string> = {
    'x-request-id': id,
    'cache-control': 'no-store',
    'content-type': contentType,
  };
  const retiring = retiringHeader(caller);
  if (retiring) headers['postern-token'] = retiring;
  if (more) Object.assign(headers, more);
  exchange.answer(status, headers, text);
}

const NONE = {};
const IN_ORGANIZATION = { place: ORGANIZATION } as const;
