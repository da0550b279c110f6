/** Whoever lives in simulated time: stands still while paused, and for ever once dead. */
export interface Owner {
  pausedUntil: number;
  dead: boolean;
}

/** Simulated time, in milliseconds: it goes on by whatever happens next. */
export interface Timeline {
  now(): number;
  /** Resolves so much later; for an owner, not while it is paused. */
  sleep(ms: number, owner?: Owner): Promise<void>;
  /** Lets things happen, in the order of their times, until then. */
  run(until: number): Promise<void>;
}

interface Event {
  readonly at: number;
  readonly owner: Owner | undefined;
  readonly happen: () => void;
}

export function createTimeline(): Timeline {
  const events: Event[] = [];
  let now = 0;

  /** Kept in order; of those at one time, the one that was put first comes first. */
  function put(event: Event): void {
    let low = 0;
    let high = events.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((events[middle] as Event).at <= event.at) low = middle + 1;
      else high = middle;
    }
    events.splice(low, 0, event);
  }

  return {
    now: () => now,
    sleep: (ms, owner) =>
      new Promise((happen) => {
        put({ at: now + Math.max(0, ms), owner, happen });
      }),
    async run(until) {
      for (let event = events.shift(); event && event.at <= until; event = events.shift()) {
        now = Math.max(now, event.at);
        const { owner, happen } = event;
        if (owner?.dead) continue;
        if (owner && owner.pausedUntil > now) {
          put({ ...event, at: owner.pausedUntil });
          continue;
        }
        happen();
        // All that follows from it at this instant.
        await new Promise(setImmediate);
      }
    },
  };
}
