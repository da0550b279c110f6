import type { ColumnTypes, Migration } from './migrate.ts';

/** Groups, workspaces, custom roles, registered permissions, token restrictions and the token policy. */
export const access: Migration = { number: 2, name: 'access', statements };

function statements({ text, integer, table, clustered }: ColumnTypes): readonly string[] {
  return [
    `alter table organization add column token_policy ${text} not null
      default '{"creation":"everyone","maxLifetimeDays":null,"requireExpiry":false}'`,
    `alter table token add column restrictions ${text}`,

    `create table principal_group (
      id ${text} primary key,
      organization_id ${text} not null references organization (id),
      name ${text} not null,
      name_key ${text} not null,
      search_text ${text} not null,
      description ${text} not null,
      external_id ${text},
      member_count ${integer} not null,
      created_at ${integer} not null,
      updated_at ${integer} not null,
      version ${integer} not null
    )${table}`,
    `create unique index principal_group_name on principal_group (organization_id, name_key)`,
    `create unique index principal_group_external_id on principal_group (organization_id, external_id)
      where external_id is not null`,
    `create table group_member (
      group_id ${text} not null references principal_group (id),
      principal_id ${text} not null,
      role ${text} not null,
      primary key (group_id, principal_id)
    )${clustered}`,
    `create unique index group_member_of_principal on group_member (principal_id, group_id)`,

    `create table workspace (
      id ${text} primary key,
      organization_id ${text} not null references organization (id),
      name ${text} not null,
      name_key ${text} not null,
      search_text ${text} not null,
      display_name ${text} not null,
      description ${text} not null,
      external_id ${text},
      created_at ${integer} not null,
      updated_at ${integer} not null,
      version ${integer} not null
    )${table}`,
    `create unique index workspace_name on workspace (organization_id, name_key)`,
    `create unique index workspace_external_id on workspace (organization_id, external_id)
      where external_id is not null`,
    `create table workspace_member (
      workspace_id ${text} not null references workspace (id),
      principal_id ${text} not null,
      role_id ${text} not null,
      primary key (workspace_id, principal_id)
    )${clustered}`,
    `create unique index workspace_member_of_principal on workspace_member (principal_id, workspace_id)`,
    `create index workspace_member_by_role on workspace_member (role_id)`,
    `create table workspace_group (
      workspace_id ${text} not null references workspace (id),
      group_id ${text} not null references principal_group (id),
      role_id ${text} not null,
      primary key (workspace_id, group_id)
    )${clustered}`,
    `create unique index workspace_group_of_group on workspace_group (group_id, workspace_id)`,
    `create index workspace_group_by_role on workspace_group (role_id)`,

    `create table role (
      id ${text} primary key,
      organization_id ${text} not null references organization (id),
      name ${text} not null,
      name_key ${text} not null,
      permissions ${text} not null,
      version ${integer} not null
    )${table}`,
    `create unique index role_name on role (organization_id, name_key)`,
    `create table registered_permission (
      organization_id ${text} not null references organization (id),
      name ${text} not null,
      description ${text} not null,
      version ${integer} not null,
      primary key (organization_id, name)
    )${clustered}`,
  ];
}
