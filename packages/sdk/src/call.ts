import { type Answer, openAnswer, readAnswer } from './answer.ts';
import type { Credential } from './credential.ts';
import { ConnectionError, NotFound, PosternError, Unauthenticated } from './error.ts';
import type { Operations as DocumentedOperations } from './openapi.gen.ts';
import { mayHaveBeenDone, retryDelay } from './retry.ts';
import { parseTimeout, type ResolvedSettings } from './settings.ts';
import type { SignInOperations } from './sign-in.ts';
import { rememberVersion, versionOf } from './version.ts';

type Operations = DocumentedOperations & SignInOperations;

/** What every method takes as its last argument. */
export interface CallOptions {
  /** Ends the call, its retries included; it then throws the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** For each attempt, and as much for the token function, where there is one. */
  readonly timeoutMs?: number | undefined;
  /**
   * For calls that create or refresh: 22 to 128 of A-Z, a-z, 0-9, `-` and `_`, as secret as the value that is answered.
   * A random one otherwise, so that the client's own retries never do a thing twice. Pass one that you keep, to repeat
   * the call after a crash.
   */
  readonly idempotencyKey?: string | undefined;
  /**
   * For calls that change one thing: that thing, as `get`, `create` or `update` answered it; of an item of a list, or of a
   * copy, no version is known, which throws a TypeError. The call fails with `PreconditionFailed` when somebody has changed
   * it since.
   */
  readonly ifMatch?: object | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** The name of an operation: method and path, as the OpenAPI document has them. */
export type OperationName = keyof Operations;

type Given<Key extends string, Value> = [Value] extends [undefined]
  ? { readonly [Name in Key]?: undefined }
  : undefined extends Value
    ? { readonly [Name in Key]?: Value }
    : { readonly [Name in Key]: Value };

type Query<Name extends OperationName> = Operations[Name]['query'] | undefined;

export type Input<Name extends OperationName> = Given<'path', Operations[Name]['path']> &
  Given<'query', Query<Name>> &
  Given<'body', Operations[Name]['body']> & {
    /** The operation creates or refreshes: its retries carry one idempotency key. */
    readonly keyed?: boolean;
    /** The operation works once and has no key: when it may have been done, it is not tried again. */
    readonly once?: boolean;
    /** The media type of an export, in place of JSON; its body is then read by whoever asked, as a stream. */
    readonly exported?: string;
    /** The operation ends something: if an attempt may have done so, and the next one finds nothing, it is done. */
    readonly ends?: boolean;
  };

export interface Result<Name extends OperationName> {
  readonly body: Operations[Name]['answer'];
  readonly receipt: Answer['receipt'];
}

/** Sends one operation, tries it again where that is safe and may help, and throws `PosternError`. */
export type Call = <Name extends OperationName>(
  name: Name,
  input: Input<Name>,
  options?: CallOptions,
) => Promise<Result<Name>>;

export interface CallDependencies {
  readonly settings: ResolvedSettings;
  /** null: a call that needs none carries none. */
  readonly credential: Credential | null;
  readonly random: () => number;
  /** Resolves after so many milliseconds; rejects with the signal's reason when that comes first. */
  readonly wait: (ms: number, signal: AbortSignal | undefined) => Promise<void>;
}

interface Request {
  readonly method: string;
  readonly url: string;
  readonly headers: Headers;
  readonly body: string | undefined;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
  readonly exported: string | undefined;
}

/** As the server names clients to people: what calls, in which version. A test holds it to package.json. */
export const USER_AGENT = 'postern-sdk/0.1.0';

export function createCall(dependencies: CallDependencies): Call {
  const { settings, credential, random, wait } = dependencies;

  return async (name, input, options = {}) => {
    const request = requestOf(name, input, options, settings);
    let renewed = false;
    let perhapsDone = false;
    for (let failures = 0; ; ) {
      const token = credential && (await credential.value(request));
      try {
        return (await attempt(request, token)) as Result<typeof name>;
      } catch (error) {
        if (!(error instanceof PosternError)) throw error;
        if (perhapsDone && input.ends && saysGone(error, name)) return DONE as Result<typeof name>;
        if (error instanceof Unauthenticated && credential && token !== null && !renewed) {
          renewed = true;
          if (await credential.renew(token, request)) continue;
        }
        failures += 1;
        const delay = failures > settings.maxRetries ? undefined : retryDelay(error, failures, random);
        perhapsDone ||= mayHaveBeenDone(error);
        if (delay === undefined || (perhapsDone && (input.once || losesItsVersion(request, input)))) throw error;
        await wait(delay, options.signal);
      }
    }
  };

  async function attempt(request: Request, token: string | null): Promise<Answer> {
    const { signal } = request;
    signal?.throwIfAborted();
    const headers = new Headers(request.headers);
    if (token !== null) headers.set('authorization', `Bearer ${token}`);
    const controller = new AbortController();
    const abort = () => controller.abort();
    const timer = setTimeout(abort, request.timeoutMs);
    signal?.addEventListener('abort', abort);
    try {
      // Called as a function: a browser's fetch refuses to be a method of something else.
      const { fetch } = settings;
      const response = await fetch(request.url, {
        method: request.method,
        headers,
        ...(request.body !== undefined && { body: request.body }),
        // Followed, it would carry token and body to wherever it leads.
        redirect: 'manual',
        // Nothing but the page's own session is ever sent along, and that only where there is no token.
        credentials: token === null ? 'same-origin' : 'omit',
        signal: controller.signal,
      });
      const notice = response.headers.get('postern-token');
      if (credential && token !== null && notice?.startsWith('retiring'))
        credential.retiring(token, /until=([^;\s]+)/.exec(notice)?.[1] ?? null);
      // The timeout was for its beginning; whoever reads it bounds the rest.
      if (request.exported !== undefined && response.ok) return await openAnswer(response, request.exported);
      const answer = await readAnswer(response);
      rememberVersion(answer.body, response.headers.get('etag'));
      return answer;
    } catch (error) {
      if (error instanceof PosternError) throw error;
      signal?.throwIfAborted();
      throw connectionError(error, controller.signal.aborted, request, settings.url);
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
    }
  }
}

const DONE = { body: undefined, receipt: null };

/**
 * Whether a second attempt would answer 412 to a success: the first has moved the version on that If-Match names. Under an
 * idempotency key the answer is kept, and what has ended is not there any more.
 */
function losesItsVersion({ headers }: Request, { keyed, ends }: { keyed?: boolean; ends?: boolean }): boolean {
  return headers.has('if-match') && !keyed && !ends;
}

/** Whether the error says that the thing is gone; of a token that ends itself, that it is not known any more. */
function saysGone(error: PosternError, name: OperationName): boolean {
  if (error instanceof NotFound) return error.code !== 'route.not_found' && error.code !== 'client.unexpected_answer';
  return name === 'DELETE /api/v1/me/token' && error.code === 'token.invalid';
}

function requestOf<Name extends OperationName>(
  name: Name,
  input: Input<Name>,
  options: CallOptions,
  settings: ResolvedSettings,
): Request {
  const [method, template] = name.split(' ') as [string, string];
  const headers = new Headers(options.headers);
  if (!headers.has('user-agent')) headers.set('user-agent', USER_AGENT);
  headers.set('accept', input.exported ?? 'application/json');
  if (input.body !== undefined) headers.set('content-type', 'application/json');
  const version = options.ifMatch && versionOf(options.ifMatch);
  if (version) headers.set('if-match', version);
  if (input.keyed)
    headers.set('idempotency-key', options.idempotencyKey ?? headers.get('idempotency-key') ?? randomKey());
  return {
    method,
    url: settings.url + fillIn(template, input.path) + queryText(input.query),
    headers,
    body: input.body === undefined ? undefined : JSON.stringify(input.body),
    timeoutMs: options.timeoutMs === undefined ? settings.timeoutMs : parseTimeout(options.timeoutMs),
    signal: options.signal,
    exported: input.exported,
  };
}

/**
 * The path with its ids. An empty one, or one of dots alone, would make it the path of something else: deleting one token
 * would delete all of them. Such a call throws a TypeError, and nothing is sent.
 */
function fillIn(template: string, ids: Readonly<Record<string, string>> | undefined): string {
  return template.replace(/\{(\w+)\}/g, (_, name: string) => {
    const id = ids?.[name];
    if (typeof id !== 'string' || /^\.*$/.test(id)) throw new TypeError(`${name} is not an id`);
    return encodeURIComponent(id);
  });
}

function queryText(query: object | undefined): string {
  const given = Object.entries(query ?? {}).filter(([, value]) => value !== undefined && value !== null);
  const text = new URLSearchParams(given.map(([name, value]): [string, string] => [name, String(value)])).toString();
  return text && `?${text}`;
}

function randomKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(24)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

function connectionError(error: unknown, timedOut: boolean, request: Request, url: string): ConnectionError {
  if (timedOut) {
    const title = `Postern at ${url} did not answer within ${request.timeoutMs} ms.`;
    return new ConnectionError({ code: 'client.timeout', status: null, title });
  }
  // Of what the platform throws only the reason's code is kept: it may hold the request.
  const { code, cause } = (error ?? {}) as { code?: unknown; cause?: { code?: unknown } };
  const reason = [cause?.code, code].find((found) => typeof found === 'string');
  const title = `Postern at ${url} cannot be reached${reason ? ` (${reason})` : ''}.`;
  return new ConnectionError({ code: 'client.connection', status: null, title });
}
