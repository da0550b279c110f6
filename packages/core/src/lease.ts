import type { Change, Head } from './change.ts';
import type { Clock } from './clock.ts';
import { oneAtATime } from './one-at-a-time.ts';
import { NotReady } from './readiness.ts';

/**
 * The lease of a serving process (a node) on a database that several share: while it is live, the node may answer from
 * memory; a writer answers a mutation only when every node has applied it or can no longer answer from older memory.
 * No clock of another machine is ever compared with ours.
 *
 * Invariant: if a writer's `confirm` for a position has returned, no node's `live()` is true with a cache older than it.
 */

/** How long a lease lasts. */
export const LEASE_MS = 2_000;
/** How much earlier a node stops trusting it than a writer stops waiting for it: room for clocks of different speed. */
export const LEASE_MARGIN_MS = LEASE_MS / 10;
/** How often a node renews. */
export const LEASE_RENEWAL_MS = LEASE_MS / 4;
/** A wall clock further off the database's than this makes a node not ready. */
export const CLOCK_SKEW_LIMIT_MS = 1_000;

export interface NodeRow {
  readonly id: string;
  /** The position up to which this node has applied the log. */
  readonly acked: number;
  readonly renewals: number;
}

/** The table of nodes and the change log, each call in a transaction of its own on the primary. */
export interface NodeStorage {
  /** Inserts the node's row and commits. */
  join(nodeId: string): Promise<void>;
  readHead(): Promise<Head>;
  /**
   * Counts one renewal and acknowledges what is applied, if the log still has that very row; `renewed` false when it does
   * not, or the node's row is gone, and then nothing is acknowledged. `databaseNow` in milliseconds.
   */
  renew(nodeId: string, applied: Head): Promise<{ readonly renewed: boolean; readonly databaseNow: number }>;
  /**
   * Acknowledges what is applied under the same conditions, and says whether it did. It renews nothing, and a database that
   * fails may forget it: then writers wait longer, and nobody trusts anything for longer.
   */
  acknowledge(nodeId: string, applied: Head): Promise<boolean>;
  /** All rows after `after`, in order; undefined when the row at `after` is not the one we applied (another history). */
  readChanges(after: Head): Promise<readonly Change[] | undefined>;
  /** Head and nodes in one new snapshot. */
  listNodes(): Promise<{ readonly head: Head; readonly nodes: readonly NodeRow[] }>;
  /** Deletes the node's row if it still has that many renewals. */
  fence(nodeId: string, renewals: number): Promise<void>;
  leave(nodeId: string): Promise<void>;
}

/** What a node's memory must do when the log moves. */
export interface ChangeSink {
  apply(changes: readonly Change[]): void;
  clear(): void;
}

export interface LeaseDependencies {
  readonly nodes: NodeStorage;
  readonly cache: ChangeSink;
  readonly clock: Pick<Clock, 'monotonic'> & { wall(): number };
  /** A new node id for each join. */
  readonly newNodeId: () => string;
  readonly wait: (ms: number) => Promise<void>;
  /**
   * Tells the other nodes to look now, and what the log has from what this one has applied on. It may get lost; polling is
   * what guarantees.
   */
  readonly notify: (applied: Head | undefined) => void;
}

export interface Lease {
  /** One synchronous clock comparison: may a verdict from memory be given now? */
  live(): boolean;
  /** Joins when needed, renews, applies and acknowledges, in commits that a failover does not lose. It starts after the call. */
  cycle(): Promise<void>;
  /**
   * Applies and acknowledges what the log has; a whole cycle where no lease is live. It starts after the call. `heard` is a part
   * of the log without gaps, as another node has just read it, and nobody else can have made it up: where it has what was
   * applied last, what follows need not be read.
   */
  look(heard?: readonly Change[]): Promise<void>;
  /**
   * Waits until no node answers from memory older than the head. `committedAt` is the monotonic time right after the
   * commit. Never fails: with the database gone it waits the whole lease.
   */
  confirm(committedAt: number): Promise<{ readonly confirmed: number; readonly expired: number }>;
  /** Milliseconds to add to the wall clock to get the database's time. */
  clockOffset(): number;
  nodeId(): string | undefined;
  /** For how long `live` stays true if nothing is renewed, in milliseconds; 0 when it is false. */
  remainingMs(): number;
  leave(): Promise<void>;
}

interface State {
  readonly nodeId: string;
  applied: Head;
  /** The position that was acknowledged last. */
  acked: number;
}

