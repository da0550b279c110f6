import { type InfiniteData, infiniteQueryOptions } from '@tanstack/react-query';
import { accountTokens } from '../token/resource.ts';

export const USAGE_DAYS = 30;
/** Each token is asked about by itself: so many at once. */
export const USAGE_TOKENS = 50;
const DAY_MS = 86_400_000;
/** For each part. */
const REFETCH_MS = 60_000;

export interface UsageDay {
  /** Like 2026-07-31. */
  readonly day: string;
  readonly allowed: number;
  readonly refused: number;
}

/** What some of an account's tokens were called for. */
interface UsagePart {
  readonly days: readonly UsageDay[];
  readonly tokens: number;
  readonly nextCursor: string | null;
}

/**
 * Calls of an account by day: of the tokens that were used last, and of as many more at each further page. Each part takes a
 * request for each token, so that it is asked for again by the clock only, the more seldom the more parts there are.
 */
export const usageQuery = (accountId: string) =>
  infiniteQueryOptions({
    queryKey: ['service-account', accountId, 'usage'],
    queryFn: ({ pageParam, signal }) => readPart(accountId, pageParam, signal),
    initialPageParam: null as string | null,
    getNextPageParam: ({ nextCursor }) => nextCursor,
    staleTime: 'static',
    gcTime: 0,
    refetchInterval: ({ state }) => REFETCH_MS * Math.max(1, state.data?.pages.length ?? 0),
    select: sum,
  });

function sum({ pages }: InfiniteData<UsagePart>): Pick<UsagePart, 'days' | 'tokens'> {
  const byDay = new Map<string, UsageDay>();
  for (const { day, allowed, refused } of pages.flatMap(({ days }) => days)) {
    const before = byDay.get(day);
    byDay.set(day, { day, allowed: (before?.allowed ?? 0) + allowed, refused: (before?.refused ?? 0) + refused });
  }
  return { days: [...byDay.values()], tokens: pages.reduce((count, { tokens }) => count + tokens, 0) };
}

async function readPart(accountId: string, cursor: string | null, signal: AbortSignal): Promise<UsagePart> {
  const resource = accountTokens(accountId);
  const from = new Date(Date.now() - (USAGE_DAYS - 1) * DAY_MS);
  from.setUTCHours(0, 0, 0, 0);
  const page = { limit: USAGE_TOKENS, sort: '-lastUsedAt', ...(cursor !== null && { cursor }) } as const;
  const { items, nextCursor } = await resource.list(page, { signal }).page();
  const reports = await Promise.all(items.map(({ id }) => resource.usage?.(id, from.toISOString(), { signal })));
  const days = new Map<string, { day: string; allowed: number; refused: number }>();
  for (let at = from.getTime(); at <= Date.now(); at += DAY_MS) {
    const day = new Date(at).toISOString().slice(0, 10);
    days.set(day, { day, allowed: 0, refused: 0 });
  }
  for (const item of reports.flatMap((report) => report?.items ?? [])) {
    const day = days.get(item.at.slice(0, 10));
    if (!day) continue;
    if (item.outcome !== 'refused') day.allowed += item.calls;
    else day.refused += item.calls;
  }
  return { days: [...days.values()], tokens: items.length, nextCursor };
}
