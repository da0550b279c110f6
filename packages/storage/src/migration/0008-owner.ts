import type { ColumnTypes, Migration } from './migrate.ts';

/** Service accounts have owners: members, by their ids, as a JSON array. */
export const owner: Migration = { number: 8, name: 'owner', statements };

function statements({ text }: ColumnTypes): readonly string[] {
  return [
    `alter table principal add column owners ${text} not null default '[]'`,
    `create index principal_owned on principal (organization_id) where owners <> '[]'`,
  ];
}
