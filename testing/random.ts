/** Randomness that a seed repeats: for choices in tests, never for secrets. */
export interface Random {
  /** At least 0, below 1. */
  fraction(): number;
  /** A whole number of at least 0, below the limit. */
  below(limit: number): number;
  chance(probability: number): boolean;
  /** One of them; there must be one. */
  pick<Item>(items: readonly Item[]): Item;
  /** Another generator, whose numbers do not depend on how many this one gives from now on. */
  fork(): Random;
}

/** Mulberry32. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;

  function fraction(): number {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  const below = (limit: number): number => Math.floor(fraction() * limit);
  return {
    fraction,
    below,
    chance: (probability) => fraction() < probability,
    pick: (items) => {
      if (items.length === 0) throw new RangeError('there is nothing to pick from');
      return items[below(items.length)] as (typeof items)[number];
    },
    fork: () => createRandom(below(2 ** 32)),
  };
}
