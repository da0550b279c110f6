import type { VerificationStorage } from '@postern/core';

/**
 * The same storage, asked at most once per turn of the event loop whether anybody has committed. A request that is worked
 * on in a turn had been read before the turn began, and asking comes after: whatever was answered before the request was
 * read is seen. Several verifications of one request then cost one look, which on the embedded database is a few system
 * calls. Microtasks run at the end of a turn, before anything else is read or answered.
 */
export function caughtUpOncePerTurn(storage: VerificationStorage): VerificationStorage {
  let caughtUp = false;
  const forget = (): void => {
    caughtUp = false;
  };
  return {
    catchUp() {
      if (caughtUp) return true;
      caughtUp = storage.catchUp();
      if (caughtUp) queueMicrotask(forget);
      return caughtUp;
    },
    holds: storage.holds,
    findRecord: storage.findRecord,
  };
}
