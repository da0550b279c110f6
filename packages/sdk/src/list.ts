/** One page of a list. */
export interface Page<Item> {
  readonly items: readonly Item[];
  /** The `cursor` of the next page; null after the last one. */
  readonly nextCursor: string | null;
}

/** A list that is fetched page by page while it is read; nothing is sent before. Reading it again starts anew. */
export interface List<Item> extends AsyncIterable<Item> {
  /** One page: the first, or the one that the query's `cursor` names. */
  page(): Promise<Page<Item>>;
  /** The first `max` items. */
  toArray(bound: { readonly max: number }): Promise<Item[]>;
}

/** The list of a query; `fetchPage` gets the page of the query that it is given, which may have a `cursor` added. */
export function listOf<Item, Query extends object>(
  query: Query | undefined,
  fetchPage: (query: Query) => Promise<Page<Item>>,
): List<Item> {
  const first = { ...query } as Query;

  async function* iterate(): AsyncGenerator<Item, void, undefined> {
    let page = await fetchPage(first);
    yield* page.items;
    while (page.nextCursor !== null) {
      page = await fetchPage({ ...first, cursor: page.nextCursor });
      yield* page.items;
    }
  }

  return {
    page: () => fetchPage(first),
    async toArray({ max }) {
      if (!(max >= 0)) throw new TypeError('max must be a number, 0 or more');
      const items: Item[] = [];
      if (max === 0) return items;
      for await (const item of iterate()) {
        items.push(item);
        if (items.length >= max) break;
      }
      return items;
    },
    [Symbol.asyncIterator]: iterate,
  };
}
