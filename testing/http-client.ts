import { Agent, request as send } from 'node:http';
import { text } from 'node:stream/consumers';

/** A plain client of one Postern, with connections that are kept. It judges nothing: every answer is returned. */
export interface HttpClient {
  /** Rejects only when no whole answer came. */
  call(method: string, path: string, options?: CallOptions): Promise<HttpAnswer>;
  close(): void;
}

export interface CallOptions {
  /** Sent as JSON; URLSearchParams as a form. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Instead of the client's own token; null = none. */
  readonly token?: string | null;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Parsed where it is JSON, text otherwise, undefined where there is none. */
  // biome-ignore lint/suspicious/noExplicitAny: tests read what they expect to be there.
  readonly body: any;
  readonly requestId: string;
}

/** `connections` bounds how many calls are under way at a time. */
export function createHttpClient(url: string, token: string | null, connections = 16): HttpClient {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });

  return {
    call: (method, path, options = {}) =>
      new Promise((resolve, reject) => {
        const { payload, headers } = encode(options, token);
        const outgoing = send(new URL(path, url), { method, headers, agent });
        outgoing.once('error', reject);
        outgoing.once('response', (incoming) => {
          text(incoming).then((content) => {
            const { statusCode: status = 0, headers: received } = incoming;
            const requestId = String(received['x-request-id'] ?? '');
            resolve({ status, headers: received, body: decode(content, received['content-type']), requestId });
          }, reject);
        });
        outgoing.end(payload);
      }),
    close: () => agent.destroy(),
  };
}

function encode(options: CallOptions, ownToken: string | null) {
  const { body, token = ownToken } = options;
  const headers: Record<string, string> = {};
  if (token !== null) headers['authorization'] = `Bearer ${token}`;
  const isForm = body instanceof URLSearchParams;
  const payload = body === undefined ? undefined : isForm ? body.toString() : JSON.stringify(body);
  if (payload !== undefined) {
    headers['content-type'] = isForm ? 'application/x-www-form-urlencoded' : 'application/json';
    headers['content-length'] = String(Buffer.byteLength(payload));
  }
  return { payload, headers: { ...headers, ...options.headers } };
}

function decode(content: string, type: string | undefined): unknown {
  if (content === '') return undefined;
  return type?.includes('json') ? JSON.parse(content) : content;
}
