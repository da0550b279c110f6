import type { ChangeHead } from './openapi.gen.ts';

/** Time as the verifier reads it, in milliseconds. */
export interface VerifierClock {
  /** Never goes backwards. */
  monotonic(): number;
  /** Goes on while the machine sleeps, which the other one may not. */
  wall(): number;
}

export interface VerifierHead {
  /** Whether memory may be answered from now. */
  isFresh(): boolean;
  /** The server's time now, at the latest, if memory may be answered from; else undefined. One look at each clock. */
  freshServerNow(): number | undefined;
  /** The server's time now, at the earliest; undefined until it has said what it is. */
  earliestServerNow(): number | undefined;
  /** Asks for the head once. Rejects when it was not answered. One at a time: a call while one is under way waits for it. */
  ask(): Promise<void>;
}

export interface VerifierHeadDependencies {
  readonly clock: VerifierClock;
  readonly maxStalenessMs: number;
  /** Waits for what the request needs, for which no time of the bound is spent. */
  readonly prepare: () => Promise<unknown>;
  /** Sends the request. */
  readonly fetchHead: (after: string | undefined) => Promise<ChangeHead>;
  /** Memory, which forgets what changed. */
  readonly memory: { apply(changes: ChangeHead['changes']): void; clear(): void };
}

/**
 * How far memory can be trusted. Freshness counts from our own clock, read before the head was asked for: what was
 * acknowledged before that is in the answer, and what came later is younger than the bound. Nothing else makes memory
 * fresh: a stream that is silent, or beats, may have been held up anywhere.
 */
export function createVerifierHead({
  clock,
  maxStalenessMs,
  prepare,
  fetchHead,
  memory,
}: VerifierHeadDependencies): VerifierHead {
  let cursor: string | undefined;
  let monotonicDeadline = Number.NEGATIVE_INFINITY;
  let wallDeadline = Number.NEGATIVE_INFINITY;
  /** The server's time, and ours before it was asked for and after it was told. */
  let told: { readonly now: number; readonly before: number; readonly after: number } | undefined;
  let asking: Promise<void> | undefined;

  async function ask(): Promise<void> {
    await prepare();
    const monotonicStart = clock.monotonic();
    const wallStart = clock.wall();
    const head = await fetchHead(cursor);
    if (head.reset) memory.clear();
    else memory.apply(head.changes);
    cursor = head.cursor;
    monotonicDeadline = monotonicStart + maxStalenessMs;
    wallDeadline = wallStart + maxStalenessMs;
    told = { now: Date.parse(head.now), before: monotonicStart, after: clock.monotonic() };
  }

  function freshServerNow(): number | undefined {
    const now = clock.monotonic();
    if (!told || now >= monotonicDeadline) return undefined;
    const wall = clock.wall();
    // A wall clock that was set back says nothing any more.
    const isFresh = wall < wallDeadline && wall >= wallDeadline - 2 * maxStalenessMs;
    return isFresh ? told.now + now - told.before : undefined;
  }

  return {
    isFresh: () => freshServerNow() !== undefined,
    freshServerNow,
    earliestServerNow: () => told && told.now + clock.monotonic() - told.after,
    ask() {
      asking ??= ask().finally(() => {
        asking = undefined;
      });
      return asking;
    },
  };
}
