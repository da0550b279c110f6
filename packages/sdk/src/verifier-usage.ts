import { isAddress } from './address.ts';
import type { UsageReportItem } from './openapi.gen.ts';
import { parseUserAgent } from './user-agent.ts';

/** Uses of one kind that were answered from memory and not reported yet. */
export interface UsageTally {
  readonly address: string | undefined;
  readonly userAgent: string | undefined;
  count: number;
  /** The server's time, in milliseconds. */
  lastAt: number;
  /** It was taken for a report: the next use begins a new one. */
  closed: boolean;
}

/** What is known of a use besides who asks. */
export interface UsedToken {
  readonly tokenId: string;
  readonly generation: number;
  readonly permission: string | undefined;
  readonly outcome: 'allowed' | 'denied';
}

/** A part of what was noted, small enough for one request. */
export interface UsageReport {
  readonly reportId: string;
  readonly items: readonly UsageReportItem[];
  /** The last one of its window. */
  readonly last: boolean;
}

/**
 * Use that is noted in memory, bounded: past a first bound it is noted without who called, past the second one it is counted as
 * lost, and verification goes on.
 */
export interface VerifierUsage {
  /**
   * Notes one use; the tally is to be handed in the next time that the same answer is given. Whoever calls writes address and
   * user agent: what Postern would refuse of them is left out, so that nobody spoils the report of others.
   */
  note(
    known: UsageTally | undefined,
    used: UsedToken,
    address: string | undefined,
    userAgent: string | undefined,
    at: number,
  ): UsageTally | undefined;
  /** Takes what was noted. What could not be sent is to be sent again, under the same id. */
  take(): readonly UsageReport[];
  lost(): number;
  pending(): number;
}

/** Past this, who called is not told apart any more. */
const CALLERS_MAX = 5_000;
const TALLIES_MAX = 10_000;
const ITEMS_PER_REPORT = 50;

export function createVerifierUsage(newReportId: () => string): VerifierUsage {
  let tallies = new Map<string, { readonly used: UsedToken; readonly tally: UsageTally }>();
  let lost = 0;

  function tallyOf(
    used: UsedToken,
    address: string | undefined,
    userAgent: string | undefined,
    max: number,
  ): UsageTally | undefined {
    const { tokenId, generation, permission, outcome } = used;
    const key = JSON.stringify([tokenId, generation, permission, outcome, address, userAgent]);
    const found = tallies.get(key);
    if (found) return found.tally;
    if (tallies.size >= max) return undefined;
    const tally = { address, userAgent, count: 0, lastAt: 0, closed: false };
    tallies.set(key, { used, tally });
    return tally;
  }

  return {
    note(known, used, address, userAgent, at) {
      let tally = known;
      if (!tally || tally.closed || tally.address !== address || tally.userAgent !== userAgent) {
        const from = address !== undefined && isAddress(address) ? address : undefined;
        tally =
          tallyOf(used, from, parseUserAgent(userAgent), CALLERS_MAX) ??
          tallyOf(used, undefined, undefined, TALLIES_MAX);
      }
      if (!tally) {
        lost += 1;
        return undefined;
      }
      tally.count += 1;
      tally.lastAt = at;
      return tally;
    },

    take() {
      const noted = [...tallies.values()];
      tallies = new Map();
      const reports: UsageReport[] = [];
      for (let from = 0; from === 0 || from < noted.length; from += ITEMS_PER_REPORT) {
        const items = noted.slice(from, from + ITEMS_PER_REPORT).map(({ used, tally }) => itemOf(used, tally));
        reports.push({ reportId: newReportId(), items, last: from + ITEMS_PER_REPORT >= noted.length });
      }
      return reports;
    },

    lost: () => lost,
    pending: () => tallies.size,
  };
}

function itemOf({ tokenId, generation, permission, outcome }: UsedToken, tally: UsageTally): UsageReportItem {
  tally.closed = true;
  return {
    tokenId,
    generation,
    outcome,
    count: tally.count,
    lastAt: new Date(tally.lastAt).toISOString(),
    ...(permission !== undefined && { permission }),
    ...(tally.address !== undefined && { address: tally.address }),
    ...(tally.userAgent !== undefined && { userAgent: tally.userAgent }),
  };
}
