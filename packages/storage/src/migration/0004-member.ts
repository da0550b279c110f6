import type { ColumnTypes, Migration } from './migrate.ts';

/** People are principals beside service accounts, under one roof with them; and are invited. */
export const member: Migration = { number: 4, name: 'member', statements };

function statements({ text, integer, table }: ColumnTypes): readonly string[] {
  return [
    `alter table service_account rename to principal`,
    `alter table principal add column kind ${text} not null default 'service_account'`,
    `alter table principal add column email ${text}`,
    `alter table principal add column user_id ${text}`,
    `create unique index member_email on principal (organization_id, email)
      where email is not null and status <> 'deleted'`,
    `create unique index member_user on principal (user_id) where user_id is not null`,
    `create table invitation (
      member_id ${text} primary key references principal (id),
      organization_id ${text} not null references organization (id),
      digest ${text} not null unique,
      expires_at ${integer} not null,
      invited_by ${text}
    )${table}`,
  ];
}
