import { type Change, type ChangeKind, DomainError, type Head, type NodeRow, type OrganizationId } from '@postern/core';
import type { Random } from '../../random.ts';
import type { Owner, Timeline } from './timeline.ts';

/** An account as the database has it; its tokens work while it is active. */
export interface AccountRow {
  readonly active: boolean;
  readonly version: number;
}

/** All that a database holds at one instant. Never changed: each change makes another. */
export interface Contents {
  readonly log: readonly Change[];
  readonly nodes: ReadonlyMap<string, SimulatedNodeRow>;
  readonly accounts: ReadonlyMap<string, AccountRow>;
  /** The counter of positions, where it runs ahead of the log. */
  readonly counter: number;
  /** Of the server that holds it: another one for each that has taken over. */
  readonly history: number;
}

/** A node's row, and the history in which it was made. */
interface SimulatedNodeRow extends Omit<NodeRow, 'id'> {
  readonly history: number;
}

/** The way from one process to the database. */
export interface Connection {
  readonly owner: Owner;
  /** Until then, nothing gets through. */
  cutUntil: number;
  /** Until then, everything takes long. */
  slowUntil: number;
  /** The former primary, where this process still reaches it: it can be read, and confirms no commit. */
  former: { readonly server: FormerPrimary; readonly until: number } | null;
  /** Counts how often its connections broke. */
  breaks: number;
}

/** What lives on of a primary that was failed over: what asks for no standby is still written there. */
interface FormerPrimary {
  contents: Contents;
}

const ORGANIZATION = 'org_1' as OrganizationId;
/** After so long without an answer, a call is given up. */
const CALL_TIMEOUT_MS = 2_000;
/** How often, and for how long at most, a commit waits for the standby while others see it already. */
const SLOW_STANDBY = 0.4;
const SLOW_STANDBY_MS = 1_500;

/** A small database with a synchronous standby: what was answered survives a failover, what was not may be lost. */
export interface Database {
  readonly contents: () => Contents;
  /** A statement that only reads, in a snapshot of its own. */
  read<Result>(connection: Connection, look: (contents: Contents) => Result): Promise<Result>;
  /** A transaction that commits: the second function's result, seen by all from one instant on. */
  write<Result>(
    connection: Connection,
    change: (contents: Contents) => readonly [Contents, Result],
    answer?: 'prompt' | 'may be slow',
  ): Promise<Result>;
  /** The same with a commit that waits for no standby: a failover may lose it though it was answered. */
  note<Result>(connection: Connection, change: (contents: Contents) => readonly [Contents, Result]): Promise<Result>;
  /** Whether there is a change that others see already, and that a failover may lose. */
  hasUnconfirmedChange(): boolean;
  /**
   * The standby takes over, without some of what was not answered yet. Some processes still reach the former primary for a
   * while. Returns the accounts whose last changes are lost, as they are then.
   */
  failOver(
    staying: ReadonlyMap<Connection, number>,
    connections: readonly Connection[],
  ): ReadonlyMap<string, AccountRow>;
}

export function createDatabase(timeline: Timeline, random: Random, accounts: readonly string[]): Database {
  let contents: Contents = {
    log: [],
    nodes: new Map(),
    accounts: new Map(accounts.map((id) => [id, { active: false, version: 1 }])),
    counter: 0,
    history: 0,
  };
  /** Everything since what the standby surely has. */
  let unconfirmed: Contents[] = [contents];
  let failovers = 0;

  function unavailable(): DomainError {
    return new DomainError('storage.unavailable', { internal: 'simulated' });
  }

  /** The way there and back, each of which may be long, or not be there. */
  async function call<Result>(
    connection: Connection,
    effect: () => Result,
    isWrite: boolean,
    answerMs = 0,
  ): Promise<Result> {
    const { owner } = connection;
    const breaks = connection.breaks;
    const failoversBefore = failovers;
    await timeline.sleep(latency(connection));
    const broken = (): boolean => breaks !== connection.breaks || (isWrite && failoversBefore !== failovers);
    const cut = (): boolean => connection.cutUntil > timeline.now();
    if (broken() || cut()) {
      await timeline.sleep(cut() && random.chance(0.5) ? CALL_TIMEOUT_MS : 1, owner);
      throw unavailable();
    }
    const result = effect();
    await timeline.sleep(answerMs + latency(connection), owner);
    if (broken() || cut()) throw unavailable();
    return result;
  }

  /** Mostly short; now and then longer than anybody expects. */
  function latency({ slowUntil }: Connection): number {
    const luck = random.fraction();
    if (slowUntil > timeline.now()) return 700 * luck;
    if (luck < 0.8) return 0.1 + 2 * random.fraction();
    if (luck < 0.96) return 2 + 30 * random.fraction();
    return 30 + 1_000 * random.fraction();
  }

  return {
    contents: () => contents,
    read: (connection, look) =>
      call(connection, () => look(formerOf(connection, timeline.now())?.contents ?? contents), false),
    note: (connection, change) =>
      call(
        connection,
        () => {
          const former = formerOf(connection, timeline.now());
          const [next, value] = change(former?.contents ?? contents);
          if (former) former.contents = next;
          else {
            contents = next;
            unconfirmed.push(next);
          }
          return value;
        },
        false,
      ),
    async write(connection, change, answer = 'prompt') {
      if (formerOf(connection, timeline.now())) {
        // It waits for a standby that does not follow it any more.
        await timeline.sleep(CALL_TIMEOUT_MS, connection.owner);
        throw unavailable();
      }
      const { result, after } = await call(
        connection,
        () => {
          const [next, value] = change(contents);
          contents = next;
          unconfirmed.push(next);
          return { result: value, after: next };
        },
        true,
        answer === 'may be slow' && random.chance(SLOW_STANDBY) ? SLOW_STANDBY_MS * random.fraction() : 0,
      );
      // Answered, and so on the standby, with all that was committed before it.
      const place = unconfirmed.indexOf(after);
      if (place > 0) unconfirmed = unconfirmed.slice(place);
      return result;
    },
    hasUnconfirmedChange: () => contents.log.length > (unconfirmed[0] as Contents).log.length,
    failOver(staying, connections) {
      const [oldest = contents] = unconfirmed;
      const survivor = random.chance(0.7) ? oldest : random.pick(unconfirmed);
      const former: FormerPrimary = { contents };
      failovers += 1;
      contents = { ...survivor, history: failovers };
      unconfirmed = [contents];
      for (const connection of connections) {
        const until = staying.get(connection);
        if (until === undefined) connection.breaks += 1;
        connection.former = until === undefined ? null : { server: former, until };
      }
      return new Map([...survivor.accounts].filter(([id, row]) => row !== former.contents.accounts.get(id)));
    },
  };

  function formerOf(connection: Connection, now: number): FormerPrimary | undefined {
    const { former } = connection;
    if (former && former.until <= now) {
      connection.former = null;
      connection.breaks += 1;
    }
    return connection.former?.server;
  }
}

export function headOf({ log }: Contents): Head {
  const last = log.at(-1);
  return last ? { position: last.position, nonce: last.nonce } : { position: 0, nonce: '' };
}

export function appended(contents: Contents, position: number, nonce: string, subjectId: string): readonly Change[] {
  const change: Change = {
    position,
    nonce,
    organizationId: ORGANIZATION,
    organizationPosition: position,
    kind: 'service_account' satisfies ChangeKind,
    subjectId,
  };
  return [...contents.log, change].toSorted((a, b) => a.position - b.position);
}
