import type { Clock } from './clock.ts';
import { LEASE_MS, type NodeStorage } from './lease.ts';

interface Seen {
  readonly renewals: number;
  /** When that count was first read here, by this process's own clock. */
  readonly since: number;
}

/** A lease would do; but whom a writer waits for is the writer's to fence, and to tell of. */
const IDLE_MS = 2 * LEASE_MS;

/**
 * Fences nodes that died, though no writer waits for them: called again and again, it deletes the rows that have not been
 * renewed since it first saw them so, two leases ago or more. Under the rules of a writer: by a clock of one's own, counted
 * from a listing, and only if nothing was renewed since.
 */
export function createNodeSweep(
  nodes: Pick<NodeStorage, 'listNodes' | 'fence'>,
  { monotonic }: Pick<Clock, 'monotonic'>,
): () => Promise<void> {
  let seen: ReadonlyMap<string, Seen> = new Map();

  return async () => {
    const { nodes: listed } = await nodes.listNodes();
    const now = monotonic();
    const before = seen;
    seen = new Map(
      listed.map(({ id, renewals }) => {
        const known = before.get(id);
        return [id, known?.renewals === renewals ? known : { renewals, since: now }];
      }),
    );
    for (const [id, { renewals, since }] of seen) {
      if (now - since >= IDLE_MS) await nodes.fence(id, renewals);
    }
  };
}
