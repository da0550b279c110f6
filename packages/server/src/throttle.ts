import { throttleUnit } from '@postern/core';

/**
 * Counts failed attempts per address (IPv6: per /64), as a bucket that refills. Only who fails is ever asked for it, so a
 * valid token never waits for somebody else's bad ones.
 */
export interface Throttle {
  /** Notes a failure: undefined while there is room, else after how many seconds there will be some again. */
  noteFailure(address: string): number | undefined;
  /** Takes one back that was noted before it was known to be none. */
  takeBack(address: string): void;
}

export interface ThrottleLimits {
  /** Failures that are answered before the first 429. */
  readonly burst: number;
  readonly refillPerSecond: number;
  /** Addresses remembered; beyond it the one that failed longest ago is forgotten. */
  readonly addresses: number;
}

export const THROTTLE_LIMITS: ThrottleLimits = { burst: 100, refillPerSecond: 2, addresses: 50_000 };

interface Bucket {
  readonly room: number;
  readonly at: number;
}

/** What one of so many workers may let pass, so that together they let pass what is meant. */
export function shareOf({ burst, refillPerSecond, addresses }: ThrottleLimits, workers: number): ThrottleLimits {
  return { burst: Math.ceil(burst / workers), refillPerSecond: refillPerSecond / workers, addresses };
}

/** `monotonic` in milliseconds. */
export function createThrottle(monotonic: () => number, limits: ThrottleLimits = THROTTLE_LIMITS): Throttle {
  // Iterates in the order of last failure: whoever fails is put at the end again.
  const buckets = new Map<string, Bucket>();

  return {
    noteFailure(address) {
      const unit = throttleUnit(address);
      const at = monotonic();
      const bucket = buckets.get(unit) ?? { room: limits.burst, at };
      const room = Math.min(limits.burst, bucket.room + ((at - bucket.at) / 1_000) * limits.refillPerSecond);
      buckets.delete(unit);
      // Whoever is refused takes nothing of what is to come, from those least of all who share its fate.
      buckets.set(unit, { room: room >= 1 ? room - 1 : room, at });
      if (buckets.size > limits.addresses) {
        const oldest = buckets.keys().next();
        if (!oldest.done) buckets.delete(oldest.value);
      }
      return room >= 1 ? undefined : Math.max(1, Math.ceil((1 - room) / limits.refillPerSecond));
    },

    takeBack(address) {
      const unit = throttleUnit(address);
      const bucket = buckets.get(unit);
      if (bucket) buckets.set(unit, { ...bucket, room: Math.min(limits.burst, bucket.room + 1) });
    },
  };
}
