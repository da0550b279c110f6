/** Time as the domain sees it, handed in so that tests own it. */
export interface Clock {
  /** Milliseconds since the epoch, by the database's clock: creation, expiry and overlaps are measured by it. */
  now(): number;
  /** Milliseconds of this process's monotonic clock: durations and deadlines are measured by it. */
  monotonic(): number;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
};

export const SECOND_MS = 1_000;
export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;

/** The last instant that RFC 3339 can write with a four-digit year. */
export const LATEST_TIME_MS = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

/** Randomness, handed in; only a cryptographically strong source will do. */
export type RandomBytes = (size: number) => Buffer;
