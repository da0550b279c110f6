import { createHmac, randomBytes } from 'node:crypto';
import { DomainError, generateSecretKey, parseSecretKey, type SecretKey } from '@postern/core';
import { expect } from 'vitest';
import type { TestDatabase, TestEngine } from '../../storage/test/engines.ts';
import { toProblem } from '../src/problem.ts';
import { SIGN_IN_PATH } from '../src/sign-in/address.ts';
import type { SignInCaller, SignInEvent } from '../src/sign-in/event.ts';
import { createSignIn, type FoundSession, type SignIn, type SignInOptions } from '../src/sign-in/sign-in.ts';
import { QUICK_PASSWORDS } from './person.ts';

/** Sign-in on a database of its own, and browsers that use it. */

export const PUBLIC_URL = 'https://postern.example';
export const PASSWORD = 'correct horse battery';
export const EMAIL = 'ada@example.com';

export interface PageAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: an answer's body is what the test says it is
  readonly body: any;
}

export interface CallOptions {
  /** Null: none is sent. */
  readonly origin?: string | null;
  readonly contentType?: string;
  readonly address?: string;
}

/** A browser: keeps cookies, and sends them. */
export interface Browser {
  readonly cookies: Map<string, string>;
  get(path: string): Promise<PageAnswer>;
  post(path: string, body?: unknown, options?: CallOptions): Promise<PageAnswer>;
  findSession(): Promise<FoundSession | null>;
}

export interface People {
  readonly signIn: SignIn;
  readonly database: TestDatabase;
  readonly key: SecretKey;
  /** What was recorded, in order. */
  readonly events: SignInEvent[];
  /** Tokens of resets that were sent, by e-mail. */
  readonly resets: Map<string, string>;
  readonly log: string[];
  browser(): Browser;
  /** A browser in which Ada, who is made for it, has signed in. */
  signedIn(): Promise<Browser & { readonly userId: string }>;
  /** Every row of every table, as text. */
  dump(): Promise<string>;
  close(): Promise<void>;
}

/** Passwords are hashed quickly, unless `passwords` is given: undefined = as the process does it. */
export async function openPeople(engine: TestEngine, options: Partial<SignInOptions> = {}): Promise<People> {
  const database = await engine.open();
  const key = parseSecretKey(generateSecretKey('k1', randomBytes)) as SecretKey;
  const { publicUrl = PUBLIC_URL } = options;
  const events: SignInEvent[] = [];
  const resets = new Map<string, string>();
  const log: string[] = [];
  let addresses = 0;
  const signIn = createSignIn({
    storage: database.storage.signIn,
    keys: { current: key },
    random: randomBytes,
    monotonic: () => performance.now(),
    publicUrl,
    sendReset: async ({ email }, token) => void resets.set(email, token),
    record: async (event) => void events.push(event),
    log: (_level, message) => void log.push(message),
    passwords: QUICK_PASSWORDS,
    ...options,
  });

  function browser(): Browser {
    addresses += 1;
    const home = `192.0.2.${addresses}`;
    const cookies = new Map<string, string>();
    const cookieHeader = (): string => [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');

    async function send(request: Request, address: string): Promise<PageAnswer> {
      const caller: SignInCaller = { address, requestId: 'req_test' };
      try {
        const response = await signIn.handle(request, caller);
        for (const line of response.headers.getSetCookie()) keepCookie(cookies, line);
        const text = await response.text();
        return { status: response.status, headers: response.headers, text, body: text ? JSON.parse(text) : undefined };
      } catch (error) {
        if (!(error instanceof DomainError)) throw error;
        const { status, headers, body } = toProblem(error, 'req_test');
        return { status, headers: new Headers(headers), text: body, body: JSON.parse(body) };
      }
    }

    return {
      cookies,
      get(path) {
        const headers = new Headers(cookies.size > 0 ? { cookie: cookieHeader() } : {});
        return send(new Request(new URL(path, `${publicUrl}${SIGN_IN_PATH}/`), { headers }), home);
      },
      post(path, body = {}, { origin = publicUrl, contentType = 'application/json', address = home } = {}) {
        const headers = new Headers({ 'content-type': contentType, 'user-agent': 'Browser/1' });
        if (origin !== null) headers.set('origin', origin);
        if (cookies.size > 0) headers.set('cookie', cookieHeader());
        const init = { method: 'POST', headers, body: JSON.stringify(body) };
        return send(new Request(`${publicUrl}${SIGN_IN_PATH}${path}`, init), address);
      },
      findSession: () => signIn.findSession(new Headers({ cookie: cookieHeader() })),
    };
  }

  return {
    signIn,
    database,
    key,
    events,
    resets,
    log,
    browser,
    async signedIn() {
      const userId = await signIn.createUser({ email: EMAIL, name: 'Ada', password: PASSWORD });
      const page = browser();
      const answer = await page.post('/sign-in/email', { email: EMAIL, password: PASSWORD });
      expect([answer.status, answer.body]).toEqual([200, { signedIn: true }]);
      return { ...page, userId };
    },
    async dump() {
      const tables = await database.query(
        engine.name === 'sqlite'
          ? `select name from sqlite_schema where type = 'table'`
          : `select table_name as name from information_schema.tables where table_schema = 'public'`,
      );
      expect(tables.length).toBeGreaterThan(10);
      const rows = await Promise.all(tables.map(({ name }) => database.query(`select * from ${name}`)));
      return JSON.stringify(rows);
    },
    close: () => database.destroy(),
  };
}

/** The value of the cookie that holds the session. */
export function sessionCookie({ cookies }: Browser): string {
  return cookies.get('__Host-postern_session') ?? cookies.get('postern_session') ?? '';
}

export function keepCookie(cookies: Map<string, string>, line: string): void {
  const [pair = '', ...attributes] = line.split(';');
  const name = pair.slice(0, pair.indexOf('='));
  const gone = attributes.some((attribute) => /^\s*max-age=0$/i.test(attribute));
  if (gone) cookies.delete(name);
  else cookies.set(name, pair.slice(name.length + 1));
}

/** RFC 6238: the code that an authenticator app shows, `steps` of thirty seconds from now. */
export function totpCode(uri: string, steps = 0): string {
  const secret = new URL(uri).searchParams.get('secret') ?? '';
  const bits = [...secret].map((letter) => BASE32.indexOf(letter).toString(2).padStart(5, '0')).join('');
  const key = Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000) + steps));
  const hash = createHmac('sha1', key).update(counter).digest();
  const offset = (hash.at(-1) ?? 0) & 15;
  return String((hash.readUInt32BE(offset) & 0x7fffffff) % 1_000_000).padStart(6, '0');
}

const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
