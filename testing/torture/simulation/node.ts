import {
  type Change,
  createLease,
  createLeasedVerification,
  createNodeSweep,
  createTokenCacheKey,
  createTokenVerifier,
  createVerificationCache,
  digestTokenForLookup,
  type Head,
  LEASE_MS,
  LEASE_RENEWAL_MS,
  type Lease,
  type NodeStorage,
  type SecretKeys,
  type ServiceAccountId,
  type TokenId,
  type TokenRecord,
  type TokenValue,
  type TokenVerifier,
  type VerificationCache,
} from '@postern/core';
import { tokenRecord } from '../../../packages/core/test/record.ts';
import type { Random } from '../../random.ts';
import { appended, type Connection, type Contents, type Database, headOf } from './database.ts';
import type { Rule } from './rule.ts';
import type { Owner, Timeline } from './timeline.ts';

/** An account of the simulation, with the one value that works for it. */
export interface Account {
  readonly id: string;
  readonly value: TokenValue;
}

export interface NodeOptions {
  readonly name: string;
  readonly timeline: Timeline;
  readonly database: Database;
  readonly random: Random;
  readonly accounts: readonly Account[];
  readonly keys: SecretKeys;
  /** How fast its clock runs; 1 = as simulated time. */
  readonly rate: number;
  /** Whether servers say which history is theirs. */
  readonly tellsHistory: boolean;
  /** The rule that it does not keep. */
  readonly without: Rule | undefined;
  /** Told of each change when it begins, once it has committed, and when a node reads of one. */
  readonly onChange: (node: SimulatedNode, moment: ChangeMoment) => void;
  /** Called with the end of the log as the node has just read it, for the others. */
  readonly tellOthers: (log: readonly Change[]) => void;
}

interface Outcome {
  readonly version: number;
  readonly changed: boolean;
}

export type ChangeMoment = 'begins' | 'is committed' | 'is read';

/** One serving process: the real lease, cache and verifier, over the simulated database. */
export interface SimulatedNode {
  readonly name: string;
  readonly owner: Owner;
  readonly connection: Connection;
  /** What a notification makes it do, which has the end of a log. */
  hear(log: readonly Change[]): void;
  /** Rejects where it answers 503. */
  verify(account: Account): Promise<boolean>;
  /**
   * Sets whether the account is active, and answers when that holds everywhere, with the version by which it is so; rejects
   * where the outcome is not known.
   */
  setActive(account: Account, active: boolean): Promise<number>;
}

const CACHE_BYTES = 1_000_000;
let nonces = 0;

