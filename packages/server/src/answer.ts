import type { Receipt } from '@postern/core';
import type { FastifyReply } from 'fastify';
import type { Export } from './export.ts';

/** What a route answers when nothing went wrong. */
export interface Answer {
  readonly status: 200 | 201 | 204 | 503;
  /** Sent as JSON; text is sent as it is, and is JSON already. */
  readonly body?: unknown;
  /** Sent in place of a body, while it is read. */
  readonly exported?: Export;
  readonly headers?: Readonly<Record<string, string>>;
  /** As `Set-Cookie` writes them. */
  readonly cookies?: readonly string[];
}

/** What may go along with an answer. */
export interface AnswerFacts {
  /** The resource's version; becomes the ETag. */
  readonly version?: number;
  readonly receipt?: Receipt;
}

export const JSON_TYPE = 'application/json; charset=utf-8';

export function ok(body: unknown, facts?: AnswerFacts): Answer {
  return facts ? { status: 200, body, headers: toHeaders(facts) } : { status: 200, body };
}

export function created(location: string, body: unknown, facts: AnswerFacts = {}): Answer {
  return { status: 201, body, headers: { location, ...toHeaders(facts) } };
}

export function gone(facts: AnswerFacts = {}): Answer {
  return { status: 204, headers: toHeaders(facts) };
}

function toHeaders({ version, receipt }: AnswerFacts): Record<string, string> {
  return {
    ...(version !== undefined && { etag: `"${version}"` }),
    ...(receipt && { 'postern-receipt': receiptHeader(receipt) }),
  };
}

/** The receipt as a dictionary of structured fields (RFC 9651 section 3.2). */
function receiptHeader({ position, confirmed, expired, ms }: Receipt): string {
  return `position=${position}, confirmed=${confirmed}, expired=${expired}, ms=${Number(ms.toFixed(3))}`;
}

/** Sends it. JSON is written here, without a schema: a schema would only slow it down and hide fields. */
export function sendAnswer(reply: FastifyReply, { status, body, headers, cookies = [] }: Answer): FastifyReply {
  reply.code(status);
  if (headers) reply.headers(headers);
  if (cookies.length > 0) reply.header('set-cookie', [...cookies]);
  if (body === undefined) return reply.send();
  return reply.header('content-type', JSON_TYPE).send(typeof body === 'string' ? body : JSON.stringify(body));
}
