import type { VerifierClock } from './verifier-head.ts';

/** One question at a time for many who ask the same. */
export interface VerifierJoin<Answer> {
  /** The answer to the question that is under way, or else to the one that `ask` sends. */
  join(id: string, ask: () => Promise<Answer>): { readonly answer: Promise<Answer>; readonly isJoined: boolean };
}

/** A question that has been under way for longer than the bound, by either clock, is not joined: its answer may be as old. */
export function createVerifierJoin<Answer>(clock: VerifierClock, maxStalenessMs: number): VerifierJoin<Answer> {
  const underWay = new Map<
    string,
    { readonly monotonic: number; readonly wall: number; readonly answer: Promise<Answer> }
  >();

  return {
    join(id, ask) {
      const monotonic = clock.monotonic();
      const wall = clock.wall();
      const found = underWay.get(id);
      // A wall clock that was set back says nothing any more.
      if (
        found &&
        monotonic - found.monotonic < maxStalenessMs &&
        wall >= found.wall &&
        wall - found.wall < maxStalenessMs
      )
        return { answer: found.answer, isJoined: true };
      const asked = { monotonic, wall, answer: ask() };
      underWay.set(id, asked);
      const done = (): void => {
        if (underWay.get(id) === asked) underWay.delete(id);
      };
      asked.answer.then(done, done);
      return { answer: asked.answer, isJoined: false };
    },
  };
}
