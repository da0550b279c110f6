import { type Change, STRUCTURAL_CHANGES } from './change.ts';
import { type ChangeFeed, createChangeFeed } from './change-feed.ts';
import type { OrganizationId } from './id.ts';
import type { AdmittedToken, OrganizationFacts, PrincipalFacts, TokenRecord } from './principal.ts';
import type { Restrictions } from './restriction.ts';
import type { TokenCacheKey } from './token-digest.ts';

/**
 * The memory of the verification path: admitted records by cache key, bounded in bytes. A change marks what it is about
 * as stale, in constant time however many tokens hang on it; stale records are never returned. Facts of an account and
 * of an organization are shared by all their tokens.
 *
 * With no room at all nothing is kept. Eviction is SIEVE (Zhang and others, NSDI 2024): a hand goes round over the records
 * in the order in which they came, and takes away those that were not asked for since it last came by.
 */
export interface VerificationCache {
  find(key: TokenCacheKey): TokenRecord | undefined;
  /** To be taken before a database read whose result may be put. */
  stamp(): FillStamp;
  /** Whether nothing of the organization was applied, and nothing cleared, since the stamp. */
  isCurrent(organizationId: OrganizationId, stamp: FillStamp): boolean;
  /** Keeps the record, if its organization is current since the stamp. */
  put(key: TokenCacheKey, record: AdmittedToken, stamp: FillStamp): void;
  apply(changes: readonly Change[]): void;
  clear(): void;
  /** Followers are told of what was applied, after it was. */
  readonly follow: ChangeFeed['follow'];
  size(): { readonly entries: number; readonly bytes: number };
}

export interface FillStamp {
  readonly epoch: number;
  readonly sequence: number;
}

interface Entry {
  readonly record: TokenRecord;
  readonly bytes: number;
  readonly token: Shared<null>;
  readonly principal: Shared<PrincipalFacts>;
  readonly organization: Shared<OrganizationFacts>;
  /** Since the hand last came by. */
  asked: boolean;
}

/** Some of the records, in the order in which they came, and the hand over them: what it comes to next. */
interface Part {
  readonly entries: Map<TokenCacheKey, Entry>;
  hand: Iterator<TokenCacheKey>;
}

/** Facts that several entries hold on to; `stale` is how a change reaches all of them at once. */
interface Shared<Facts> {
  readonly id: string;
  readonly facts: Facts;
  /** What these facts were read with: a principal's groups and grants are as old as its organization's facts. */
  readonly within: Shared<OrganizationFacts> | null;
  stale: boolean;
  holders: number;
}

type Shelf<Facts> = Map<string, Shared<Facts>>;

// Measured by bench/memory.ts on 300,000 and 600,000 entries, and rounded up: an entry (record, key, map slots and ids) takes
// 577 bytes, and facts that are shared 305 to 330. Names come on top.
const ENTRY_BYTES = 580;
const SHARED_BYTES = 330;
/** What a group, and a role in a workspace, add to a principal's facts, compiled; counted with each of its tokens. */
const GROUP_BYTES = 250;
const GRANT_BYTES = 1_000;
const PERMISSION_BYTES = 100;
/** A hash table grows, and is tidied, by being copied as a whole: of what there is most, many small ones pause nobody. A power of two. */
const PARTS = 32;
/** In less than this there is one. */
const PARTED_BYTES = 32 * 1024 * 1024;
/** More organizations than this with changes, and their stamps are forgotten in favour of one for all. */
const STAMPS_MAX = 10_000;

