import { DomainError, USAGE_LIMITS } from '@postern/core';
import type { Server } from './server.ts';

const TICK_MS = 5_000;
/** Of the time, writing takes one part, and as many others pass before it begins again. */
const REST = 9;
const REST_MOST_MS = 30_000;
/** Sooner than that, where memory for what is noted is this full. */
const FULL = USAGE_LIMITS.generations / 2;

/**
 * Writes what was noted of use every five seconds; where tens of thousands of tokens are used and that takes long, less often,
 * so that it takes a tenth of the time. Returns what ends it.
 */
export function flushUsage({ usage, storage, log }: Pick<Server, 'usage' | 'storage' | 'log'>): () => void {
  let isWriting = false;
  let restUntil = 0;

  async function write(): Promise<void> {
    isWriting = true;
    const began = performance.now();
    try {
      await usage.flush(storage);
    } catch (error) {
      // Kept for the next flush.
      const internal = error instanceof DomainError ? error.message : String(error);
      log.logger.warn({ internal }, 'usage could not be written yet');
    }
    const ended = performance.now();
    restUntil = ended + Math.min((ended - began) * REST, REST_MOST_MS);
    isWriting = false;
  }

  const timer = setInterval(() => {
    const isResting = performance.now() < restUntil && usage.stats().pending < FULL;
    if (!isWriting && !isResting) void write();
  }, TICK_MS);
  timer.unref();
  return () => clearInterval(timer);
}

/** What was noted until now is written when this resolves, or the log says that it is not. */
export async function flushUsageLast({
  usage,
  storage,
  log,
}: Pick<Server, 'usage' | 'storage' | 'log'>): Promise<void> {
  try {
    // One flush may be under way, without what came after it began.
    await usage.flush(storage);
    await usage.flush(storage);
  } catch (error) {
    const { pending } = usage.stats();
    if (pending > 0) log.logger.error({ internal: String(error), pending }, 'the last use could not be written');
  }
}