export function startNode(options: NodeOptions): SimulatedNode {
  const { name, timeline, database, random, accounts, keys, rate, without } = options;
  const owner: Owner = { pausedUntil: 0, dead: false };
  const connection: Connection = { owner, cutUntil: 0, slowUntil: 0, former: null, breaks: 0 };
  const clock = () => timeline.now() * rate;
  const cache = withoutStamps(createVerificationCache(CACHE_BYTES), without === 'fill stamp');
  const ports = createPorts(options, connection, cache, () => options.onChange(node, 'is read'));
  let joins = 0;
  const lease: Lease = createLease({
    nodes: ports.nodes,
    cache: ports.cache,
    clock: { monotonic: clock, wall: clock },
    newNodeId: () => {
      joins += 1;
      return `${name}.${joins}`;
    },
    wait: (ms) => timeline.sleep(ms / rate, owner),
    notify(applied) {
      options.onChange(node, 'is committed');
      const from = applied?.position ?? Number.POSITIVE_INFINITY;
      const end = database.read(connection, ({ log }) => log.filter(({ position }) => position >= from));
      void end.then(options.tellOthers, () => undefined);
    },
  });
  const storage = createLeasedVerification(
    {
      live: () => without === 'deadline check' || lease.live(),
      cycle: lease.cycle,
    },
    (digests) => database.read(connection, (contents) => findRecord(contents, digests[0].digest)),
  );
  const byDigest = new Map(accounts.map((each) => [digestTokenForLookup(each.value, keys)[0].digest as string, each]));

  function findRecord({ accounts: rows }: Contents, digest: string): TokenRecord | undefined {
    const account = byDigest.get(digest);
    const row = account && rows.get(account.id);
    if (!account || !row) return undefined;
    return tokenRecord({
      token: { id: `tok_${account.id}` as TokenId },
      principal: {
        id: account.id as ServiceAccountId,
        status: row.active ? 'active' : 'disabled',
        version: row.version,
      },
    });
  }

  // Against a head that is read too early, either of the two rules would do.
  const isGuarded = without !== 'read under the lease' && without !== 'join before head';
  const verifier: TokenVerifier = createTokenVerifier({
    storage: !isGuarded
      ? {
          ...storage,
          findRecord: (digests) => database.read(connection, (now) => findRecord(now, digests[0].digest)),
        }
      : storage,
    cache,
    keys,
    now: () => 0,
    cacheKey: createTokenCacheKey((size) => Buffer.alloc(size, name)),
    onOldDigest: () => undefined,
  });

  async function beat(): Promise<void> {
    for (;;) {
      // As a timer does: whether the cycle before it is done or not.
      void lease.cycle().catch(() => undefined);
      await timeline.sleep(LEASE_RENEWAL_MS / rate, owner);
    }
  }
  const sweep = createNodeSweep(ports.nodes, { monotonic: clock });
  async function keepSweeping(): Promise<void> {
    for (;;) {
      await timeline.sleep(LEASE_MS / rate, owner);
      await sweep().catch(() => undefined);
    }
  }
  const node: SimulatedNode = {
    name,
    owner,
    connection,
    hear(log) {
      const look = () => lease.look(without === 'heard from the row on' ? ports.asIfItWentOn(log) : log);
      void timeline.sleep(random.fraction() * 5, owner).then(() => look().catch(() => undefined));
    },

    async verify({ value }) {
      const verdict = await verifier.verify(value.reveal(), null);
      return verdict.outcome === 'active';
    },

    async setActive({ id }, active) {
      const began = clock();
      options.onChange(node, 'begins');
      if (without === 'listing after the commit') await ports.listTooEarly();
      const { version, changed } = (await refuseAtOnce(id, active)) ?? (await commit(id, active));
      const committedAt = clock();
      if (!changed && without === 'assertion waits') return version;
      await lease.confirm(without === 'wait from the commit' ? began : committedAt);
      return version;
    },
  };
  void beat();
  void keepSweeping();
  return node;

  /** Without a commit, as nobody must, where it is so already. */
  async function refuseAtOnce(id: string, active: boolean): Promise<Outcome | undefined> {
    if (without !== 'refusal is committed') return undefined;
    const row = await database.read(connection, ({ accounts: rows }) => rows.get(id));
    return row?.active === active ? { version: row.version, changed: false } : undefined;
  }

  /** Not changed where it was so already: then nothing was written, but committed all the same. */
  async function commit(id: string, active: boolean): Promise<Outcome> {
    nonces += 1;
    const nonce = `n${nonces}`;
    const early =
      without === 'position at commit'
        ? await database.write(connection, (now) => [{ ...now, counter: now.counter + 1 }, now.counter + 1])
        : undefined;
    // Others hold the organization's lock.
    if (random.chance(0.4)) await timeline.sleep(1_500 * random.fraction(), owner);
    return database.write<Outcome>(
      connection,
      (now) => {
        const row = now.accounts.get(id) ?? { active: false, version: 1 };
        if (row.active === active) return [now, { version: row.version, changed: false }];
        const position = early ?? now.counter + 1;
        const version = row.version + 1;
        const rows = new Map(now.accounts).set(id, { active, version });
        const counter = Math.max(now.counter, position);
        const log = appended(now, position, nonce, id);
        return [
          { ...now, accounts: rows, counter, log },
          { version, changed: true },
        ];
      },
      'may be slow',
    );
  }
}

