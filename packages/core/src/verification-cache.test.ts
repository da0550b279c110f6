import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { admittedToken } from '../test/record.ts';
import type { Change } from './change.ts';
import type { OrganizationId, ServiceAccountId, TokenId } from './id.ts';
import type { AdmittedToken } from './principal.ts';
import type { TokenCacheKey } from './token-digest.ts';
import { createVerificationCache, type FillStamp, type VerificationCache } from './verification-cache.ts';

interface Place {
  readonly organization: number;
  readonly account: number;
  readonly token: number;
}

function record(place: Place, version = 1): AdmittedToken {
  return admittedToken({
    token: { id: id('tok', place) as TokenId },
    principal: { id: id('sa', { ...place, token: 0 }) as ServiceAccountId, version },
    organization: { id: id('org', { ...place, account: 0, token: 0 }) as OrganizationId, version },
  });
}

function id(prefix: string, place: Place): string {
  return `${prefix}_${place.organization}.${place.account}.${place.token}`;
}

function key(place: Place): TokenCacheKey {
  return id('key', place) as TokenCacheKey;
}

let position = 0;
function change(kind: Change['kind'], place: Place): Change {
  position += 1;
  const found = record(place);
  const subjects: Partial<Record<Change['kind'], string>> = {
    service_account: found.principal.id,
    token: found.token.id,
  };
  const subjectId = subjects[kind] ?? found.organization.id;
  return {
    position,
    nonce: 'n',
    organizationId: found.organization.id,
    organizationPosition: position,
    kind,
    subjectId,
  };
}

const PLACE: Place = { organization: 1, account: 1, token: 1 };
const SIBLING: Place = { organization: 1, account: 1, token: 2 };
const COUSIN: Place = { organization: 1, account: 2, token: 1 };
const STRANGER: Place = { organization: 2, account: 1, token: 1 };
const ALL = [PLACE, SIBLING, COUSIN, STRANGER];

function filled(): VerificationCache {
  const cache = createVerificationCache(1_000_000);
  for (const place of ALL) cache.put(key(place), record(place), cache.stamp());
  return cache;
}

