import { SettingsError } from './error.ts';

export interface PosternSettings {
  /** Where Postern listens; otherwise `POSTERN_URL`. */
  readonly url?: string | undefined;
  /**
   * The token to call with; otherwise `POSTERN_TOKEN`, or the content of the file that `POSTERN_TOKEN_FILE` names. A
   * function is asked once, then again whenever its value was refused or has become the old value of a refreshed token;
   * where it is slow, once more beside the first time.
   */
  readonly token?: string | (() => Promise<string>) | undefined;
  /**
   * In a page of Postern itself: call with the browser's own session cookie, and no token. What changes something is then
   * answered to that page only.
   */
  readonly session?: boolean | undefined;
  /** How requests are sent; otherwise the platform's `fetch`. */
  readonly fetch?: typeof globalThis.fetch | undefined;
  /** For each attempt, its answer read whole, and as much for the token function; 10,000 by default. A signal bounds a call with all its retries. */
  readonly timeoutMs?: number | undefined;
  /** How often a call is tried again; 3 by default. */
  readonly maxRetries?: number | undefined;
  /** Told what a person should know; otherwise `console.warn`. */
  readonly warn?: ((sentence: string) => void) | undefined;
}

/** Settings with everything decided. */
export interface ResolvedSettings {
  /** Without a slash at its end. */
  readonly url: string;
  /** null: the browser's session cookie. */
  readonly token: string | (() => Promise<string>) | null;
  readonly fetch: typeof globalThis.fetch;
  readonly timeoutMs: number;
  readonly maxRetries: number;
  readonly warn: (sentence: string) => void;
}

export type Environment = Readonly<Record<string, string | undefined>>;

const DEFAULT_TIMEOUT_MS = 10_000;
const DEFAULT_MAX_RETRIES = 3;
/** The longest delay that a timer can have. */
const LONGEST_TIMEOUT_MS = 2_147_483_647;

/** Throws `SettingsError`, which never holds a token. */
export function resolveSettings(settings: PosternSettings, environment: Environment): ResolvedSettings {
  if (settings.session && settings.token !== undefined) {
    throw new SettingsError('A client calls with a token or with the session of its page, not with both.');
  }
  return {
    url: parseUrl(settings.url ?? environment['POSTERN_URL']),
    token: settings.session ? null : (settings.token ?? tokenOf(environment)),
    fetch: settings.fetch ?? ((input, init) => globalThis.fetch(input, init)),
    timeoutMs: parseTimeout(settings.timeoutMs ?? DEFAULT_TIMEOUT_MS),
    maxRetries: parseRetries(settings.maxRetries ?? DEFAULT_MAX_RETRIES),
    warn: settings.warn ?? ((sentence) => console.warn(sentence)),
  };
}

/** What is used of `process`, on platforms that have one. */
interface PlatformProcess {
  readonly env?: Environment;
  getBuiltinModule?(name: string): { readFile(path: string, encoding: 'utf8'): Promise<string> } | undefined;
}

function platformProcess(): PlatformProcess | undefined {
  return (globalThis as { process?: PlatformProcess }).process;
}

/** The variables of the process, on platforms that have any. */
export function platformEnvironment(): Environment {
  return platformProcess()?.env ?? {};
}

/** Throws `SettingsError` unless it is a time that can be waited for. */
export function parseTimeout(timeoutMs: number): number {
  if (timeoutMs > 0 && timeoutMs <= LONGEST_TIMEOUT_MS) return timeoutMs;
  throw new SettingsError(`timeoutMs must be more than 0 and at most ${LONGEST_TIMEOUT_MS}.`);
}

function parseRetries(maxRetries: number): number {
  if (Number.isInteger(maxRetries) && maxRetries >= 0) return maxRetries;
  throw new SettingsError('maxRetries must be a whole number, 0 or more.');
}

function parseUrl(text: string | undefined): string {
  if (!text) throw new SettingsError('Where is Postern? Set POSTERN_URL, or pass { url }.');
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw new SettingsError('The address of Postern must be a URL like https://postern.example.com.');
  }
  if (url.username || url.password) throw new SettingsError('The address of Postern must not hold a user or password.');
  if (url.search || url.hash) throw new SettingsError('The address of Postern must not hold a query or fragment.');
  return url.href.replace(/\/+$/, '');
}

function tokenOf(environment: Environment): string | (() => Promise<string>) {
  const { POSTERN_TOKEN: token, POSTERN_TOKEN_FILE: path } = environment;
  if (token && path) throw new SettingsError('POSTERN_TOKEN and POSTERN_TOKEN_FILE are both set. Keep one.');
  if (token) return token;
  if (path) return () => readTokenFile(path);
  throw new SettingsError('No token. Set POSTERN_TOKEN or POSTERN_TOKEN_FILE, or pass { token }.');
}

/** Read again whenever a new value is needed, so that whoever rotates the token replaces the file and nothing else. */
async function readTokenFile(path: string): Promise<string> {
  // Asked for, not imported: bundlers for browsers, where there is no such variable, would look for the module.
  const files = platformProcess()?.getBuiltinModule?.('node:fs/promises');
  if (!files) throw new SettingsError('POSTERN_TOKEN_FILE needs Node 20.16 or newer, Deno or Bun.');
  try {
    return (await files.readFile(path, 'utf8')).trim();
  } catch (error) {
    const reason = (error as { code?: string }).code ?? 'unknown reason';
    throw new SettingsError(`The file that POSTERN_TOKEN_FILE names cannot be read (${reason}): ${path}`);
  }
}
