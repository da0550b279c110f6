import { ConnectionError, SettingsError } from './error.ts';
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

export function createCredential(
  token: string | (() => Promise<string>) | null,
  warn: (sentence: string) => void,
): Credential {
  if (token === null) return SESSION;
  const ask = typeof token === 'string' ? undefined : token;
  let current: Promise<string> | undefined = ask ? undefined : Promise.resolve(token as string);
  /** The retiring value after which a newer one was asked for already. */
  let replaced: string | undefined;
  let warned = false;

  async function value(limits: CredentialLimits): Promise<string> {
    limits.signal?.throwIfAborted();
    current ??= (ask as () => Promise<string>)();
    const asked = current;
    try {
      return parseToken(await within(asked, limits, () => late(limits)));
    } catch (error) {
      // What failed, or did not come for as long as somebody would wait, is asked for again by the next call.
      forget(asked);
      throw error;
    }
  }

  function forget(asked: Promise<string> | undefined): void {
    if (ask && current === asked) current = undefined;
  }

  return {
    value,

    async renew(refused, limits) {
      if (!ask) return false;
      const asked = current;
      if ((await value(limits)) === refused) forget(asked);
      return (await value(limits)) !== refused;
    },

    retiring(retiringValue, until) {
      if (ask && replaced !== retiringValue) {
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

function parseToken(text: string): string {
  if (typeof text === 'string' && HEADER_SAFE.test(text)) return text;
  throw new SettingsError('The token is empty, or has characters that no token has: spaces, line breaks or others.');
}

function late({ timeoutMs }: CredentialLimits): ConnectionError {
  const title = `No token came within ${timeoutMs} ms: of the token function, or of the file that POSTERN_TOKEN_FILE names.`;
  return new ConnectionError({ code: 'client.timeout', status: null, title });
}