/** What the next turn has to do. */
interface Due {
  readonly renewal: boolean;
  /** Parts of the log that were heard; where each goes on from what was applied, and nobody asked for more, nothing is read. */
  readonly heard: readonly (readonly Change[])[];
  readonly reading: boolean;
  /** Whether the database has to acknowledge what is applied, also where it has done so before. */
  readonly proof: boolean;
}

const NOTHING_DUE: Due = { renewal: false, heard: [], reading: false, proof: false };
const NOT_RENEWED = { renewed: false, databaseNow: 0 } as const;
/** Between two looks at who has acknowledged: this part of how long it has been waited, within these bounds. */
const POLL_PART = 1 / 8;
const SHORTEST_POLL_MS = 1;
const LONGEST_POLL_MS = 20;

export function createLease(dependencies: LeaseDependencies): Lease {
  const { nodes, cache, clock } = dependencies;
  let state: State | undefined;
  let monotonicDeadline = Number.NEGATIVE_INFINITY;
  let wallDeadline = Number.NEGATIVE_INFINITY;
  let offset: number | undefined;
  let due: Due = NOTHING_DUE;
  const turn = oneAtATime(takeTurn);
  const listNodes = oneAtATime(() => nodes.listNodes());

  function live(): boolean {
    return clock.monotonic() < monotonicDeadline && clock.wall() < wallDeadline;
  }

  function drop(): void {
    monotonicDeadline = Number.NEGATIVE_INFINITY;
    wallDeadline = Number.NEGATIVE_INFINITY;
    state = undefined;
    cache.clear();
  }

  function extend(monotonicStart: number, wallStart: number): void {
    monotonicDeadline = monotonicStart + LEASE_MS - LEASE_MARGIN_MS;
    wallDeadline = wallStart + LEASE_MS - LEASE_MARGIN_MS;
  }

  async function join(): Promise<State> {
    const monotonicStart = clock.monotonic();
    const wallStart = clock.wall();
    const nodeId = dependencies.newNodeId();
    await nodes.join(nodeId);
    // The head is read only after the row is committed: a writer that did not see the row committed before this read.
    const joined = { nodeId, applied: await nodes.readHead(), acked: 0 };
    // Emptied only now: a read that began before the head was read may be older than it, and must not enter any more.
    cache.clear();
    state = joined;
    extend(monotonicStart, wallStart);
    return joined;
  }

  async function renew(): Promise<void> {
    let current = state ?? (await join());
    for (;;) {
      // Looked at first, so that what others wait for is acknowledged by this very renewal.
      const isFollowing = (await follow(current)) !== undefined;
      const monotonicStart = clock.monotonic();
      const wallStart = clock.wall();
      const acknowledging = current.applied;
      const renewal = isFollowing ? await nodes.renew(current.nodeId, acknowledging) : NOT_RENEWED;
      if (renewal.renewed) current.acked = acknowledging.position;
      if (renewal.renewed) compareClocks(renewal.databaseNow - wallStart, clock.monotonic() - monotonicStart);
      const applied = renewal.renewed ? await follow(current) : undefined;
      if (applied === undefined) {
        // Fenced, or the log is not the one we followed (failover, restore): nothing in memory can be trusted.
        const left = current.nodeId;
        drop();
        await nodes.leave(left);
        current = await join();
        continue;
      }
      extend(monotonicStart, wallStart);
      // What was just applied still has to be acknowledged.
      return applied > 0 ? acknowledge(current, NOTHING_DUE) : undefined;
    }
  }

  /**
   * The database looked at its clock at some instant of the round trip. What was known before stays as long as it agrees with
   * that: an answer that was late says little, and must move nobody's time.
   */
  function compareClocks(most: number, roundTripMs: number): void {
    const least = most - roundTripMs;
    offset = offset === undefined ? (least + most) / 2 : Math.min(Math.max(offset, least), most);
  }

  /** Applies what the log has beyond what was applied, and says how much; undefined where it is another log. */
  async function follow(current: State): Promise<number | undefined> {
    const changes = await nodes.readChanges(current.applied);
    return changes && apply(current, changes);
  }

  /** Applies what goes on there from what was applied; false where it has to be read, because that is not in it. */
  function applyHeard(current: State, log: readonly Change[]): boolean {
    const { position, nonce } = current.applied;
    const at = log.findIndex((change) => change.position === position && change.nonce === nonce);
    const further = log.slice(at + 1);
    if (at < 0 || further.some((change, index) => change.position !== position + index + 1)) return false;
    apply(current, further);
    return true;
  }

  function apply(current: State, changes: readonly Change[]): number {
    const last = changes.at(-1);
    if (last) {
      cache.apply(changes);
      current.applied = { position: last.position, nonce: last.nonce };
    }
    return changes.length;
  }

  /** What others wait for, at the least cost; whatever is not as it should be is the renewal's to settle. */
  async function acknowledge(current: State, { heard, reading, proof }: Omit<Due, 'renewal'>): Promise<void> {
    const hasHeardAll = heard.map((log) => applyHeard(current, log)).every(Boolean);
    if ((reading || !hasHeardAll) && (await follow(current)) === undefined) return renew();
    const { nodeId, applied, acked } = current;
    if (applied.position === acked && !proof) return;
    if (!(await nodes.acknowledge(nodeId, applied))) return renew();
    current.acked = applied.position;
  }

  async function takeTurn(): Promise<void> {
    const { renewal, ...rest } = due;
    due = NOTHING_DUE;
    return renewal || !state || !live() ? renew() : acknowledge(state, rest);
  }

  function cycle(): Promise<void> {
    due = { ...due, renewal: true };
    return turn();
  }

  /** Starts a look that the database has to acknowledge; its outcome is there once it has one. */
  function startLook(): { outcome?: 'done' | 'failed' } {
    const look: ReturnType<typeof startLook> = {};
    due = { ...due, reading: true, proof: true };
    turn().then(
      () => {
        look.outcome = 'done';
      },
      () => {
        look.outcome = 'failed';
      },
    );
    return look;
  }

  async function confirm(committedAt: number): Promise<{ confirmed: number; expired: number }> {
    dependencies.notify(state?.applied);
    let own = startLook();
    try {
      const { head, nodes: listed } = await listNodes();
      // Whoever is waited out is fenced, so that later writers no longer wait for it: safe only when the lease that it may
      // have taken just before the listing is over, and only if it has not renewed since.
      const listedAt = clock.monotonic();
      const giveUpAt = listedAt + LEASE_MS;
      const waitingFor = new Map(listed.filter((node) => node.acked < head.position).map((node) => [node.id, node]));
      // Of this process itself it is known without asking, once the database has acknowledged its look since the commit:
      // before that, what it has applied may be of another history.
      const settleOwn = (): void => {
        if (!state || !waitingFor.has(state.nodeId) || own.outcome === undefined) return;
        if (own.outcome === 'done' && state.applied.position >= head.position) waitingFor.delete(state.nodeId);
        else own = startLook();
      };
      settleOwn();
      while (waitingFor.size > 0 && clock.monotonic() < giveUpAt) {
        const waited = clock.monotonic() - listedAt;
        const pause = Math.max(SHORTEST_POLL_MS, Math.min(POLL_PART * waited, LONGEST_POLL_MS, LEASE_MS - waited));
        await dependencies.wait(pause);
        const now = new Map((await listNodes()).nodes.map((node) => [node.id, node]));
        for (const id of waitingFor.keys()) {
          const node = now.get(id);
          if (!node || node.acked >= head.position) waitingFor.delete(id);
        }
        settleOwn();
      }
      for (const node of waitingFor.values()) await nodes.fence(node.id, node.renewals);
      return { confirmed: listed.length - waitingFor.size, expired: waitingFor.size };
    } catch {
      // The database is gone after the commit. A lease that outlives this wait was renewed after the commit, and whoever
      // renews reads the log before trusting the lease.
      await dependencies.wait(Math.max(0, committedAt + LEASE_MS - clock.monotonic()));
      return { confirmed: 0, expired: 1 };
    }
  }

  return {
    live,
    cycle,
    look(log) {
      due = log ? { ...due, heard: [...due.heard, log] } : { ...due, reading: true };
      return turn();
    },
    confirm,
    clockOffset: () => offset ?? 0,
    nodeId: () => state?.nodeId,
    remainingMs: () => Math.max(0, Math.min(monotonicDeadline - clock.monotonic(), wallDeadline - clock.wall())),
    async leave() {
      const left = state?.nodeId;
      drop();
      if (left !== undefined) await nodes.leave(left);
    },
  };
}

/** For a readiness check: throws `NotReady` unless the lease is live and the clocks agree. */
export function requireReady(lease: Lease): void {
  if (!lease.live()) throw new NotReady('lease_lost', 'the lease has run out');
  const offset = lease.clockOffset();
  if (Math.abs(offset) > CLOCK_SKEW_LIMIT_MS) {
    throw new NotReady('clock_off', `the wall clock is ${Math.round(offset)} ms off the database's`);
  }
}
