import {
  type CursorScope,
  type OrganizationId,
  openCursor,
  type Page,
  type PageQuery,
  type SecretKeys,
  sealCursor,
} from '@postern/core';

/** How lists are paged: the query fields that all of them share, and the page they answer. */

const DEFAULT_LIMIT = 50;

interface ListQuery {
  readonly limit?: number;
  readonly cursor?: string;
}

export interface PageScope {
  readonly organizationId: OrganizationId;
  /** Names the list, its path included where it belongs to one thing. */
  readonly list: string;
}

/** Which page is asked for. A cursor opens only in the list, organization and filters that it was made in. */
export function parsePageQuery(query: ListQuery, scope: PageScope, keys: SecretKeys): PageQuery {
  const { limit = DEFAULT_LIMIT, cursor } = query;
  return { limit, after: cursor === undefined ? null : openCursor(cursor, cursorScope(query, scope), keys) };
}

/** The page as it is answered. */
export function representPage<Item, Represented>(
  page: Page<Item>,
  represent: (item: Item) => Represented,
  query: ListQuery,
  scope: PageScope,
  keys: SecretKeys,
): { items: Represented[]; nextCursor: string | null } {
  const nextCursor = page.next === null ? null : sealCursor(page.next, cursorScope(query, scope), keys);
  return { items: page.items.map(represent), nextCursor };
}

function cursorScope(query: ListQuery, scope: PageScope): CursorScope {
  const { limit: _limit, cursor: _cursor, ...filters } = query;
  // Two orders of the same parameters are the same filters.
  const sorted = Object.fromEntries(Object.entries(filters).sort(([a], [b]) => (a < b ? -1 : 1)));
  return { ...scope, filters: sorted };
}

/** `-name` as the field and its direction. */
export function parseSort<Word extends string>(
  sort: Word | `-${Word}` | undefined,
  otherwise: Word,
): { readonly sort: Word; readonly descending: boolean } {
  if (sort === undefined) return { sort: otherwise, descending: false };
  return sort.startsWith('-')
    ? { sort: sort.slice(1) as Word, descending: true }
    : { sort: sort as Word, descending: false };
}
