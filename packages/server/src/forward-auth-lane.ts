import type { Exchange, Lane } from './exchange.ts';
import {
  answerForwardAuth,
  type ForwardAuthAnswer,
  type ForwardAuthQuestion,
  type ForwardAuthRequest,
} from './forward-auth-verdict.ts';
import type { AnsweredRequest } from './log.ts';
import type { Server } from './server.ts';

/** The path of the route, and the methods besides GET and HEAD that it answers alike: some proxies pass the caller's on. */
export const FORWARD_AUTH_PATH = '/forward-auth';
export const FORWARD_AUTH_METHODS = ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

/** The way past the framework for a proxy that asks what it has asked before. */
export interface ForwardAuthLane {
  /** Takes plain requests with a question that is remembered. */
  readonly take: Lane;
  /** A question that was found valid, by the whole address that it was asked at. */
  remember(url: string, question: ForwardAuthQuestion): void;
}

/** Proxies have their questions in their configuration: who asks others all the time is not one, and goes the long way. */
const QUESTIONS_MAX = 1_000;
/** HEAD, which some answers have no length to, goes the long way. */
const METHODS: ReadonlySet<string> = new Set(['GET', ...FORWARD_AUTH_METHODS]);

interface LaneRequest extends ForwardAuthRequest, AnsweredRequest {}

export function createForwardAuthLane(server: Server, newRequestId: () => string): ForwardAuthLane {
  const questions = new Map<string, ForwardAuthQuestion>();

  function start(exchange: Exchange, question: ForwardAuthQuestion): void {
    const request: LaneRequest = {
      raw: exchange,
      id: newRequestId(),
      method: exchange.method,
      pattern: FORWARD_AUTH_PATH,
      startedAt: performance.now(),
      headers: exchange.headers,
      address: server.clientAddress(exchange),
      decisive: exchange.decisive,
      caller: null,
      stamp: null,
      failure: null,
      refusal: null,
    };
    const answer = answerForwardAuth(server, request, question);
    if (answer instanceof Promise) void answer.then((settled) => send(request, exchange, settled));
    else send(request, exchange, answer);
  }

  function send(request: LaneRequest, exchange: Exchange, { status, headers, body }: ForwardAuthAnswer): void {
    exchange.answer(status, { 'x-request-id': request.id, 'cache-control': 'no-store', ...headers }, body);
    server.log.request(request, { statusCode: status });
  }

  return {
    take(exchange) {
      const question = questions.get(exchange.url);
      if (!question || !METHODS.has(exchange.method) || !isPlain(exchange)) return false;
      start(exchange, question);
      return true;
    },
    remember(url, question) {
      if (questions.size >= QUESTIONS_MAX) questions.clear();
      questions.set(url, question);
    },
  };
}

/** No body, nothing that is expected, and exactly one Host: two are refused, by the framework's way. */
function isPlain({ headers, decisive }: Exchange): boolean {
  const { 'content-length': length = '0', 'transfer-encoding': coding, expect } = headers;
  return length === '0' && coding === undefined && expect === undefined && decisive.hosts === 1;
}
