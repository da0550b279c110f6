import type { UsageReportItem } from './openapi.gen.ts';

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

/** Use that is noted in memory, bounded: past the bound single uses are counted as lost, and verification goes on. */
export interface VerifierUsage {
  /** Notes one use; the tally is to be handed in the next time that the same answer is given. */
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

const TALLIES_MAX = 5_000;
const ITEMS_PER_REPORT = 50;
const USER_AGENT_LENGTH = 200;

export function createVerifierUsage(newReportId: () => string): VerifierUsage {
  let tallies = new Map<string, { readonly used: UsedToken; readonly tally: UsageTally }>();
  let lost = 0;

  return {
    note(known, used, address, userAgent, at) {
      if (known && !known.closed && known.address === address && known.userAgent === userAgent) {
        known.count += 1;
        known.lastAt = at;
        return known;
      }
      const { tokenId, generation, permission, outcome } = used;
      const key = JSON.stringify([tokenId, generation, permission, outcome, address, userAgent]);
      let found = tallies.get(key);
      if (!found) {
        if (tallies.size >= TALLIES_MAX) {
          lost += 1;
          return undefined;
        }
        found = { used, tally: { address, userAgent, count: 0, lastAt: at, closed: false } };
        tallies.set(key, found);
      }
      found.tally.count += 1;
      found.tally.lastAt = at;
      return found.tally;
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
    ...(tally.userAgent !== undefined && { userAgent: tally.userAgent.slice(0, USER_AGENT_LENGTH) }),
  };
}
