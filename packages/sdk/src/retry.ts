import { ConnectionError, type PosternError, RateLimited, ServerError } from './error.ts';

/** A wait that the server asks for and that is longer than this is left to the caller. */
const LONGEST_WAIT_MS = 60_000;
const FIRST_BACKOFF_MS = 250;
const LONGEST_BACKOFF_MS = 8_000;
const RETRIED_STATUSES: ReadonlySet<number | null> = new Set([502, 503, 504]);

/**
 * Milliseconds to wait before the call is tried again, after it failed `failures` times, the last time with this error;
 * undefined when trying again would not help. `random` is from 0 up to 1, and spreads clients that failed together.
 */
export function retryDelay(error: PosternError, failures: number, random: () => number): number | undefined {
  const asked = error instanceof RateLimited || error instanceof ServerError ? error.retryAfterMs : null;
  // 429 without a time says nothing of when it will be better.
  const retried =
    error instanceof ConnectionError ||
    (error instanceof RateLimited ? asked !== null : RETRIED_STATUSES.has(error.status));
  if (!retried || (asked !== null && asked > LONGEST_WAIT_MS)) return undefined;
  const backoff = Math.min(FIRST_BACKOFF_MS * 2 ** (failures - 1), LONGEST_BACKOFF_MS);
  return asked === null ? backoff * (0.5 + random() / 2) : asked + backoff * random();
}

/** `Retry-After` (RFC 9110 section 10.2.3), seconds or a date, as milliseconds from now. */
export function parseRetryAfter(text: string | null, now: number): number | undefined {
  if (text === null) return undefined;
  if (/^\d+$/.test(text)) return Number(text) * 1_000;
  const date = Date.parse(text);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

/** Whether a failed attempt may have been carried out all the same, so that the next one finds it done. */
export function mayHaveBeenDone(error: PosternError): boolean {
  if (error instanceof ConnectionError || error.code === 'outcome_unknown') return true;
  return (
    error.status === 502 || error.status === 504 || (error.status === 503 && error.code === 'client.unexpected_answer')
  );
}
