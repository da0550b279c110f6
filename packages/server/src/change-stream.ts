import type { ServerResponse } from 'node:http';
import { authorize, type Caller, type Change, DomainError, type Head, type LoggedChange } from '@postern/core';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import Type from 'typebox';
import { createAuthenticate, isStillValid } from './authenticate.ts';
import { CHANGE_TAG, formatCursor, parseCursor, representChange } from './change.ts';
import { documentRoute } from './document.ts';
import { createPlaceCount } from './place-count.ts';
import type { Server } from './server.ts';

/** Streams that one principal may have open. */
const STREAMS_PER_PRINCIPAL = 5;
/** What may wait for a reader; one that is further behind is closed, and resumes where it was. */
const BACKLOG_BYTES = 65_536;
const CHECK_MS = 5_000;
/** Streams that one process has open: with what each may hold back, this bounds their memory. */
const STREAMS_MAX = 10_000;
/** How often the embedded database is looked at while somebody follows and nobody verifies. */
const LOOK_MS = 100;
const RETRY_MS = 1_000;
const EVENT_STREAM = 'text/event-stream; charset=utf-8';
const PERMISSION = 'changes.read';
const URL = '/api/v1/changes';
const CREDENTIALS = { pattern: URL, permission: PERMISSION } as const;

interface Stream {
  /** Once every few seconds: asks again whether the caller may, and shows that the connection lives. */
  beat(): Promise<void>;
  end(): void;
}

/**
 * `GET /api/v1/changes`, as server-sent events. What a stream tells has been applied by this process, and perhaps not by
 * another one yet: it is a reason to ask for the head, never a proof of anything. All streams hang on what memory is told
 * of changes anyway; the database is asked only by one that resumes.
 */
export function changeStreamRoute(
  app: FastifyInstance,
  server: Server,
  checkMs: number = CHECK_MS,
  streamsMax: number = STREAMS_MAX,
): void {
  const streams = new Set<Stream>();
  const take = createPlaceCount(
    STREAMS_PER_PRINCIPAL,
    () => new DomainError('changes.too_many_streams', { retryAfterSeconds: 5 }),
  );
  let timers: NodeJS.Timeout[] = [];
  let closing = false;

  function startTimers(): void {
    const beat = setInterval(() => {
      for (const stream of streams) void stream.beat();
    }, checkMs);
    const look = setInterval(() => server.storage.verification.catchUp(), LOOK_MS);
    timers = [beat.unref(), look.unref()];
  }

  function stopTimers(): void {
    for (const timer of timers) clearInterval(timer);
    timers = [];
  }

  app.route({
    method: 'GET',
    url: URL,
    schema: documentRoute(
      {
        method: 'GET',
        url: URL,
        operation: 'followChanges',
        tag: CHANGE_TAG,
        summary: 'Changes as they happen, as server-sent events',
        description:
          'Events are `head` with `{ position }` as data, the first of a stream that resumes nothing; `change` with ' +
          '`{ position, kind, id }`; and `reset` where changes were skipped. `id` of an ' +
          'event goes into `Last-Event-ID` to resume. A hint only: what a verifier may trust is the head. The credential is ' +
          'looked at again every 5 seconds. A principal may have 5 streams open, a process 10,000 (then 503: another process may have room); a reader that falls behind is closed.',
        permission: PERMISSION,
        answers: {
          200: { description: 'The stream', type: 'text/event-stream', body: Type.String() },
        },
      },
      { authenticated: true },
    ),
    onRequest: createAuthenticate(server, CREDENTIALS),
    async handler(request, reply) {
      const caller = authorizedCaller(request);
      if (closing) throw new DomainError('storage.unavailable', { internal: 'the process goes down' });
      if (request.method === 'HEAD') return reply.type(EVENT_STREAM).send('');
      if (streams.size >= streamsMax) {
        throw new DomainError('storage.unavailable', { internal: 'too many streams are open', retryAfterSeconds: 5 });
      }
      const giveBack = take(caller.record.principal.id);
      const done = (stream: Stream): void => {
        if (!streams.delete(stream)) return;
        giveBack();
        if (streams.size === 0) stopTimers();
      };
      reply.hijack();
      // nginx and those that learned it from nginx pass on what they would else collect first.
      const headers = { ...reply.getHeaders(), 'content-type': EVENT_STREAM, 'x-accel-buffering': 'no' };
      reply.raw.writeHead(200, headers as Record<string, string>);
      server.log.request(request, reply);
      const stream = openStream(server, request, caller, reply.raw, done);
      streams.add(stream);
      if (streams.size === 1) startTimers();
      reply.raw.once('close', () => stream.end());
      return reply;
    },
  });

  app.addHook('preClose', async () => {
    closing = true;
    for (const stream of streams) stream.end();
  });
}

