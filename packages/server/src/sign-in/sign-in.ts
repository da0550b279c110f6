import { setTimeout as pause } from 'node:timers/promises';
import type { kyselyAdapter } from '@better-auth/kysely-adapter';
import {
  DomainError,
  type ErrorCode,
  keyedHash,
  newId,
  parseEmail,
  parseName,
  type RandomBytes,
  type SecretKeys,
  type SignInAudit,
} from '@postern/core';
import { ADDRESS_HEADER, SIGN_IN_PATH } from './address.ts';
import { createAttempts } from './attempt.ts';
import { type Body, parseNewPassword, readBody } from './body.ts';
import { inCall, leftSession, type TouchedSession } from './call.ts';
import { completedEvent } from './completed.ts';
import type { RecordSignIn, SignInCaller } from './event.ts';
import { createLibrary, type PasswordHash, sessionCookieName } from './library.ts';
import type { SignInProvider } from './provider.ts';
import { toRefusal } from './refusal.ts';
import { findRoute, REQUEST_RESET_PATH, type SignInRoute, secondStepPage } from './route.ts';

/** One of a person's sessions. Times in milliseconds since the epoch. */
export interface SignInSession {
  readonly id: string;
  readonly signedInAt: number;
  readonly expiresAt: number;
  readonly address: string;
  readonly userAgent: string;
}

/** A session, and whose it must be. */
export interface OwnSession {
  readonly userId: string;
  readonly sessionId: string;
}

/** Where people and their sessions are kept: the storage's `signIn`. */
export interface PeopleStorage {
  openDatabase(onFailure: (error: unknown) => void): Parameters<typeof kyselyAdapter>[0];
  createUser(user: {
    readonly id: string;
    readonly email: string;
    readonly name: string;
    readonly passwordHash: string | null;
  }): Promise<void>;
  setPassword(userId: string, passwordHash: string): Promise<boolean>;
  hasSecondStep(userId: string): Promise<boolean>;
  listSessions(userId: string): Promise<readonly SignInSession[]>;
  endSession(session: OwnSession, event: SignInAudit | null): Promise<boolean>;
  endSessions(userId: string, exceptSessionId?: string): Promise<void>;
  findEpoch(): Promise<number>;
  admitSession(session: {
    readonly userId: string;
    readonly sessionId: string;
    readonly epoch: number;
  }): Promise<boolean>;
  claimCode(digest: string, seconds: number): Promise<boolean>;
}

/** Sends a person the token of a reset, which is good for an hour and one use. */
export type SendReset = (
  user: { readonly id: string; readonly email: string; readonly name: string },
  token: string,
) => Promise<void>;

export interface SignInOptions {
  readonly storage: PeopleStorage;
  readonly keys: SecretKeys;
  readonly random: RandomBytes;
  /** Milliseconds of a monotonic clock. */
  readonly monotonic: () => number;
  /** How many processes share what may fail before it is throttled; absent = this one alone. */
  readonly workers?: number;
  /** The origin that pages are loaded from. Under https cookies are `__Host-` and Secure. */
  readonly publicUrl: string;
  readonly providers?: readonly SignInProvider[];
  /** Absent: nobody can reset a password, and the routes for it are not there. */
  readonly sendReset?: SendReset | null | undefined;
  readonly record: RecordSignIn;
  readonly log: (level: 'warn' | 'error', message: string) => void;
  /** Absent = the library's way. */
  readonly passwords?: PasswordHash | undefined;
}

export interface FoundSession {
  readonly userId: string;
  readonly sessionId: string;
  /** Milliseconds since the epoch. */
  readonly signedInAt: number;
}

export interface PreparedUser {
  readonly id: string;
  readonly name: string;
  readonly passwordHash: string;
}

/** How people sign in, and what the rest of the server needs of it. Any of it may reject with `storage.unavailable`. */
export interface SignIn {
  /**
   * Answers a call of a page below SIGN_IN_PATH. Whatever is refused is thrown: `sign_in.refused`, `sign_in.expired`,
   * `sign_in.link_invalid`, `totp.enabled`, `credentials.missing`, `origin.foreign`, `rate.limited`, `request.*`,
   * `route.not_found`.
   */
  handle(request: Request, caller: SignInCaller): Promise<Response>;
  /** The live session whose cookie is in the headers. Read from the database each time; writes nothing. */
  findSession(headers: Headers): Promise<FoundSession | null>;
  /**
   * Makes a person, who can then sign in; without a password, through a provider only. The caller knows that the e-mail is
   * the person's own. Throws `user.email_taken`, `request.invalid`.
   */
  createUser(user: {
    readonly email: string;
    readonly name: string;
    readonly password: string | null;
  }): Promise<string>;
  /** What a person is made of who chose this password. Throws `request.invalid`. */
  prepareUser(user: { readonly name: string; readonly password: string }): Promise<PreparedUser>;
  /** Also ends all sessions. False when there is no such person. */
  setPassword(userId: string, password: string): Promise<boolean>;
  /** Whether the person is asked for a second step. */
  hasSecondStep(userId: string): Promise<boolean>;
  listSessions(userId: string): Promise<readonly SignInSession[]>;
  /** False when the person has no such session. The event is left in the same transaction. */
  endSession(session: OwnSession, event: SignInAudit): Promise<boolean>;
  /** Once it has returned no session of the person is found, and nothing that was begun becomes one. */
  endSessions(userId: string): Promise<void>;
  /** Once what goes on beside answers has ended: events are kept, mails are taken; of these, none is waited for longer than 2 s. */
  settled(): Promise<void>;
}

