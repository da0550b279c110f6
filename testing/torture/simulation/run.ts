import { generateSecretKey, mintTokenValue, parseSecretKey, type SecretKey } from '@postern/core';
import { createRandom, type Random } from '../../random.ts';
import { checkRegister } from '../check.ts';
import type { Operation } from '../history.ts';
import { type Note, tell } from '../story.ts';
import { createDatabase, type Database } from './database.ts';
import { type Account, type ChangeMoment, type SimulatedNode, startNode } from './node.ts';
import type { Nemesis, Rule } from './rule.ts';
import { createTimeline, type Timeline } from './timeline.ts';

export interface SimulationOptions {
  readonly seed: number;
  /** Absent: all rules are kept. */
  readonly without?: Rule | undefined;
  /** Absent: chosen by the seed. */
  readonly nemesis?: Nemesis | undefined;
  /** Whether the servers say which history is theirs; without that, a grant that a failover loses may last. Default true. */
  readonly tellsHistory?: boolean | undefined;
}

export interface Simulation {
  /** What cannot have happened, as a story; undefined when all is well. */
  readonly finding: string | undefined;
  readonly writes: number;
  readonly reads: number;
  readonly faults: number;
}

const NODES = 3;
const ACCOUNTS = ['sa_1', 'sa_2', 'sa_3'];
const VERIFIERS = 3;
/** Simulated. */
const LENGTH_MS = 10_000;
const LEASE_MS = 2_000;
/** A lease, by the slowest of the clocks. */
const STALE_MS = LEASE_MS / 0.96;

interface Fleet {
  readonly timeline: Timeline;
  readonly database: Database;
  readonly nodes: SimulatedNode[];
  readonly accounts: readonly Account[];
  readonly histories: ReadonlyMap<Account, Operation[]>;
  readonly notes: Note[];
  /** The newest version of an account by which anything was answered. */
  readonly told: Map<string, number>;
  restart(index: number): void;
}

/** One fleet of three nodes with its clients and faults, all of it made of the seed. */
export async function simulate(options: SimulationOptions): Promise<Simulation> {
  const random = createRandom(options.seed);
  const fleet = createFleet(random, options);
  for (const account of fleet.accounts) void keepChanging(fleet, account, random.fork());
  for (let count = 0; count < VERIFIERS; count += 1) void keepVerifying(fleet, random.fork());
  void keepFailing(fleet, random.fork());
  await fleet.timeline.run(LENGTH_MS);
  const operations = [...fleet.histories.values()].flat();
  return {
    finding: findStory(fleet),
    writes: operations.filter(({ kind }) => kind === 'write').length,
    reads: operations.filter(({ kind }) => kind === 'read').length,
    faults: fleet.notes.length,
  };
}

function createFleet(
  random: Random,
  { without, nemesis: given, tellsHistory = true }: Omit<SimulationOptions, 'seed'>,
): Fleet {
  const timeline = createTimeline();
  const database = createDatabase(timeline, random.fork(), ACCOUNTS);
  const bytes = (size: number) => Buffer.from(Array.from({ length: size }, () => random.below(256)));
  const accounts = ACCOUNTS.map((id) => ({ id, value: mintTokenValue(bytes) }));
  const keys = { current: parseSecretKey(generateSecretKey('k1', bytes)) as SecretKey };
  const nodes: SimulatedNode[] = [];
  const start = (index: number, life: number): SimulatedNode =>
    startNode({
      name: `${'abc'[index]}${life}`,
      timeline,
      database,
      random: random.fork(),
      accounts,
      keys,
      // The margin of the lease covers a tenth.
      rate: 0.96 + 0.08 * random.fraction(),
      tellsHistory,
      without,
      onChange(node, moment) {
        failAt(moment, fleet, node, nemesis, changes);
      },
      tellOthers(log) {
        for (const each of nodes) if (random.chance(0.8)) each.hear(log);
      },
    });
  const changes = random.fork();
  const chosen = chooseNemesis(random);
  const nemesis = given ?? chosen;
  const lives = Array.from({ length: NODES }, () => 1);
  for (let index = 0; index < NODES; index += 1) nodes.push(start(index, 1));
  const fleet: Fleet = {
    timeline,
    database,
    nodes,
    accounts,
    histories: new Map(accounts.map((account) => [account, []])),
    notes: [],
    told: new Map(),
    restart(index) {
      const life = (lives[index] ?? 0) + 1;
      lives[index] = life;
      (nodes[index] as SimulatedNode).owner.dead = true;
      nodes[index] = start(index, life);
    },
  };
  return fleet;
}

/** One client of an account: allows, takes it back, and asks again elsewhere where no answer comes. */
async function keepChanging(fleet: Fleet, account: Account, random: Random): Promise<void> {
  const { timeline, nodes } = fleet;
  for (let active = true; ; active = !active) {
    // Until it is answered; what went unanswered may still take effect.
    while (!(await change(fleet, account, active, random)));
    await Promise.race(nodes.map((node) => verify(fleet, node, account)));
    await timeline.sleep(random.chance(0.5) ? 5 * random.fraction() : 900 * random.fraction());
  }
}

async function change(fleet: Fleet, account: Account, active: boolean, random: Random): Promise<boolean> {
  const { timeline, histories, told } = fleet;
  const node = random.pick(fleet.nodes);
  const write = {
    kind: 'write' as const,
    to: active ? ('allowed' as const) : ('denied' as const),
    startedAt: timeline.now(),
    endedAt: null as number | null,
    what: `${active ? 'enable' : 'disable'} on ${node.name}`,
  };
  histories.get(account)?.push(write);
  const patience = timeline.sleep(random.pick([60, 500, LEASE_MS, 2 * LEASE_MS])).then(() => false);
  const answered = node.setActive(account, active).then(
    (version) => {
      write.endedAt = timeline.now();
      told.set(account.id, Math.max(version, told.get(account.id) ?? 0));
      return true;
    },
    () => false,
  );
  return Promise.race([answered, patience]);
}

