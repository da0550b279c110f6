import type { ColumnTypes, Migration } from './migrate.ts';

/** Links by which the first person of an installation comes in. */
export const setup: Migration = { number: 6, name: 'setup', statements };

function statements({ text, integer, table }: ColumnTypes): readonly string[] {
  return [
    `create table setup_link (
      digest ${text} primary key,
      organization_id ${text} not null references organization (id),
      expires_at ${integer} not null
    )${table}`,
  ];
}