/** Longer than any code is accepted: the present one, the one before and the one after. */
const CODE_SECONDS = 120;
/** A mail server that says nothing must not keep the process from ending in order. */
const SETTLE_MS = 2_000;
const RESET_PATHS: readonly string[] = [REQUEST_RESET_PATH, '/reset-password'];

export function createSignIn(options: SignInOptions): SignIn {
  const { storage, random, publicUrl, providers = [], sendReset, record, log, monotonic, workers = 1 } = options;
  const known = { providers: providers.map(({ name }) => name) };
  const cookieName = sessionCookieName(publicUrl);
  const attempts = createAttempts(monotonic, workers);
  const unsettled = new Set<Promise<unknown>>();
  const library = createLibrary({
    openDatabase: storage.openDatabase,
    keys: options.keys,
    random,
    publicUrl,
    providers,
    sendReset: sendReset ?? (async () => undefined),
    passwords: options.passwords,
    log,
  });

  async function readSession(headers: Headers) {
    const cookie = headers.get('cookie');
    if (!cookie?.includes(`${cookieName}=`)) return null;
    const { value } = await inCall(() =>
      library.api.getSession({ headers: new Headers({ cookie }), query: { disableRefresh: true } }),
    );
    return value;
  }

  /** Whoever guesses at what is their own, being signed in; an e-mail is anybody's to name, and strangers use up its attempts. */
  async function findPerson({ email }: Body, { headers }: Request): Promise<string | null> {
    const found = await readSession(headers);
    return found && (email === undefined || email === found.user.email) ? found.user.id : null;
  }

  /** Goes on beside the answer, and before the end of the process. */
  function besides(work: Promise<unknown>, failed: string): void {
    const noted = work
      .catch((error) => log('error', `${failed}: ${error instanceof Error ? error.message : 'unknown'}`))
      .finally(() => unsettled.delete(noted));
    unsettled.add(noted);
  }

  /** What the library refused. Whoever asked for a change is known; of others, how long it takes must not tell it. */
  async function leaveRefusal(
    { attempt, change }: SignInRoute,
    { method, userId, code }: { readonly method: string; readonly userId: string | null; readonly code: ErrorCode },
    caller: SignInCaller,
  ): Promise<void> {
    if (change && userId !== null) await record({ kind: 'change_refused', userId, change, code }, caller);
    if (!attempt) return;
    besides(record({ kind: 'refused', userId, method, reason: code }, caller), 'a refused sign-in was not recorded');
  }

  function ask(route: SignInRoute, url: URL, sent: Request, body: Body, caller: SignInCaller) {
    return inCall(() => library.handler(toLibraryRequest(publicUrl, route, url, sent, body, caller)));
  }

  /** Answered before anything is looked up: known and unknown e-mails take the same time. */
  function requestReset(route: SignInRoute, url: URL, sent: Request, body: Body, caller: SignInCaller): Response {
    const sending = ask(route, url, sent, body, caller).then(async ({ call: { userId } }) => {
      if (userId !== null) await record({ kind: 'reset_requested', userId }, caller);
    });
    besides(sending, 'a reset was not sent');
    return new Response(null, { status: 204 });
  }

  /** What was right when it began may have been changed since. */
  async function admit({ id, userId }: TouchedSession, epoch: number): Promise<void> {
    const admitted = await storage.admitSession({ userId, sessionId: id, epoch });
    if (!admitted) throw new DomainError('sign_in.refused');
  }

  /** RFC 6238 section 5.2: a code is accepted once. */
  async function claim(userId: string, { code }: Body, caller: SignInCaller): Promise<void> {
    const digest = keyedHash(options.keys.current.subkeys.session, 'code', userId, String(code));
    if (await storage.claimCode(digest, CODE_SECONDS)) return;
    await record({ kind: 'refused', userId, method: 'totp', reason: 'code_used' }, caller);
    throw new DomainError('sign_in.refused');
  }

  return {
    async handle(request, caller) {
      const url = new URL(request.url);
      const path = url.pathname.startsWith(`${SIGN_IN_PATH}/`) ? url.pathname.slice(SIGN_IN_PATH.length) : '';
      const { route, provider } = findRoute(request.method, path, known);
      if (!sendReset && RESET_PATHS.includes(route.path)) throw new DomainError('route.not_found');
      if (route.method === 'POST') requireOwnPage(request, publicUrl);
      const body = route.method === 'POST' ? route.parse(await readBody(request), known) : {};
      const person = route.guessed ? await findPerson(body, request) : null;
      const guessed = person ?? (typeof body['email'] === 'string' ? body['email'] : null);
      if (route.guessed) attempts.note(caller.address, guessed);
      if (route.path === REQUEST_RESET_PATH) return requestReset(route, url, request, body, caller);

      const method = provider ?? route.attempt ?? '';
      const epoch = await storage.findEpoch();
      const { value: response, call } = await ask(route, url, request, body, caller);
      if (response.status >= 400) {
        const refusal = await toRefusal(response);
        await leaveRefusal(route, { method, userId: call.userId ?? person, code: refusal.code }, caller);
        throw refusal;
      }
      const { session } = leftSession(call);
      try {
        if (session) await admit(session, epoch);
        const userId = session?.userId ?? call.userId;
        if (route.attempt === 'totp' && userId !== null) await claim(userId, body, caller);
        // The library ends them first and changes the password then: one that began in between is still alive.
        if (route.endsOtherSessions && userId !== null) await storage.endSessions(userId, session?.id);
        const event = completedEvent(route.path, method, response, call);
        if (event) await record(event, caller);
        if (route.guessed && event?.kind !== 'refused') attempts.takeBack(caller.address, guessed);
      } catch (error) {
        // Nobody is in of whom nothing tells.
        if (session) await storage.endSession({ userId: session.userId, sessionId: session.id }, null);
        throw error;
      }
      return toAnswer(route, response);
    },

    async findSession(headers) {
      const found = await readSession(headers);
      if (!found) return null;
      const { id, userId, createdAt } = found.session;
      return { userId, sessionId: id, signedInAt: createdAt.getTime() };
    },

    async createUser({ email, name, password }) {
      const { hash } = (await library.$context).password;
      const user = {
        id: newId('user', { now: () => Date.now() }, random),
        email: parseEmail(email, '/email'),
        name: parseName(name, '/name'),
        passwordHash: password === null ? null : await hash(parseNewPassword(password, '/password')),
      };
      await storage.createUser(user);
      return user.id;
    },

    async prepareUser({ name, password }) {
      const { hash } = (await library.$context).password;
      return {
        id: newId('user', { now: () => Date.now() }, random),
        name: parseName(name, '/name'),
        passwordHash: await hash(parseNewPassword(password, '/password')),
      };
    },

    async setPassword(userId, password) {
      const { hash } = (await library.$context).password;
      return storage.setPassword(userId, await hash(parseNewPassword(password, '/password')));
    },

    hasSecondStep: (userId) => storage.hasSecondStep(userId),
    listSessions: (userId) => storage.listSessions(userId),
    endSession: (session, event) => storage.endSession(session, event),
    endSessions: (userId) => storage.endSessions(userId),
    async settled() {
      const waiting = new AbortController();
      const settle = async (): Promise<void> => {
        while (unsettled.size > 0) await Promise.all(unsettled);
      };
      await Promise.race([settle(), pause(SETTLE_MS, undefined, { signal: waiting.signal })]);
      waiting.abort();
    },
  };
}

