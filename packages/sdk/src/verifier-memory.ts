import type { ChangeEvent } from './openapi.gen.ts';
import type { UsageTally } from './verifier-usage.ts';

/** The question that an answer belongs to; of a token restricted to networks, the address too. */
export interface Asked {
  readonly permission: string | undefined;
  readonly workspace: string | undefined;
  readonly clientAddress: string | undefined;
}

/** What is remembered of one token that was valid. */
export interface TokenFacts {
  readonly tokenId: string;
  readonly principalId: string;
  readonly networkRestricted: boolean;
  /** The server's time in milliseconds from which on the value is refused; null = no end. */
  readonly validUntil: number | null;
}

export interface Remembered<Answer> extends Asked {
  readonly answer: Answer;
  /** Where its use was counted last. */
  tally: UsageTally | undefined;
}

interface Entry<Answer> extends TokenFacts {
  readonly since: number;
  /** The sequence up to which no change was found to touch it. */
  checked: number;
  readonly answers: Remembered<Answer>[];
}

/**
 * Answers of the server, by token and question, bounded in number; what a change touches is never returned again. Keyed by
 * a salted hash: no value is in it. Eviction is by two halves: what is hit moves to the young half; when that is full, the
 * old one is dropped.
 */
export interface VerifierMemory<Answer> {
  find(key: string, asked: Asked, serverNow: number): Remembered<Answer> | undefined;
  /** Whether the value was refused a little while ago, for this address. */
  isRefused(key: string, asked: Asked, now: number): boolean;
  /** To be taken before the server is asked. */
  stamp(): number;
  /** Keeps the answer, unless a change was applied since the stamp. */
  put(key: string, facts: TokenFacts, asked: Asked, answer: Answer, stamp: number): void;
  putRefused(key: string, asked: Asked, until: number, stamp: number): void;
  apply(changes: readonly ChangeEvent[]): void;
  clear(): void;
  size(): number;
}

/** Kinds of change that touch only what they name; any other may touch everything. */
const NARROW: ReadonlySet<string> = new Set<ChangeEvent['kind']>(['token', 'service_account', 'member']);
const QUESTIONS_PER_TOKEN = 64;
const REFUSED_MAX = 10_000;
/** More ids with changes than this, and everything is forgotten instead. */
const CHANGED_MAX = 10_000;

export function createVerifierMemory<Answer>(maxEntries: number): VerifierMemory<Answer> {
  let young = new Map<string, Entry<Answer>>();
  let old = new Map<string, Entry<Answer>>();
  let youngCount = 0;
  let oldCount = 0;
  let sequence = 0;
  /** When each id changed last. */
  const changed = new Map<string, number>();
  const refused = new Map<string, number>();
  // Two halves of answers, and as much for refusals.
  const half = Math.max(1, Math.floor(maxEntries / 3));

  function isStale(entry: Entry<Answer>): boolean {
    if (entry.checked === sequence) return false;
    const { since, tokenId, principalId } = entry;
    if ((changed.get(tokenId) ?? 0) > since || (changed.get(principalId) ?? 0) > since) return true;
    entry.checked = sequence;
    return false;
  }

  function remove(key: string): void {
    const entry = young.get(key);
    if (entry) youngCount -= entry.answers.length;
    young.delete(key);
    const aged = old.get(key);
    if (aged) oldCount -= aged.answers.length;
    old.delete(key);
  }

  function entryOf(key: string): Entry<Answer> | undefined {
    let entry = young.get(key);
    if (entry) {
      if (!isStale(entry)) return entry;
      remove(key);
      return undefined;
    }
    entry = old.get(key);
    if (!entry) return undefined;
    remove(key);
    if (isStale(entry)) return undefined;
    insert(key, entry);
    return entry;
  }

  function insert(key: string, entry: Entry<Answer>): void {
    young.set(key, entry);
    youngCount += entry.answers.length;
    age();
  }

  function age(): void {
    if (youngCount < half) return;
    old = young;
    oldCount = youngCount;
    young = new Map();
    youngCount = 0;
  }

  function forgetAll(): void {
    young = new Map();
    old = new Map();
    youngCount = 0;
    oldCount = 0;
    changed.clear();
    refused.clear();
    sequence += 1;
  }

  function match(entry: Entry<Answer>, { permission, workspace, clientAddress }: Asked): number {
    const { answers, networkRestricted } = entry;
    for (let index = 0; index < answers.length; index += 1) {
      const known = answers[index] as Remembered<Answer>;
      if (known.permission !== permission || known.workspace !== workspace) continue;
      if (!networkRestricted || known.clientAddress === clientAddress) return index;
    }
    return -1;
  }

  return {
    find(key, asked, serverNow) {
      const entry = entryOf(key);
      if (!entry) return undefined;
      if (entry.validUntil !== null && serverNow >= entry.validUntil) {
        remove(key);
        return undefined;
      }
      return entry.answers[match(entry, asked)];
    },

    isRefused(key, asked, now) {
      const id = refusedKey(key, asked);
      const until = refused.get(id);
      if (until === undefined) return false;
      if (now < until) return true;
      refused.delete(id);
      return false;
    },

    stamp: () => sequence,

    put(key, facts, asked, answer, stamp) {
      if (stamp !== sequence) return;
      const known = entryOf(key);
      const answers = known && sameFacts(known, facts) ? [...known.answers] : [];
      remove(key);
      const entry = { ...facts, since: sequence, checked: sequence, answers };
      const index = match(entry, asked);
      if (index >= 0) answers.splice(index, 1);
      if (answers.length >= Math.min(QUESTIONS_PER_TOKEN, half)) answers.shift();
      answers.push({ ...asked, answer, tally: undefined });
      insert(key, entry);
    },

    putRefused(key, asked, until, stamp) {
      if (stamp !== sequence) return;
      if (refused.size >= Math.min(REFUSED_MAX, half)) refused.clear();
      refused.set(refusedKey(key, asked), until);
    },

    apply(changes) {
      if (changes.length === 0) return;
      if (changes.some(({ kind }) => !NARROW.has(kind)) || changed.size + changes.length > CHANGED_MAX) {
        forgetAll();
        return;
      }
      sequence += 1;
      refused.clear();
      for (const { id } of changes) changed.set(id, sequence);
    },

    clear: forgetAll,
    size: () => youngCount + oldCount + refused.size,
  };
}

/** A value that is refused may be so for where it came from only. */
function refusedKey(key: string, { clientAddress }: Asked): string {
  return clientAddress === undefined ? key : `${key} ${clientAddress}`;
}

function sameFacts(one: TokenFacts, other: TokenFacts): boolean {
  return (
    one.tokenId === other.tokenId &&
    one.principalId === other.principalId &&
    one.validUntil === other.validUntil &&
    one.networkRestricted === other.networkRestricted
  );
}
