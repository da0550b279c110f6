import {
  type AdmittedCaller,
  type AdmittedToken,
  admitToken,
  type RefusalReason,
  type TokenRecord,
} from './principal.ts';
import type { SecretKeys } from './secret-key.ts';
import type { VerificationStorage } from './storage.ts';
import type { Redigest } from './storage-usage.ts';
import { digestToken, digestTokenForLookup, type TokenCacheKey } from './token-digest.ts';
import { checkTokenChecksum, parseTokenShape, type TokenValue } from './token-value.ts';
import type { FillStamp, VerificationCache } from './verification-cache.ts';

/**
 * The hot path: text → shape → value (checksum) → cache key or digest → record → admitted record. Each step has its own
 * type, so that none can be left out, and the secret ends at the third. What the admitted principal may do is `decide`'s.
 *
 * A verdict from memory is one synchronous step: nothing is awaited between `catchUp` and `holds`.
 */
export type Verdict =
  | { readonly outcome: 'active'; readonly record: AdmittedToken }
  | { readonly outcome: 'malformed' }
  | { readonly outcome: 'refused'; readonly reason: 'unknown'; readonly record: null }
  | { readonly outcome: 'refused'; readonly reason: Exclude<RefusalReason, 'unknown'>; readonly record: TokenRecord };

export interface TokenVerifierDependencies {
  readonly storage: VerificationStorage;
  readonly cache: VerificationCache;
  readonly keys: SecretKeys;
  /** The database's time in milliseconds. */
  readonly now: () => number;
  readonly cacheKey: (value: TokenValue) => TokenCacheKey;
  /** Told of a value that was found under the previous digest key. Nothing is written on the path itself. */
  readonly onOldDigest: (redigest: Redigest) => void;
}

export interface TokenVerifier {
  /**
   * Who presents this text as a token? From memory when that is fresh, else by one indexed read; a promise only where the
   * read is asynchronous. `address` is where the call came from, null when that is not known. Throws (or rejects with)
   * `storage.unavailable`, never guesses.
   */
  verify(text: string, address: string | null): Verdict | Promise<Verdict>;
  /** To be taken before a verification whose verdict may have to be given again. */
  stamp(): FillStamp;
  /** Tells of changes in the organization as memory learns of them. */
  readonly follow: VerificationCache['follow'];
  /**
   * Whether a record that was admitted since the stamp would be admitted now. From memory and without the value, which
   * costs next to nothing; false also where memory cannot tell (it knows no sessions), and then the credential has to be
   * looked at again.
   */
  reaffirm(record: AdmittedCaller, stamp: FillStamp, address: string | null): boolean;
  readonly counts: Readonly<VerificationCounts>;
}

/** What came of verifications, and where records came from. Counted up, never reset. */
export interface VerificationCounts {
  active: number;
  refused: number;
  unknown: number;
  malformed: number;
  /** The database could not be asked. */
  failed: number;
  fromMemory: number;
  fromDatabase: number;
}

const MALFORMED: Verdict = { outcome: 'malformed' };
const UNKNOWN: Verdict = { outcome: 'refused', reason: 'unknown', record: null };

export function createTokenVerifier(dependencies: TokenVerifierDependencies): TokenVerifier {
  const { storage, cache, keys, now, cacheKey } = dependencies;
  const counts: VerificationCounts = {
    ...{ active: 0, refused: 0, unknown: 0, malformed: 0, failed: 0 },
    ...{ fromMemory: 0, fromDatabase: 0 },
  };

  function verify(text: string, address: string | null): Verdict | Promise<Verdict> {
    const shape = parseTokenShape(text);
    const value = shape && checkTokenChecksum(shape);
    if (!value) {
      counts.malformed += 1;
      return MALFORMED;
    }
    const key = cacheKey(value);
    return verdictFromMemory(key, address) ?? verdictFromStorage(value, key, address);
  }

  function verdictFromMemory(key: TokenCacheKey, address: string | null): Verdict | undefined {
    if (!storage.catchUp()) return undefined;
    const record = cache.find(key);
    if (!record) return undefined;
    const verdict = judge(record, address);
    if (!storage.holds()) return undefined;
    counts.fromMemory += 1;
    count(verdict);
    return verdict;
  }

  function verdictFromStorage(
    value: TokenValue,
    key: TokenCacheKey,
    address: string | null,
  ): Verdict | Promise<Verdict> {
    const stamp = cache.stamp();
    const found = ask(value);

    const settle = (record: TokenRecord | undefined): Verdict => {
      counts.fromDatabase += 1;
      if (!record) {
        counts.unknown += 1;
        return UNKNOWN;
      }
      const verdict = judge(record, address);
      count(verdict);
      if (verdict.outcome === 'active') {
        cache.put(key, verdict.record, stamp);
        if (record.keyId !== keys.current.kid) queueRedigest(value, record.keyId);
      }
      return verdict;
    };

    return found instanceof Promise ? found.then(settle, fail) : settle(found);
  }

  function ask(value: TokenValue): ReturnType<VerificationStorage['findRecord']> {
    try {
      return storage.findRecord(digestTokenForLookup(value, keys));
    } catch (error) {
      return fail(error);
    }
  }

  function fail(error: unknown): never {
    counts.failed += 1;
    throw error;
  }

  function count(verdict: Verdict): void {
    if (verdict.outcome === 'active') counts.active += 1;
    else counts.refused += 1;
  }

  function judge(record: TokenRecord, address: string | null): Verdict {
    const admission = admitToken(record, now(), address);
    return admission.admitted
      ? { outcome: 'active', record: admission.record }
      : { outcome: 'refused', reason: admission.reason, record };
  }

  function queueRedigest(value: TokenValue, keyId: string): void {
    const old = keys.previous;
    if (old?.kid === keyId)
      dependencies.onOldDigest({ from: digestToken(value, old), to: digestToken(value, keys.current) });
  }

  function reaffirm(record: AdmittedCaller, stamp: FillStamp, address: string | null): boolean {
    return (
      record.token !== null &&
      storage.catchUp() &&
      cache.isCurrent(record.organization.id, stamp) &&
      admitToken(record, now(), address).admitted &&
      storage.holds()
    );
  }

  return { verify, stamp: cache.stamp, follow: cache.follow, reaffirm, counts };
}
