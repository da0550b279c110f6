import type { IncomingMessage, ServerResponse } from 'node:http';
import { readDecisiveHeaders } from './credential.ts';
import {
  answerForwardAuth,
  type ForwardAuthAnswer,
  type ForwardAuthQuestion,
  type ForwardAuthRequest,
} from './forward-auth-verdict.ts';
import type { Lane } from './hot-lane.ts';
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

  function start(raw: IncomingMessage, response: ServerResponse, question: ForwardAuthQuestion): void {
    const request: LaneRequest = {
      raw,
      id: newRequestId(),
      method: raw.method ?? '',
      pattern: FORWARD_AUTH_PATH,
      startedAt: performance.now(),
      headers: raw.headers,
      address: server.clientAddress(raw),
      decisive: readDecisiveHeaders(raw.rawHeaders),
      caller: null,
      stamp: null,
      failure: null,
      refusal: null,
    };
    const answer = answerForwardAuth(server, request, question);
    if (answer instanceof Promise) void answer.then((settled) => send(request, response, settled));
    else send(request, response, answer);
  }

  function send(request: LaneRequest, response: ServerResponse, { status, headers, body }: ForwardAuthAnswer): void {
    response
      .writeHead(status, {
        'x-request-id': request.id,
        'cache-control': 'no-store',
        ...headers,
        'content-length': Buffer.byteLength(body),
      })
      .end(body);
    server.log.request(request, response);
  }

  return {
    take(raw, response) {
      const question = questions.get(raw.url ?? '');
      if (!question || !METHODS.has(raw.method ?? '') || !isPlain(raw)) return false;
      start(raw, response, question);
      return true;
    },
    remember(url, question) {
      if (questions.size >= QUESTIONS_MAX) questions.clear();
      questions.set(url, question);
    },
  };
}

/** No body, nothing that is expected, and exactly one Host: two are refused, by the framework's way. */
function isPlain({ headers, rawHeaders }: IncomingMessage): boolean {
  const { 'content-length': length = '0', 'transfer-encoding': coding, expect } = headers;
  return length === '0' && coding === undefined && expect === undefined && readDecisiveHeaders(rawHeaders).hosts === 1;
}
