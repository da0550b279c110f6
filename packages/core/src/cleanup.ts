import { DAY_MS, HOUR_MS } from './clock.ts';

/**
 * What the database keeps for a time only, and for how long. Audit events are kept for ever; so is the latest use of every
 * token that there is.
 */
export const RETENTION = {
  /** Deleted tokens and accounts, retired values, hourly counts and callers: for so long a late use is still recognized. */
  endedMs: 400 * DAY_MS,
  /** Retired values of one organization; the oldest go first. */
  retiredPerOrganization: 100_000,
  /** Into which event a refused use was counted: an hour's are counted together, so no older hour is asked about. */
  refusalMs: 2 * DAY_MS,
  /** The newest rows of the change log, of all organizations together. Who is further behind is told to begin anew. */
  changes: 100_000,
} as const;

/** The parts of a sweep. Each call does one small batch, in a transaction of its own. */
export const CLEANUP_PARTS = ['ended_tokens', 'tokens', 'organizations', 'changes', 'sign_in'] as const;
export type CleanupPart = (typeof CLEANUP_PARTS)[number];

export interface CleanupBatch {
  /** Rows that were removed. */
  readonly removed: number;
  /** Whether there may be more to do now. */
  readonly more: boolean;
}

export interface CleanupLimits {
  readonly changes?: number;
  readonly retiredPerOrganization?: number;
}

export interface CleanupStorage {
  /** True for one process at a time: the sweep is its own until then. */
  claimCleanup(untilMs: number): Promise<boolean>;
  /** One batch. Limits other than those of `RETENTION` are for tests. */
  cleanUp(part: CleanupPart, limits?: CleanupLimits): Promise<CleanupBatch>;
}

/** How often a process asks whether it is to sweep. */
export const CLEANUP_EVERY_MS = 60_000;
/** How long a sweep is one process's own: longer than it takes, and short enough that a dead one's is taken over. */
const CLAIM_MS = 5 * 60_000;
/** Batches of one part in one sweep. */
const BATCHES_MAX = 20;
/** Between batches, so that those who want something come first. */
const PAUSE_MS = 25;

/**
 * Sweeps a little, unless another process does. Returns how many rows were removed. A part that fails keeps no other from its
 * turn; then throws what the first one failed with.
 */
export async function sweep(
  storage: CleanupStorage,
  wait: (ms: number) => Promise<void>,
  limits: CleanupLimits = {},
): Promise<number> {
  if (!(await storage.claimCleanup(CLAIM_MS))) return 0;
  let removed = 0;
  const failures: unknown[] = [];
  for (const part of CLEANUP_PARTS) {
    try {
      for (let count = 0; count < BATCHES_MAX; count += 1) {
        const batch = await storage.cleanUp(part, limits);
        removed += batch.removed;
        if (!batch.more) break;
        await wait(PAUSE_MS);
      }
    } catch (error) {
      failures.push(error);
    }
  }
  await storage.claimCleanup(-HOUR_MS);
  if (failures.length > 0) throw failures[0];
  return removed;
}
