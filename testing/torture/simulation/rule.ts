/**
 * The rules that the promise rests on. A simulated fleet can be run with one of them switched off, through what the core is
 * handed (its ports, its clock, its arguments); the core itself has no switch.
 */
export const RULES = {
  'deadline check': 'memory is trusted only before the deadline',
  'join before head': 'a node empties its memory and reads the head only once its row is committed',
  'listing after the commit': 'a writer lists nodes and head after its commit, not before',
  'wait from the commit': 'a writer that loses the database waits from its commit on, not from its beginning',
  'fencing on renewals': 'a node is fenced only if it has not renewed since it was listed',
  'position at commit': 'the position in the log is taken as the last thing before the commit',
  'fill stamp': 'what was read before a change was applied does not enter the cache after it',
  're-read of the position':
    'a node looks whether the log still has the row that it applied last, before it acknowledges anything by it',
  'heard from the row on':
    'what a node is told of the log is applied only where it goes on from the very row that was applied last',
  'assertion waits': 'an answer that says that something is revoked waits, though it did nothing itself',
  'refusal is committed': 'what is refused, or so already, is committed on the server that showed it before it is told',
  'row of one history':
    'a row of a node counts in the history of the database in which it was made: in another, the node joins anew',
  'read under the lease': 'a verdict from the database is given under a live lease only',
} as const;

/** What another rule hides where servers tell their history: it is on its own where they do not, as not all can. */
export const WITHOUT_HISTORY: ReadonlySet<Rule> = new Set(['re-read of the position']);

export type Rule = keyof typeof RULES;

export const RULE_NAMES = Object.keys(RULES) as readonly Rule[];

/** How likely a fault is at each of the moments that matter. */
export interface Nemesis {
  /** Another node is killed when a change begins. */
  readonly restart: number;
  /** Another node stands still, for about a lease, right after a commit. */
  readonly pause: number;
  /** The writer and another node are cut off right after a commit. */
  readonly cut: number;
  /** The standby takes over when one node has read of a change that it has not. */
  readonly failOver: number;
}

const MERCY: Nemesis = { restart: 0, pause: 0, cut: 0, failOver: 0 };

/** Against which rules what is hard; absent = any of them, by the seed. */
export const NEMESES: Readonly<Partial<Record<Rule, Nemesis>>> = {
  'wait from the commit': { ...MERCY, cut: 0.4 },
  'fencing on renewals': { ...MERCY, pause: 0.6 },
  're-read of the position': { ...MERCY, failOver: 0.8 },
  'refusal is committed': { ...MERCY, failOver: 0.8 },
  'row of one history': { ...MERCY, failOver: 0.8 },
  'read under the lease': { ...MERCY, failOver: 0.5 },
};
