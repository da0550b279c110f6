import { request } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Door } from './door.ts';

export interface ServerEvent {
  readonly event: string;
  readonly id: string | undefined;
  // biome-ignore lint/suspicious/noExplicitAny: data is what the test says it is
  readonly data: any;
}

export interface EventStream {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  /** The next event; rejects when the stream ends without one. */
  next(): Promise<ServerEvent>;
  /** Resolves when the stream has ended. */
  readonly ended: Promise<void>;
  close(): void;
}

/** Where the door listens; opened when it is first asked for. */
export async function addressOf({ app }: Door): Promise<string> {
  if (!app.server.listening) await app.listen({ host: '127.0.0.1', port: 0 });
  return `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`;
}

/** Opens a stream of server-sent events. */
export async function openEventStream(
  url: string,
  token: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<EventStream> {
  const events: ServerEvent[] = [];
  const waiting: { resolve: (event: ServerEvent) => void; reject: (error: Error) => void }[] = [];
  let over = false;
  return new Promise((resolve, reject) => {
    const sent = request(url, { headers: { authorization: `Bearer ${token}`, ...headers } }, (response) => {
      let text = '';
      const ended = new Promise<void>((finish) => {
        response.on('close', () => {
          over = true;
          for (const { reject: fail } of waiting) fail(new Error(`the stream has ended: ${text}`));
          finish();
        });
      });
      response.on('error', () => undefined);
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
        for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
          const event = parseEvent(text.slice(0, end));
          text = text.slice(end + 2);
          if (!event) continue;
          const first = waiting.shift();
          if (first) first.resolve(event);
          else events.push(event);
        }
      });
      resolve({
        status: response.statusCode ?? 0,
        headers: response.headers,
        ended,
        next: () =>
          new Promise((take, fail) => {
            const event = events.shift();
            if (event) take(event);
            else if (over) fail(new Error('the stream has ended'));
            else waiting.push({ resolve: take, reject: fail });
          }),
        close: () => sent.destroy(),
      });
    });
    sent.on('error', reject);
    sent.end();
  });
}

function parseEvent(text: string): ServerEvent | undefined {
  const fields = new Map(
    text.split('\n').map((line) => {
      const [name = '', ...rest] = line.split(': ');
      return [name, rest.join(': ')];
    }),
  );
  const event = fields.get('event');
  return event === undefined ? undefined : { event, id: fields.get('id'), data: JSON.parse(fields.get('data') ?? '') };
}
