import type { ColumnTypes, Migration } from './migrate.ts';

/** When each principal last exercised which permission. Recorded from when this has been applied. */
export const permissionUse: Migration = { number: 5, name: 'permission_use', statements };

function statements({ text, integer, clustered }: ColumnTypes): readonly string[] {
  return [
    `create table permission_use (
      principal_id ${text} not null,
      permission ${text} not null,
      organization_id ${text} not null references organization (id),
      last_at ${integer} not null,
      primary key (principal_id, permission)
    )${clustered}`,
  ];
}