function authorizedCaller({ caller }: FastifyRequest): Caller {
  if (!caller) throw new DomainError('internal', { internal: 'a stream without a caller' });
  return authorize(caller, PERMISSION);
}

function openStream(
  server: Server,
  request: FastifyRequest,
  caller: Caller,
  response: ServerResponse,
  done: (stream: Stream) => void,
): Stream {
  const organizationId = caller.record.organization.id;
  /** What the reader was told of last; undefined until that is known. */
  let last: Head | undefined;
  let skipped = false;
  /** Changes that come while the log is read for what was missed. */
  let held: Change[] | undefined = [];
  let checking = false;
  let blocked = false;
  let ended = false;

  const unfollow = server.verifier.follow(organizationId, {
    changed(change) {
      if (held === undefined) tell(change);
      else if (held.length < HELD_MAX) held.push(change);
      else skipped = true;
    },
    skipped() {
      skipped = true;
      if (held === undefined) tellReset();
    },
  });

  const stream: Stream = {
    async beat() {
      if (ended || checking) return;
      checking = true;
      const mayGoOn = await isStillValid(server, request, CREDENTIALS).catch(() => false);
      checking = false;
      if (!mayGoOn || (blocked && response.writableNeedDrain)) stream.end();
      blocked = response.writableNeedDrain;
      write(': still here\n\n');
    },
    end() {
      if (ended) return;
      ended = true;
      unfollow();
      held = undefined;
      // What a slow reader has not taken is not waited for.
      if (response.writableNeedDrain) response.destroy();
      else response.end();
      done(stream);
    },
  };

  function write(text: string): void {
    if (ended) return;
    response.write(text);
    if (response.writableLength > BACKLOG_BYTES) stream.end();
  }

  function tell(change: LoggedChange): void {
    const { organizationPosition: position, nonce } = change;
    // Told already, when the log was read.
    if (last && position <= last.position) return;
    if (last && position !== last.position + 1) tellReset();
    last = { position, nonce };
    write(`id: ${formatCursor(last)}\nevent: change\ndata: ${JSON.stringify(representChange(change))}\n\n`);
  }

  function tellReset(): void {
    skipped = false;
    // Whatever comes next goes on from there.
    last = undefined;
    write('event: reset\ndata: {}\n\n');
  }

  async function resume(after: Head | undefined | null): Promise<void> {
    try {
      const { head, changes } = await server.storage.listChanges(organizationId, after ?? null);
      if (ended) return;
      if (after === null) write(`id: ${formatCursor(head)}\nevent: head\ndata: {"position":${head.position}}\n\n`);
      else if (changes === undefined) write(`id: ${formatCursor(head)}\nevent: reset\ndata: {}\n\n`);
      last = after !== null && changes !== undefined ? (after as Head) : head;
      for (const change of changes ?? []) tell(change);
      const waiting = held ?? [];
      held = undefined;
      for (const change of waiting) tell(change);
      if (skipped) tellReset();
    } catch {
      // The database cannot be read: the reader comes back.
      stream.end();
    }
  }

  write(`retry: ${RETRY_MS}\n\n`);
  const lastEventId = request.headers['last-event-id'];
  void resume(lastEventId === undefined ? null : parseCursor(String(lastEventId)));
  return stream;
}

const HELD_MAX = 1_000;
