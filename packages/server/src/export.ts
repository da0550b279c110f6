import { Readable } from 'node:stream';
import { DomainError, type Permission } from '@postern/core';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type Answer, sendAnswer } from './answer.ts';
import { isStillValid } from './authenticate.ts';
import { createPlaceCount } from './place-count.ts';
import type { Server } from './server.ts';

/** Exports that one principal may have running. */
const EXPORTS_PER_PRINCIPAL = 5;
const CHECK_MS = 5_000;
/** A reader that takes nothing for so many checks is closed. */
const STALLED_CHECKS = 6;

/** A long answer, which is read from the database while it is sent. */
export interface Export {
  readonly type: string;
  readonly fileName: string;
  readonly chunks: AsyncIterable<string>;
}

export type SendExport = (
  request: FastifyRequest,
  reply: FastifyReply,
  answer: Answer | Promise<Answer>,
) => Promise<FastifyReply>;

/**
 * Sends the answers of a route that has exports. An export goes no faster than they are read, and no longer than their credential is good, which is looked at
 * every few seconds. One that is cut short ends without the end that its coding has (RFC 9112 section 8), so that nobody
 * takes it for the whole. Throws `export.too_many`.
 */
export function createSendExport(
  app: FastifyInstance,
  server: Server,
  credentials: { readonly pattern: string; readonly permission: Permission | null },
  checkMs: number = CHECK_MS,
): SendExport {
  const take = createPlaceCount(
    EXPORTS_PER_PRINCIPAL,
    () => new DomainError('export.too_many', { retryAfterSeconds: 5 }),
  );
  const running = new Set<Readable>();
  app.addHook('preClose', async () => {
    for (const stream of running) stream.destroy(new DomainError('storage.unavailable'));
  });

  return async (request, reply, answer) => {
    const settled = await answer;
    reply.header('vary', 'accept');
    if (!settled.exported) return sendAnswer(reply, settled);
    const { type, fileName, chunks } = settled.exported;
    reply.type(type).header('content-disposition', `attachment; filename="${fileName}"`);
    if (request.method === 'HEAD') return reply.send('');
    const giveBack = take(request.caller?.record.principal.id ?? '');
    const parts = chunks[Symbol.asyncIterator]();
    // What cannot be read at all is answered as such, before anything has been sent.
    const first = await parts.next().catch((error: unknown) => {
      giveBack();
      throw error;
    });
    let sent = 0;
    const stream = Readable.from(
      (async function* () {
        for (let part = first; !part.done; part = await parts.next()) {
          sent += 1;
          yield part.value;
        }
      })(),
      { highWaterMark: 1 },
    );
    running.add(stream);
    const stop = watch(stream, checkMs, {
      // What waits for the database is not kept waiting by the reader.
      progress: () => (reply.raw.writableNeedDrain ? sent : undefined),
      isAllowed: () => isStillValid(server, request, credentials),
    });
    // Whoever sends it hears of it, too; this is for when nobody does any more.
    stream.on('error', () => undefined);
    stream.once('close', () => {
      stop();
      running.delete(stream);
      giveBack();
    });
    return reply.send(stream);
  };
}

/** Ends the stream when its caller may no longer read it, or does not. */
function watch(
  stream: Readable,
  checkMs: number,
  {
    progress,
    isAllowed,
  }: {
    /** How much has been sent; undefined: the reader has taken all that there is. */
    readonly progress: () => number | undefined;
    readonly isAllowed: () => Promise<boolean>;
  },
): () => void {
  let seen: number | undefined;
  let stalled = 0;
  let checking = false;
  const timer = setInterval(async () => {
    const now = progress();
    stalled = now !== undefined && now === seen ? stalled + 1 : 0;
    seen = now;
    if (stalled >= STALLED_CHECKS) stream.destroy(new DomainError('request.timeout'));
    if (checking) return;
    checking = true;
    // Where it cannot be found out, nobody is let on.
    const allowed = await isAllowed().catch(() => false);
    checking = false;
    if (!allowed) stream.destroy(new DomainError('token.invalid'));
  }, checkMs);
  timer.unref();
  return () => clearInterval(timer);
}

/** The first of the types that the client likes best (RFC 9110 section 12.5.1); undefined: JSON will do, or nothing is said. */
export function preferredType(accept: string | undefined, types: readonly string[]): string | undefined {
  let best: string | undefined;
  let bestWeight = 0;
  for (const entry of (accept ?? '').toLowerCase().split(',')) {
    const [range = '', ...parameters] = entry.split(';').map((part) => part.trim());
    const weight = weightOf(parameters);
    const type = JSON_RANGES.includes(range) ? JSON_RANGES[0] : types.find((each) => each === range);
    if (type !== undefined && weight > bestWeight) {
      best = type;
      bestWeight = weight;
    }
  }
  return best === JSON_RANGES[0] ? undefined : best;
}

const JSON_RANGES: readonly string[] = ['application/json', 'application/*', '*/*'];

function weightOf(parameters: readonly string[]): number {
  const text = parameters.find((parameter) => parameter.startsWith('q='))?.slice(2);
  const weight = text === undefined ? 1 : Number(text);
  return Number.isNaN(weight) ? 0 : weight;
}
