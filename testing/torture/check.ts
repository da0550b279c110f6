import type { Operation, Verdict } from './history.ts';

/** Why a register's history cannot have happened: this operation has no instant at which it could have taken effect. */
export interface Violation {
  readonly impossible: Operation;
  /** What the register held before it, as far as the history could be explained. */
  readonly held: Verdict;
}

interface Progress {
  readonly done: Uint8Array;
  readonly held: Verdict;
  readonly count: number;
}

/**
 * Linearizability of one register (Wing and Gong's search with the memory of Lowe): each operation must have taken effect
 * at one instant between its start and its end, each verification seeing what the last write before it left. Undefined when
 * there is such an order. So no verification that started after a revocation's answer succeeds, what was denied by then is
 * never allowed again, and what was granted is seen.
 *
 * While a write is under way, one process may have learnt of it and another not: a verification may show what was so up to
 * `staleMs` before it started, but never from before a write that had been answered by then.
 */
export function checkRegister(operations: readonly Operation[], staleMs: number): Violation | undefined {
  // Only a write that had been answered holds a verification to its own start.
  const startOf = ({ kind, startedAt }: Operation): number => (kind === 'read' ? startedAt - staleMs : startedAt);
  const byStart = operations.toSorted((a, b) => startOf(a) - startOf(b));
  const byEnd = byStart
    .map((operation, index) => ({ index, endedAt: operation.endedAt ?? Number.POSITIVE_INFINITY }))
    .toSorted((a, b) => a.endedAt - b.endedAt);
  const definite = byStart.filter(({ endedAt }) => endedAt !== null).length;
  const seen = new Set<string>();
  const stack: Progress[] = [{ done: new Uint8Array(byStart.length), held: 'denied', count: 0 }];
  let furthest: Violation | undefined;
  let furthestCount = -1;

  for (let at = stack.pop(); at; at = stack.pop()) {
    const { done, held } = at;
    const { count, next } = readAll(at);
    if (count === definite) return undefined;
    if (next === undefined) continue;
    const key = `${held}${Buffer.from(done).toString('latin1')}`;
    if (seen.has(key)) continue;
    seen.add(key);
    if (count > furthestCount) {
      furthestCount = count;
      furthest = { impossible: byStart[next] as Operation, held };
    }
    const limit = endOf(next);
    const branches: Progress[] = [];
    for (const [index, operation] of byStart.entries()) {
      if (startOf(operation) > limit) break;
      if (done[index] || operation.kind !== 'write') continue;
      // One that may never have happened, and would change nothing, explains nothing.
      if (operation.endedAt === null && operation.to === held) continue;
      const after = done.slice();
      after[index] = 1;
      branches.push({ done: after, held: operation.to, count: count + (operation.endedAt === null ? 0 : 1) });
    }
    // Those that were answered are tried first: the last one pushed is looked at next.
    stack.push(...branches.toSorted((a, b) => a.count - b.count));
  }
  return furthest;

  function endOf(index: number): number {
    return byStart[index]?.endedAt ?? Number.POSITIVE_INFINITY;
  }

  /** Lets every verification take effect that can: that changes nothing, and so is never wrong. Next is what has to end first. */
  function readAll({ done, held, count }: Progress): { readonly count: number; readonly next: number | undefined } {
    let total = count;
    let first = 0;
    for (;;) {
      while (first < byEnd.length && done[byEnd[first]?.index as number]) first += 1;
      const next = byEnd[first];
      if (next === undefined || next.endedAt === Number.POSITIVE_INFINITY) return { count: total, next: undefined };
      const nextWrite =
        byEnd.find(({ index }) => !done[index] && byStart[index]?.kind === 'write')?.endedAt ??
        Number.POSITIVE_INFINITY;
      let progressed = false;
      for (const [index, operation] of byStart.entries()) {
        if (startOf(operation) > next.endedAt) break;
        if (done[index] || operation.kind !== 'read' || operation.saw !== held) continue;
        if (operation.startedAt > nextWrite) continue;
        done[index] = 1;
        total += 1;
        progressed = true;
      }
      if (!progressed) return { count: total, next: next.index };
    }
  }
}
