import type { FastifyRequest } from 'fastify';
import { type DestinationStream, type Logger, pino } from 'pino';

/** What the log may be told: never a header, a body, a query string or a value. */

export const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export interface Log {
  /** For everything but requests. */
  readonly logger: Logger;
  /** One line for an answered request. */
  request(request: AnsweredRequest, answer: { readonly statusCode: number }): void;
  /** How many answers there were, by the first digit of their status. */
  readonly answered: Readonly<Record<number, number>>;
}

/** What of a request its line tells. */
export type AnsweredRequest = Pick<
  FastifyRequest,
  'id' | 'method' | 'pattern' | 'headers' | 'startedAt' | 'caller' | 'failure' | 'refusal'
>;

/** One JSON object a line, which names the worker where there are several. */
export function createLog(level: LogLevel, destination: DestinationStream, worker: number | null = null): Log {
  const logger = pino(
    { level, base: worker === null ? null : { worker }, formatters: { level: (label) => ({ level: label }) } },
    destination,
  );
  const [tellsInfo, tellsError] = [logger.isLevelEnabled('info'), logger.isLevelEnabled('error')];

  const suffix = worker === null ? '}\n' : `,"worker":${worker}}\n`;
  const answered: [number, number, number, number, number, number] = [0, 0, 0, 0, 0, 0];

  function request(asked: AnsweredRequest, reply: { readonly statusCode: number }): void {
    const isError = reply.statusCode >= 500;
    const status = Math.trunc(reply.statusCode / 100) as 1 | 2 | 3 | 4 | 5;
    answered[status] += 1;
    if (isError ? tellsError : tellsInfo) {
      destination.write(requestLine(asked, reply, isError ? 'error' : 'info', suffix));
    }
  }

  return { logger, request, answered };
}

/** Written by hand, because every request pays for it; all that is not quoted with care is made by ourselves. */
function requestLine(
  request: AnsweredRequest,
  reply: { readonly statusCode: number },
  level: LogLevel,
  suffix: string,
): string {
  const { caller, failure, refusal } = request;
  const microseconds = Math.round((performance.now() - request.startedAt) * 1_000);
  const ms = `${Math.trunc(microseconds / 1_000)}.${THOUSANDTHS[microseconds % 1_000]}`;
  let line =
    `{"level":"${level}","time":${Date.now()},"requestId":"${request.id}","method":${METHODS[request.method] ?? '"other"'},` +
    `"route":"${request.pattern}","status":${reply.statusCode},"ms":${ms}`;
  if (caller) line += `,"principal":"${caller.record.principal.id}"`;
  if (failure) line += `,"code":"${failure.code}"`;
  if (refusal) line += `,"reason":"${refusal}"`;
  if (failure?.internal !== undefined) line += `,"internal":${JSON.stringify(failure.internal)}`;
  return line + suffix;
}

/** Writing a fraction takes longer than looking it up. */
const THOUSANDTHS = Array.from({ length: 1_000 }, (_, index) => String(index).padStart(3, '0'));

const METHODS: Readonly<Record<string, string>> = Object.fromEntries(
  ['GET', 'HEAD', 'POST', 'PATCH', 'PUT', 'DELETE', 'OPTIONS'].map((method) => [method, `"${method}"`]),
);
