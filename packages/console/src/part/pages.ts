import type { List, Page } from '@postern/sdk';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { REFETCH_MS } from '../query.ts';

export interface Pages<Item> {
  readonly items: readonly Item[] | undefined;
  readonly error: Error | null;
  readonly updatedAt: number | undefined;
  readonly hasMore: boolean;
  readonly loadingMore: boolean;
  loadMore(): void;
  refetch(): unknown;
}

/** A list of the API, page by page. `list` gets the cursor of the page that is wanted. */
export function usePages<Item>(
  queryKey: readonly unknown[],
  list: (page: { readonly cursor?: string; readonly limit: number }, signal: AbortSignal) => List<Item>,
  limit = 50,
): Pages<Item> {
  const query = useInfiniteQuery({
    queryKey,
    queryFn: ({ pageParam, signal }): Promise<Page<Item>> =>
      list({ limit, ...(pageParam !== null && { cursor: pageParam }) }, signal).page(),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.nextCursor,
    placeholderData: (before) => before,
    // All pages are asked for again at once: of a long list that is left to whoever reads it.
    refetchInterval: ({ state }) => ((state.data?.pages.length ?? 0) <= 2 ? REFETCH_MS : false),
  });
  const items = useMemo(() => query.data?.pages.flatMap((page) => page.items), [query.data]);
  return {
    items,
    error: query.error,
    updatedAt: query.dataUpdatedAt || undefined,
    hasMore: query.hasNextPage,
    loadingMore: query.isFetchingNextPage,
    loadMore: () => void query.fetchNextPage(),
    refetch: query.refetch,
  };
}