describe('the verification cache', () => {
  test.each([
    ['token', [SIBLING, COUSIN, STRANGER]],
    ['service_account', [COUSIN, STRANGER]],
    ['organization', [STRANGER]],
    ['group', [STRANGER]],
    ['workspace', [STRANGER]],
    ['role', [STRANGER]],
    ['permission', [STRANGER]],
  ] as const)('forgets what a change of kind %s is about, and nothing else', (kind, kept) => {
    const cache = filled();
    cache.apply([change(kind, PLACE)]);
    expect(ALL.filter((place) => cache.find(key(place)) !== undefined)).toEqual(kept);
  });

  test('does not keep a record whose organization changed since its read began', () => {
    const cache = createVerificationCache(1_000_000);
    const stamp = cache.stamp();
    cache.apply([change('token', SIBLING)]);
    cache.put(key(PLACE), record(PLACE), stamp);
    cache.put(key(STRANGER), record(STRANGER), stamp);
    expect(cache.find(key(PLACE))).toBeUndefined();
    expect(cache.find(key(STRANGER))).toBeDefined();
  });

  test('does not keep a record whose read began before it was cleared', () => {
    const cache = createVerificationCache(1_000_000);
    const stamp = cache.stamp();
    cache.clear();
    cache.put(key(PLACE), record(PLACE), stamp);
    expect(cache.find(key(PLACE))).toBeUndefined();
  });

  test('takes newer facts of an account as proof that older ones are stale', () => {
    const cache = filled();
    cache.put(key(SIBLING), record(SIBLING, 2), cache.stamp());
    expect(cache.find(key(PLACE))).toBeUndefined();
    expect(cache.find(key(SIBLING))?.principal.version).toBe(2);
  });

  test('stays within its bytes, keeps what is used, and lets go of what it evicts', () => {
    const cache = createVerificationCache(100_000);
    for (let token = 0; token < 5_000; token += 1) {
      const place = { organization: 1, account: token, token };
      cache.put(key(place), record(place), cache.stamp());
      cache.find(key({ organization: 1, account: 0, token: 0 }));
    }
    const { entries, bytes } = cache.size();
    expect(bytes).toBeLessThan(400_000);
    expect(entries).toBeLessThan(300);
    expect(cache.find(key({ organization: 1, account: 0, token: 0 }))).toBeDefined();
  });

  test('keeps all that fits, in whatever order it is asked for', () => {
    const cache = createVerificationCache(100_000);
    const places = Array.from({ length: 150 }, (_, token) => ({ organization: 1, account: 1, token }));
    let reads = 0;
    for (const place of [...places, ...places, ...places]) {
      if (cache.find(key(place))) continue;
      reads += 1;
      cache.put(key(place), record(place), cache.stamp());
    }
    expect(reads).toBe(150);
  });

  test('keeps what is asked for in a flood of what is asked for once', () => {
    const cache = createVerificationCache(100_000);
    const places = Array.from({ length: 50 }, (_, token) => ({ organization: 1, account: 1, token }));
    for (const place of places) cache.put(key(place), record(place), cache.stamp());
    for (let token = 1_000; token < 3_000; token += 1) {
      cache.find(key(places[token % places.length] as Place));
      const once = { organization: 1, account: 1, token };
      cache.put(key(once), record(once), cache.stamp());
    }
    expect(places.filter((place) => cache.find(key(place)) === undefined)).toEqual([]);
  });

  test('is one memory however many tables it has', () => {
    const cache = createVerificationCache(32 * 1024 * 1024);
    const places = Array.from({ length: 60_000 }, (_, token) => ({ organization: 1, account: token, token }));
    const keyOf = ({ token }: Place) => `${String.fromCharCode(token % 256)}${token}` as TokenCacheKey;
    for (const place of places) cache.put(keyOf(place), record(place), cache.stamp());
    const { bytes, entries } = cache.size();
    expect(bytes).toBeLessThanOrEqual(32 * 1024 * 1024);
    expect(bytes).toBeGreaterThan(31 * 1024 * 1024);
    expect(places.filter((place) => cache.find(keyOf(place)) !== undefined)).toHaveLength(entries);
    cache.apply([change('organization', PLACE)]);
    expect(places.filter((place) => cache.find(keyOf(place)) !== undefined)).toEqual([]);
    expect(cache.size()).toEqual({ entries: 0, bytes: 0 });
  });

  test('keeps nothing where it has no room', () => {
    const cache = createVerificationCache(0);
    const place = { organization: 1, account: 1, token: 1 };
    cache.put(key(place), record(place), cache.stamp());
    expect(cache.find(key(place))).toBeUndefined();
    expect(cache.size()).toEqual({ entries: 0, bytes: 0 });
  });

  test('never answers with facts older than what was applied, whatever the order of reads, changes and evictions', () => {
    const place = fc.constantFrom(...ALL);
    const kind = fc.constantFrom<Change['kind']>('token', 'service_account', 'organization');
    const step = fc.oneof(
      fc.record({ do: fc.constant('read' as const), place }),
      fc.record({ do: fc.constant('finish' as const), place }),
      fc.record({ do: fc.constant('commit' as const), place, kind }),
      fc.record({ do: fc.constant('apply' as const) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), fc.constantFrom(1_500, 1_000_000), (steps, maxBytes) => {
        const cache = createVerificationCache(maxBytes);
        const log: Change[] = [];
        let applied = 0;
        const reading = new Map<Place, { stamp: FillStamp; seen: number }>();
        const seenBy = new Map<string, number>();
        for (const next of steps) {
          if (next.do === 'read') reading.set(next.place, { stamp: cache.stamp(), seen: log.length });
          if (next.do === 'commit') log.push(change(next.kind, next.place));
          if (next.do === 'apply') {
            cache.apply(log.slice(applied));
            applied = log.length;
          }
          if (next.do === 'finish') {
            const began = reading.get(next.place);
            if (!began) continue;
            reading.delete(next.place);
            // The version that this read saw: how often the thing itself, its account or its organization had changed.
            const found = record(next.place, 1 + began.seen);
            cache.put(key(next.place), found, began.stamp);
            if (cache.find(key(next.place))?.organization.version === 1 + began.seen)
              seenBy.set(key(next.place), began.seen);
          }
          for (const where of ALL) {
            const found = cache.find(key(where));
            if (!found) continue;
            const touching = log.slice(0, applied).findLastIndex((entry) => touches(entry, where)) + 1;
            expect(found.organization.version - 1).toBeGreaterThanOrEqual(touching);
          }
        }
      }),
      { numRuns: 500 },
    );
  });
});

function touches(entry: Change, place: Place): boolean {
  const { token, principal, organization } = record(place);
  return [token.id, principal.id, organization.id].some((subject) => subject === entry.subjectId);
}
