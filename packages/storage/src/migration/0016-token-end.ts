import type { ColumnTypes, Migration } from './migrate.ts';

/**
 * Accounts that ended, or were disabled, with more tokens than are marked at once (there are hardly ever any); and a key that
 * is made where there is none.
 */
export const tokenEnd: Migration = { number: 16, name: 'token end', statements };

function statements({ integer, text }: ColumnTypes): readonly string[] {
  return [
    `alter table principal add column tokens_end_at ${integer}`,
    `alter table installation add column notification_key ${text} not null default ''`,
    `create index principal_ending on principal (id) where tokens_end_at is not null`,
  ];
}
