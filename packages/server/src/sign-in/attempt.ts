import { DomainError } from '@postern/core';
import { createThrottle, shareOf, type ThrottleLimits } from '../throttle.ts';

/** Failures. Thirty at once, then one in six seconds: of an address, or of a /64. */
const ADDRESS_LIMITS: ThrottleLimits = { burst: 30, refillPerSecond: 1 / 6, addresses: 50_000 };
/** Failures. Ten at once, then one in thirty seconds: for an e-mail, or for whoever is signed in, wherever from. */
const GUESSED_LIMITS: ThrottleLimits = { burst: 10, refillPerSecond: 1 / 30, addresses: 50_000 };

/** What is tried where something can be guessed; `guessed` is whose it is, null where nobody is named. */
export interface Attempts {
  /** Before anything is tried, so that many at once are counted. Throws `rate.limited`. */
  note(address: string, guessed: string | null): void;
  /** It was no failure: a company behind one address may come to work at once. */
  takeBack(address: string, guessed: string | null): void;
}

/** `monotonic` in milliseconds; as many processes share the limits. */
export function createAttempts(monotonic: () => number, workers: number): Attempts {
  const ofAddress = createThrottle(monotonic, shareOf(ADDRESS_LIMITS, workers));
  const forGuessed = createThrottle(monotonic, shareOf(GUESSED_LIMITS, workers));
  return {
    note(address, guessed) {
      // Who is refused by its address counts against nobody's e-mail, and drives none out of memory.
      const retryAfterSeconds =
        ofAddress.noteFailure(address) ?? (guessed === null ? undefined : forGuessed.noteFailure(guessed));
      if (retryAfterSeconds !== undefined) throw new DomainError('rate.limited', { retryAfterSeconds });
    },
    takeBack(address, guessed) {
      ofAddress.takeBack(address);
      if (guessed !== null) forGuessed.takeBack(guessed);
    },
  };
}