/** The node's own row and the log, as packages/storage has them in SQL. */
function createPorts(
  { database, tellsHistory, without }: NodeOptions,
  connection: Connection,
  cache: VerificationCache,
  onRead: () => void,
) {
  let tooEarly: Awaited<ReturnType<NodeStorage['listNodes']>> | undefined;
  let headBeforeJoin: Head | undefined;
  let lastApplied: Head = { position: 0, nonce: '' };
  let isEmptiedAlready = false;
  const isThere = (contents: Contents, applied: Head): boolean =>
    without === 're-read of the position' || hasRow(contents, applied);
  const isOfHistory = ({ history }: Contents, row: { readonly history: number }): boolean =>
    !tellsHistory || without === 'row of one history' || row.history === history;
  const ownRow = (contents: Contents, id: string) => {
    const row = contents.nodes.get(id);
    return row && isOfHistory(contents, row) ? row : undefined;
  };
  const list = (contents: Contents) => ({
    head: headOf(contents),
    nodes: [...contents.nodes].map(([id, row]) => ({ id, ...row, acked: isOfHistory(contents, row) ? row.acked : 0 })),
  });

  const nodes: NodeStorage = {
    async join(id) {
      if (without === 'join before head') {
        headBeforeJoin = await database.read(connection, headOf);
        cache.clear();
      }
      await database.write(connection, (now) => [
        { ...now, nodes: new Map(now.nodes).set(id, { acked: 0, renewals: 0, history: now.history }) },
        undefined,
      ]);
    },
    async readHead() {
      isEmptiedAlready = headBeforeJoin !== undefined;
      return headBeforeJoin ?? database.read(connection, headOf);
    },
    renew(id, applied) {
      lastApplied = applied;
      return database.write<{ renewed: boolean; databaseNow: number }>(connection, (now) => {
        const row = ownRow(now, id);
        if (!row || !isThere(now, applied)) return [now, { renewed: false, databaseNow: 0 }];
        const renewed = { ...row, acked: applied.position, renewals: row.renewals + 1 };
        return [
          { ...now, nodes: new Map(now.nodes).set(id, renewed) },
          { renewed: true, databaseNow: 0 },
        ];
      });
    },
    acknowledge(id, applied) {
      lastApplied = applied;
      return database.note<boolean>(connection, (now) => {
        const row = ownRow(now, id);
        if (!row || !isThere(now, applied)) return [now, false];
        return [{ ...now, nodes: new Map(now.nodes).set(id, { ...row, acked: applied.position }) }, true];
      });
    },
    readChanges: (after) =>
      database.read(connection, (now) => {
        const changes = now.log.filter(({ position }) => position > after.position);
        if (changes.length > 0) onRead();
        if (without === 're-read of the position') return changes;
        if (!hasRow(now, after)) return undefined;
        return changes.every(({ position }, index) => position === after.position + index + 1) ? changes : undefined;
      }),
    async listNodes() {
      const early = tooEarly;
      tooEarly = undefined;
      return early ?? database.read(connection, list);
    },
    fence: (id, renewals) =>
      database.write(connection, (now) => {
        const isSame = without === 'fencing on renewals' || now.nodes.get(id)?.renewals === renewals;
        return [isSame ? withoutNode(now, id) : now, undefined];
      }),
    leave: (id) => database.write(connection, (now) => [withoutNode(now, id), undefined]),
  };
  return {
    nodes,
    cache: {
      apply: cache.apply,
      clear() {
        if (!isEmptiedAlready) cache.clear();
        isEmptiedAlready = false;
      },
    },
    /** The log as if it had what was applied last, and up to what is newer nothing else. */
    asIfItWentOn(log: readonly Change[]): readonly Change[] {
      const newer = log.filter(({ position }) => position > lastApplied.position);
      const [first] = newer;
      if (!first) return [];
      const between = Array.from({ length: first.position - lastApplied.position - 1 }, (_, index) => ({
        ...first,
        position: lastApplied.position + 1 + index,
      }));
      return [{ ...first, ...lastApplied }, ...between, ...newer];
    },
    async listTooEarly() {
      tooEarly = await database.read(connection, list);
    },
  };
}

function hasRow({ log }: Contents, { position, nonce }: Head): boolean {
  return position === 0 || log.some((row) => row.position === position && row.nonce === nonce);
}

function withoutNode(contents: Contents, id: string): Contents {
  const nodes = new Map(contents.nodes);
  nodes.delete(id);
  return { ...contents, nodes };
}

/** A cache that takes whatever it is given, however old that is. */
function withoutStamps(cache: VerificationCache, isOff: boolean): VerificationCache {
  return isOff ? { ...cache, put: (key, record) => cache.put(key, record, cache.stamp()) } : cache;
}
