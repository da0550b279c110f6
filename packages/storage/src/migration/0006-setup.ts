import type { ColumnTypes, Migration } from './migrate.ts';

/** The link that lets the first person in, while there is one. */
export const setup: Migration = { number: 6, name: 'setup', statements };

function statements({ text, integer, table }: ColumnTypes): readonly string[] {
  return [
    `create table setup (
      id ${integer} primary key,
      organization_id ${text} not null references organization (id),
      digest ${text} not null,
      expires_at ${integer} not null
    )${table}`,
  ];
}
