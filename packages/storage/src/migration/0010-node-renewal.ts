import type { ColumnTypes, Migration } from './migrate.ts';

/** When each node last renewed its lease, by the database's clock: for people to see. No rule compares it with anything. */
export const nodeRenewal: Migration = { number: 10, name: 'node renewal', statements };

function statements({ integer }: ColumnTypes): readonly string[] {
  return [`alter table node add column renewed_at ${integer} not null default 0`];
}
