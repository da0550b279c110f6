import type { ColumnTypes, Migration } from './migrate.ts';

/** What becomes of a token whose value somebody reports as leaked. */
export const leak: Migration = { number: 9, name: 'leak', statements };

function statements({ text }: ColumnTypes): readonly string[] {
  return [`alter table organization add column leak_response ${text} not null default 'revoke'`];
}
