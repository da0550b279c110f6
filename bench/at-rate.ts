import { setTimeout as pause } from 'node:timers/promises';

/** So many calls are waited for at most: beyond that the rate is not held. */
export const CALLS_AT_ONCE = 32;

/**
 * Calls so many times a second, as far as that can be held, until the input of this process ends. Resolves, once all are
 * answered, with the seconds that it took.
 */
export async function callAtRate(perSecond: number, call: (turn: number) => Promise<void>): Promise<number> {
  let isOver = false;
  process.stdin.resume().once('end', () => {
    isOver = true;
  });
  const started = performance.now();
  const seconds = (): number => (performance.now() - started) / 1_000;
  const underWay = new Set<Promise<void>>();
  for (let turn = 0; !isOver; ) {
    for (; turn < seconds() * perSecond && underWay.size < CALLS_AT_ONCE; turn += 1) {
      const calling = call(turn);
      underWay.add(calling);
      void calling.finally(() => underWay.delete(calling));
    }
    await pause(1);
  }
  await Promise.all(underWay);
  return seconds();
}
