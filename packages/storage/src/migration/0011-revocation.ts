import type { ColumnTypes, Migration } from './migrate.ts';

/** Which database this is and in which life, what its journal has yet to be told, and what waits after a restore. */
export const revocation: Migration = { number: 11, name: 'revocation', statements };

function statements({ text, integer, table, clustered }: ColumnTypes): readonly string[] {
  return [
    `create table installation (
      id ${integer} primary key,
      instance ${text} not null,
      incarnation ${integer} not null,
      backup_at ${integer}
    )${table}`,
    `create table revocation (
      organization_id ${text} not null,
      position ${integer} not null,
      nonce ${text} not null,
      at ${integer} not null,
      ended ${text} not null,
      primary key (organization_id, position)
    )${clustered}`,
    `create index revocation_by_age on revocation (at)`,
    `alter table organization add column quarantine ${text}`,
  ];
}