export function createVerificationCache(maxBytes: number): VerificationCache {
  let parts = createParts(maxBytes);
  let entryBytes = 0;
  let epoch = 0;
  let sequence = 0;
  let floor = 0;
  const stamps = new Map<OrganizationId, number>();
  const tokens: readonly Shelf<null>[] = Array.from({ length: PARTS }, () => new Map());
  const principals: Shelf<PrincipalFacts> = new Map();
  const organizations: Shelf<OrganizationFacts> = new Map();
  const feed = createChangeFeed();

  function partOf(key: TokenCacheKey): Part {
    return parts[key.charCodeAt(0) & (parts.length - 1)] as Part;
  }

  function shelfOfToken(id: string): Shelf<null> {
    return tokens[id.charCodeAt(id.length - 1) & (PARTS - 1)] as Shelf<null>;
  }

  function remove({ entries }: Part, key: TokenCacheKey, entry: Entry): void {
    entries.delete(key);
    entryBytes -= entry.bytes;
    release(entry);
  }

  function bytes(): number {
    return entryBytes + SHARED_BYTES * (principals.size + organizations.size);
  }

  /** Makes room for the newest of this part. */
  function evict(part: Part, newest: Entry): void {
    while (bytes() > maxBytes && part.entries.size > 1) {
      const { done, value: key } = part.hand.next();
      if (done) part.hand = part.entries.keys();
      const entry = done ? undefined : part.entries.get(key);
      if (!entry || entry === newest) continue;
      if (entry.asked && !isStale(entry)) entry.asked = false;
      else remove(part, key, entry);
    }
  }

  function release(entry: Entry): void {
    letGo(shelfOfToken(entry.token.id), entry.token);
    letGo(principals, entry.principal);
    letGo(organizations, entry.organization);
  }

  function isCurrent(organizationId: OrganizationId, stamp: FillStamp): boolean {
    return stamp.epoch === epoch && Math.max(floor, stamps.get(organizationId) ?? 0) <= stamp.sequence;
  }

  return {
    find(key) {
      const part = partOf(key);
      const entry = part.entries.get(key);
      if (!entry) return undefined;
      if (isStale(entry)) {
        remove(part, key, entry);
        return undefined;
      }
      if (!entry.asked) entry.asked = true;
      return entry.record;
    },

    stamp: () => ({ epoch, sequence }),

    isCurrent,

    put(key, record, stamp) {
      if (maxBytes === 0 || !isCurrent(record.organization.id, stamp)) return;
      const part = partOf(key);
      const replaced = part.entries.get(key);
      const organization = hold(organizations, record.organization.id, record.organization);
      const principal = hold(principals, record.principal.id, record.principal, organization);
      const token = hold(shelfOfToken(record.token.id), record.token.id, null);
      if (replaced) remove(part, key, replaced);
      const shared: TokenRecord = { ...record, principal: principal.facts, organization: organization.facts };
      const entry: Entry = { record: shared, bytes: weigh(shared), token, principal, organization, asked: false };
      part.entries.set(key, entry);
      entryBytes += entry.bytes;
      evict(part, entry);
    },

    apply(changes) {
      for (const change of changes) {
        sequence += 1;
        stamps.set(change.organizationId, sequence);
        const shelf = shelfOf(change);
        spoil(shelf, shelf === organizations ? change.organizationId : change.subjectId);
      }
      if (stamps.size > STAMPS_MAX) {
        stamps.clear();
        floor = sequence;
      }
      feed.apply(changes);
    },

    clear() {
      epoch += 1;
      parts = createParts(maxBytes);
      entryBytes = 0;
      stamps.clear();
      for (const shelf of tokens) shelf.clear();
      principals.clear();
      organizations.clear();
      feed.clear();
    },

    follow: feed.follow,

    size: () => ({ entries: parts.reduce((sum, { entries }) => sum + entries.size, 0), bytes: bytes() }),
  };

  function shelfOf(change: Change): Shelf<unknown> {
    if (STRUCTURAL_CHANGES.has(change.kind)) return organizations;
    return change.kind === 'service_account' || change.kind === 'member' ? principals : shelfOfToken(change.subjectId);
  }
}

function createParts(maxBytes: number): readonly Part[] {
  return Array.from({ length: maxBytes < PARTED_BYTES ? 1 : PARTS }, () => {
    const entries = new Map<TokenCacheKey, Entry>();
    return { entries, hand: entries.keys() };
  });
}

/** Rather too much than too little: whoever holds more is forgotten sooner. */
function weigh({ token, principal }: TokenRecord): number {
  const { groups, grants } = principal;
  const { permissions = [], workspaces = [], networks = [] } = token.restrictions ?? NO_RESTRICTIONS;
  let bytes = ENTRY_BYTES + 2 * token.name.length + GROUP_BYTES * groups.length + GRANT_BYTES * grants.length;
  for (const { role } of grants) if (role.permissions !== 'all') bytes += PERMISSION_BYTES * role.permissions.length;
  return bytes + PERMISSION_BYTES * (permissions.length + workspaces.length + networks.length);
}

const NO_RESTRICTIONS: Restrictions = {};

function isStale(entry: Entry): boolean {
  return entry.token.stale || entry.principal.stale || entry.organization.stale;
}

/**
 * The facts that all entries of one subject share. Facts of another version, or read within others of the organization,
 * prove the shared ones stale.
 */
function hold<Facts extends { readonly version: number } | null>(
  shelf: Shelf<Facts>,
  id: string,
  facts: Facts,
  within: Shared<OrganizationFacts> | null = null,
): Shared<Facts> {
  let shared = shelf.get(id);
  if (!shared || shared.facts?.version !== facts?.version || shared.within !== within) {
    if (shared) shared.stale = true;
    shared = { id, facts, within, stale: false, holders: 0 };
    shelf.set(id, shared);
  }
  shared.holders += 1;
  return shared;
}

function letGo<Facts>(shelf: Shelf<Facts>, shared: Shared<Facts>): void {
  shared.holders -= 1;
  if (shared.holders === 0 && shelf.get(shared.id) === shared) shelf.delete(shared.id);
}

function spoil(shelf: Shelf<unknown>, id: string): void {
  const shared = shelf.get(id);
  if (!shared) return;
  shared.stale = true;
  shelf.delete(id);
}