async function keepVerifying(fleet: Fleet, random: Random): Promise<void> {
  for (;;) {
    const asked = verify(fleet, random.pick(fleet.nodes), random.pick(fleet.accounts));
    await Promise.race([asked, fleet.timeline.sleep(20)]);
    await fleet.timeline.sleep(40 * random.fraction());
  }
}

async function verify({ timeline, histories }: Fleet, node: SimulatedNode, account: Account): Promise<void> {
  const startedAt = timeline.now();
  // A process that stands still reads the request when it goes on.
  await timeline.sleep(0, node.owner);
  try {
    const isActive = await node.verify(account);
    histories.get(account)?.push({
      kind: 'read',
      saw: isActive ? 'allowed' : 'denied',
      startedAt,
      endedAt: timeline.now(),
      what: `verify on ${node.name}`,
    });
  } catch {
    // 503 says nothing.
  }
}

async function keepFailing(fleet: Fleet, random: Random): Promise<void> {
  const calmMs = random.pick([900, 2_500, 6_000]);
  for (;;) {
    await fleet.timeline.sleep(calmMs * random.fraction());
    fail(fleet, random);
  }
}

function fail(fleet: Fleet, random: Random): void {
  const { timeline, nodes, notes } = fleet;
  const now = timeline.now();
  // Around a lease is where it gets close.
  const long = LEASE_MS * (random.chance(0.5) ? 0.8 + 0.4 * random.fraction() : 1.5 * random.fraction());
  const luck = random.fraction();
  const some = nodes.filter(() => random.chance(0.4));
  const note = (what: string): void => {
    const names = some.map(({ name }) => name).join(' and ');
    if (names !== '') notes.push({ startedAt: now, endedAt: now + long, what: `${names}: ${what}` });
  };
  if (luck < 0.25) {
    for (const { owner } of some) owner.pausedUntil = now + long;
    note('standing still');
  } else if (luck < 0.5) {
    for (const { connection } of some) connection.cutUntil = now + long;
    note('cut off from the database');
  } else if (luck < 0.7) {
    for (const { connection } of some) connection.slowUntil = now + long;
    note('far from the database');
  } else if (luck < 0.85) {
    note('killed, and started again');
    for (const node of some) fleet.restart(nodes.indexOf(node));
  } else {
    failOver(fleet, random, long);
  }
}

/** Faults at the moments that matter: one run is hard on this, and another on that. */
function chooseNemesis(random: Random): Nemesis {
  const chance = () => random.pick([0, 0, 0.1, 0.3]);
  return { restart: chance(), pause: chance(), cut: chance(), failOver: chance() };
}

function failAt(moment: ChangeMoment, fleet: Fleet, writer: SimulatedNode, nemesis: Nemesis, random: Random): void {
  const { database, nodes, notes, timeline } = fleet;
  const now = timeline.now();
  const other = random.pick(nodes.filter((node) => node !== writer));
  const lease = LEASE_MS * (0.92 + 0.16 * random.fraction());
  if (moment === 'is read') {
    // What one has learnt of is lost.
    if (!random.chance(nemesis.failOver) || !database.hasUnconfirmedChange()) return;
    void timeline.sleep(3 * random.fraction()).then(() => failOver(fleet, random, lease));
  } else if (moment === 'begins') {
    if (!random.chance(nemesis.restart)) return;
    const index = nodes.indexOf(other);
    notes.push({ startedAt: now, endedAt: now, what: `${other.name} is killed, and started again` });
    fleet.restart(index);
    const started = nodes[index];
    if (started && random.chance(0.5)) started.connection.slowUntil = now + lease;
  } else {
    if (random.chance(nemesis.pause)) {
      other.owner.pausedUntil = now + lease;
      notes.push({ startedAt: now, endedAt: now + lease, what: `${other.name} stands still, right after a commit` });
    }
    if (random.chance(nemesis.cut)) {
      for (const { connection } of [writer, other]) connection.cutUntil = now + 1.3 * lease;
      const what = `${writer.name} and ${other.name} are cut off, right after a commit`;
      notes.push({ startedAt: now, endedAt: now + 1.3 * lease, what });
    }
  }
}

function failOver(
  { timeline, database, nodes, accounts, histories, notes, told }: Fleet,
  random: Random,
  long: number,
): void {
  const now = timeline.now();
  const staying = new Map(nodes.filter(() => random.chance(0.4)).map(({ connection }) => [connection, now + long]));
  const lost = database.failOver(
    staying,
    nodes.map(({ connection }) => connection),
  );
  const names = nodes.filter(({ connection }) => staying.has(connection)).map(({ name }) => name);
  const who = names.length > 0 ? `; ${names.join(' and ')} still reach the former primary` : '';
  notes.push({ startedAt: now, endedAt: now + long, what: `the standby takes over${who}` });
  for (const account of accounts) {
    const left = lost.get(account.id);
    // What nobody was told of is taken back; what somebody was told of must not be.
    if (left === undefined || left.version < (told.get(account.id) ?? 0)) continue;
    const to = left.active ? 'allowed' : 'denied';
    histories.get(account)?.push({ kind: 'write', to, startedAt: now, endedAt: null, what: 'the unanswered are lost' });
  }
}

function findStory({ histories, notes }: Fleet): string | undefined {
  for (const [{ id }, operations] of histories) {
    const violation = checkRegister(operations, STALE_MS);
    if (violation) return tell(id, operations, violation, notes);
  }
  return undefined;
}
