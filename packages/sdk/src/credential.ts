import { ConnectionError, SettingsError } from './error.ts';
import type { ResolvedSettings } from './settings.ts';
import { within } from './within.ts';

/** For how long a caller waits for a value. */
export interface CredentialLimits {
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

/** The token that a client calls with, and when to ask for another one. */
export interface Credential {
  /**
   * The value to send now; null = none, the browser adds its cookie. Throws `SettingsError` when it cannot be one,
   * `ConnectionError` when none is there in time, the signal's reason, or whatever the token function throws.
   */
  value(limits: CredentialLimits): Promise<string | null>;
  /** The server refused this value. Whether asking again gives another one. Throws like `value`. */
  renew(refused: string, limits: CredentialLimits): Promise<boolean>;
  /** The server says that this value is the old one of a refreshed token, and works until then. */
  retiring(value: string, until: string | null): void;
}

const SESSION: Credential = { value: async () => null, renew: async () => false, retiring() {} };

// A header can carry visible ASCII; anything else would make the platform throw an error with the value in it.
const HEADER_SAFE = /^[\x21-\x7e]+$/;

/** One question to the token function. */
interface Asked {
  /** The value, parsed. */
  readonly value: Promise<string>;
  readonly at: number;
  /** Whether an earlier question is still open, too. */
  readonly isSecond: boolean;
  /** Somebody has waited for it in vain. */
  isSlow: boolean;
}

export function createCredential({
  token,
  warn,
  timeoutMs,
}: Pick<ResolvedSettings, 'token' | 'warn' | 'timeoutMs'>): Credential {
  if (token === null) return SESSION;
  const isFixed = typeof token === 'string';
  const ask = isFixed ? async () => token : token;
  let current: Asked | undefined;
  /** The retiring value after which a newer one was asked for already. */
  let replaced: string | undefined;
  let warned = false;

  function askBeside(earlier: Asked | undefined): Asked {
    const coming = Promise.resolve().then(ask).then(parseToken);
    const value = earlier ? firstOf(coming, earlier.value) : coming;
    const asked: Asked = { value, at: performance.now(), isSecond: earlier !== undefined, isSlow: false };
    value.then(
      () => {
        asked.isSlow = false;
      },
      // What failed is asked for again by the next call.
      () => forget(asked),
    );
    return asked;
  }

  async function value(limits: CredentialLimits): Promise<string> {
    limits.signal?.throwIfAborted();
    if (!current || current.isSlow) current = askBeside(current);
    const asked = current;
    try {
      return await within(asked.value, limits, () => late(limits));
    } catch (error) {
      // It may never come, so the next call asks as well; and it may come, so it is good then. Two are open at a time, until
      // the second has taken longer than this client waits for anything.
      if (!asked.isSecond || performance.now() - asked.at >= timeoutMs) asked.isSlow = true;
      throw error;
    }
  }

  function forget(asked: Asked | undefined): void {
    if (current === asked) current = undefined;
  }

  return {
    value,

    async renew(refused, limits) {
      if (isFixed) return false;
      const asked = current;
      if ((await value(limits)) === refused) forget(asked);
      return (await value(limits)) !== refused;
    },

    retiring(retiringValue, until) {
      if (!isFixed && replaced !== retiringValue) {
        replaced = retiringValue;
        current = undefined;
        return;
      }
      if (warned) return;
      warned = true;
      const end = until ? ` It works until ${until}.` : '';
      warn(`Postern: this client still uses the old value of a token that was refreshed.${end} Give it the new value.`);
    },
  };
}

/** What the question brings, or before that the earlier one. */
function firstOf(coming: Promise<string>, earlier: Promise<string>): Promise<string> {
  return new Promise((resolve, reject) => {
    coming.then(resolve, reject);
    earlier.then(resolve, () => undefined);
  });
}

function parseToken(text: string): string {
  if (typeof text === 'string' && HEADER_SAFE.test(text)) return text;
  throw new SettingsError('The token is empty, or has characters that no token has: spaces, line breaks or others.');
}

function late({ timeoutMs }: CredentialLimits): ConnectionError {
  const title = `No token came within ${timeoutMs} ms: of the token function, or of the file that POSTERN_TOKEN_FILE names.`;
  return new ConnectionError({ code: 'client.timeout', status: null, title });
}
