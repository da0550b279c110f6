import type { RandomBytes } from '@postern/core';

const POOL_BYTES = 8_192;

/** Randomness for ids, drawn in bulk: a call for each request's few bytes would cost more than the rest of the id. Not for secrets. */
export function createRandomPool(random: RandomBytes): RandomBytes {
  let pool: Buffer = Buffer.alloc(0);
  let used = 0;
  return (size) => {
    if (used + size > pool.length) {
      pool = random(POOL_BYTES);
      used = 0;
    }
    used += size;
    return pool.subarray(used - size, used);
  };
}
