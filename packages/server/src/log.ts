import type { FastifyReply, FastifyRequest } from 'fastify';
import { type DestinationStream, type Logger, pino } from 'pino';

/** What the log may be told: never a header, a body, a query string or a value. */

export const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

const BUFFER_BYTES = 8_192;
const FLUSH_MS = 500;

export interface ProcessLog {
  readonly log: Logger;
  /** Writes what is buffered, now. */
  flush(): void;
}

/** One JSON object a line on stderr, buffered: what a crash loses is at most half a second of it. */
export function createProcessLog(level: LogLevel): ProcessLog {
  const destination = pino.destination({ dest: 2, sync: false, minLength: BUFFER_BYTES, periodicFlush: FLUSH_MS });
  return { log: createLog(level, destination), flush: () => destination.flushSync() };
}

export function createLog(level: LogLevel, destination: DestinationStream): Logger {
  return pino(
    {
      level,
      base: null,
      formatters: { level: (label) => ({ level: label }) },
    },
    destination,
  );
}

/** One line for an answered request. */
export function logRequest(log: Logger, request: FastifyRequest, reply: FastifyReply): void {
  const { id: requestId, method, pattern, caller, failure, refusal } = request;
  const line: Record<string, unknown> = {
    requestId,
    method,
    route: pattern,
    status: reply.statusCode,
    ms: Math.round((performance.now() - request.startedAt) * 1_000) / 1_000,
  };
  if (caller) line['principal'] = caller.record.principal.id;
  if (failure) line['code'] = failure.code;
  if (refusal) line['reason'] = refusal;
  if (failure?.internal !== undefined) line['internal'] = failure.internal;
  if (reply.statusCode >= 500) log.error(line);
  else log.info(line);
}