/** Browsers say where a page that calls comes from, and a page cannot say otherwise. */
function requireOwnPage(request: Request, publicUrl: string): void {
  if (request.headers.get('origin') !== publicUrl) throw new DomainError('origin.foreign');
}

/** What the library gets to see: nothing that was not asked for. */
function toLibraryRequest(
  publicUrl: string,
  route: SignInRoute,
  url: URL,
  sent: Request,
  body: Body,
  { address }: SignInCaller,
): Request {
  const headers = new Headers({ origin: publicUrl, [ADDRESS_HEADER]: address });
  for (const name of ['cookie', 'user-agent']) {
    const value = sent.headers.get(name);
    if (value !== null) headers.set(name, value);
  }
  const target = `${publicUrl}${url.pathname}`;
  if (route.method === 'GET') return new Request(`${target}${url.search}`, { headers });
  headers.set('content-type', 'application/json');
  return new Request(target, { method: 'POST', headers, body: JSON.stringify(body) });
}

/** Of the library's answer: its cookies, where it redirects to, and what the route tells of its body; never a token. */
async function toAnswer(route: SignInRoute, response: Response): Promise<Response> {
  const headers = new Headers({ 'cache-control': 'no-store' });
  for (const cookie of response.headers.getSetCookie()) headers.append('set-cookie', cookie);
  if (route.method === 'GET') {
    const said = await readSaid(response);
    const wayBack = response.headers.get('location') ?? '/';
    headers.set('location', said['twoFactorRedirect'] ? secondStepPage(wayBack) : wayBack);
    return new Response(null, { status: 302, headers });
  }
  const answer = route.answer((await response.json()) as Body);
  return answer ? Response.json(answer, { headers }) : new Response(null, { status: 204, headers });
}

/** What the library says in a body; a redirect says nothing. */
async function readSaid(response: Response): Promise<Body> {
  const text = await response.text();
  return text === '' ? {} : (JSON.parse(text) as Body);
}
