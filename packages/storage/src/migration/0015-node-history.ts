import type { ColumnTypes, Migration } from './migrate.ts';

/** The database's history in which each node has joined: null where the server does not tell, or a Postern that does not ask. */
export const nodeHistory: Migration = { number: 15, name: 'node history', statements };

function statements({ text }: ColumnTypes): readonly string[] {
  return [`alter table node add column history ${text}`];
}
