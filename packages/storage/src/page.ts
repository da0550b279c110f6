import { nameKey, type Page, type PagePosition, type PageQuery } from '@postern/core';
import { type RawBuilder, type SelectQueryBuilder, sql } from 'kysely';

/** By what a list is sorted; equal keys are sorted by id, in the same direction. */
export interface Order {
  readonly key: RawBuilder<unknown>;
  readonly id: string;
  readonly descending: boolean;
}

/** The query, sorted, from after the given position, and one row longer than the page: whether there is more shows. */
export function withinPage<Database, Tables extends keyof Database, Row>(
  query: SelectQueryBuilder<Database, Tables, Row>,
  { key, id, descending }: Order,
  { limit, after }: PageQuery,
): SelectQueryBuilder<Database, Tables, Row> {
  const direction = descending ? 'desc' : 'asc';
  const tie = sql.ref(id);
  const sorted = query
    .orderBy(key, direction)
    .orderBy(tie, direction)
    .limit(limit + 1);
  if (!after) return sorted;
  const beyond = sql.raw(descending ? '<' : '>');
  return sorted.where(sql<boolean>`(${key}, ${tie}) ${beyond} (${after.key}, ${after.id})`);
}

export function toPage<Row, Item>(
  rows: readonly Row[],
  { limit }: PageQuery,
  positionOf: (row: Row) => PagePosition,
  toItem: (row: Row) => Item,
): Page<Item> {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  return { items: shown.map(toItem), next: last && rows.length > limit ? positionOf(last) : null };
}

// A line break, which `nameKey` never leaves in a text: no search matches across two fields.
const BETWEEN_FIELDS = '\n';

/** What a search looks through: the fields as `nameKey` compares them. */
export function searchText(...fields: readonly (string | null)[]): string {
  return fields.map((field) => nameKey(field ?? '')).join(BETWEEN_FIELDS);
}

/** Whether the column holds the text; `%` and `_` in it are text. */
export function contains(column: string, text: string): RawBuilder<boolean> {
  const pattern = `%${nameKey(text).replace(/[\\%_]/g, '\\$&')}%`;
  return sql<boolean>`${sql.ref(column)} like ${pattern} escape '\\'`;
}

/** Whether these texts can be stored anywhere. PostgreSQL has no NUL in a text, so nothing is ever found for one. */
export function isStorable(...texts: readonly (string | null)[]): boolean {
  return !texts.some((text) => text?.includes('\0'));
}
