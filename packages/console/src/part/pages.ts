import type { List } from '@postern/sdk';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { REFETCH_MS } from '../query.ts';

/** What a list begins with, and what a button adds. */
export const PAGE_ROWS = 50;
/** The most that the API answers at once: what is asked for again, and what is scrolled to, comes in such pages. */
export const PAGE_ROWS_MAX = 200;

export interface Pages<Item> {
  readonly items: readonly Item[] | undefined;
  readonly error: Error | null;
  /** When it could be read last, where it is asked for again by itself; what somebody has to ask for again is not. */
  readonly retriesSince: number | undefined;
  readonly hasMore: boolean;
  readonly loadingMore: boolean;
  /** Adds up to so many rows, at most `PAGE_ROWS_MAX`. */
  loadMore(rows: number): void;
  refetch(): unknown;
}

/** As much of a list as is here. */
interface Loaded<Item> {
  readonly items: readonly Item[];
  /** Of the page after it; null where there is none. */
  readonly nextCursor: string | null;
}

/** A list of the API, to be asked for page by page. */
export type ListPages<Item> = (
  page: { readonly cursor?: string; readonly limit: number },
  signal: AbortSignal | undefined,
) => List<Item>;

/**
 * A list of the API, as far as somebody has gone in it. `list` gets the cursor of the page that is wanted. All that is here
 * is asked for again in one walk of pages as large as they come: n rows take n / 200 requests, one after another.
 */
export function usePages<Item>(queryKey: readonly unknown[], list: ListPages<Item>): Pages<Item> {
  const queryClient = useQueryClient();
  const loaded = () => queryClient.getQueryData<Loaded<Item>>(queryKey);
  const query = useQuery({
    queryKey,
    queryFn: ({ signal }) => walk(list, () => loaded()?.items.length ?? 0, signal),
    placeholderData: (before) => before,
    // By itself only what one request brings: of a longer list that is left to whoever reads it.
    refetchInterval: ({ state }) => ((state.data?.items.length ?? 0) <= PAGE_ROWS_MAX ? REFETCH_MS : false),
  });
  /** The list that more of could not be had. */
  const [broken, setBroken] = useState<Loaded<Item>>();
  const more = useMutation({
    // Another list has had no failures yet.
    mutationKey: queryKey,
    async mutationFn(rows: number) {
      for (let before = loaded(); before && before.nextCursor !== null; before = loaded()) {
        const page = await list({ limit: rows, cursor: before.nextCursor }, undefined).page();
        // Where it was asked for anew meanwhile, the page may not follow what is here now.
        if (loaded() !== before) continue;
        const items = [...before.items, ...page.items];
        const { dataUpdatedAt: updatedAt = 0 } = queryClient.getQueryState(queryKey) ?? {};
        queryClient.setQueryData<Loaded<Item>>(queryKey, { items, nextCursor: page.nextCursor }, { updatedAt });
        return;
      }
    },
    onError: () => setBroken(loaded()),
  });
  // Once it has been read anew, what could not be had then is no matter any more.
  const moreError = broken === query.data ? more.error : null;
  return {
    items: query.data?.items,
    error: query.error ?? moreError,
    retriesSince: (query.error && query.dataUpdatedAt) || undefined,
    hasMore: typeof query.data?.nextCursor === 'string' && !query.isPlaceholderData,
    loadingMore: more.isPending,
    loadMore(rows) {
      if (!more.isPending) more.mutate(rows);
    },
    refetch: () => (moreError && !query.error ? more.mutate(more.variables ?? PAGE_ROWS) : query.refetch()),
  };
}

/** The list from its beginning, as far as is wanted, which may become more meanwhile. */
async function walk<Item>(list: ListPages<Item>, wanted: () => number, signal: AbortSignal): Promise<Loaded<Item>> {
  const items: Item[] = [];
  let nextCursor: string | null = null;
  do {
    const limit = Math.min(PAGE_ROWS_MAX, Math.max(PAGE_ROWS, wanted()) - items.length);
    const page = await list({ limit, ...(nextCursor !== null && { cursor: nextCursor }) }, signal).page();
    items.push(...page.items);
    nextCursor = page.nextCursor;
  } while (nextCursor !== null && items.length < wanted());
  return { items, nextCursor };
}
