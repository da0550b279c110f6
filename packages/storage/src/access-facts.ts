import {
  BUILT_IN_ROLES,
  type BuiltInRole,
  type GroupFacts,
  type GroupId,
  type OrganizationFacts,
  type OrganizationId,
  type PermissionName,
  type Plan,
  type PrincipalFacts,
  type PrincipalId,
  type RoleFacts,
  type RoleId,
  type TokenPolicy,
  type WorkspaceGrant,
  type WorkspaceId,
} from '@postern/core';
import { type Kysely, sql } from 'kysely';
import { type JsonRows, readOnce } from './json-text.ts';
import type { Schema } from './schema.ts';

/** Facts of `principal` and `organization` of the statement that these columns stand in, and all that access hangs on. */
export function factColumns(db: Kysely<Schema>, json: JsonRows) {
  const accountId = sql.ref<string>('principal.id');
  const groups = db
    .selectFrom('group_member')
    .innerJoin('principal_group', 'principal_group.id', 'group_member.group_id')
    .select(['principal_group.id', 'principal_group.name', 'group_member.role'])
    .where('group_member.principal_id', '=', accountId);
  const direct = db
    .selectFrom('workspace_member')
    .innerJoin('workspace', 'workspace.id', 'workspace_member.workspace_id')
    .leftJoin('role', 'role.id', 'workspace_member.role_id')
    .select(['workspace.id', 'workspace.name', 'role_id', 'role.name as role_name', 'role.permissions'])
    .where('workspace_member.principal_id', '=', accountId);
  const carried = db
    .selectFrom('group_member')
    .innerJoin('workspace_group', 'workspace_group.group_id', 'group_member.group_id')
    .innerJoin('workspace', 'workspace.id', 'workspace_group.workspace_id')
    .leftJoin('role', 'role.id', 'workspace_group.role_id')
    .select(['workspace.id', 'workspace.name', 'role_id', 'role.name as role_name', 'role.permissions'])
    .select('group_member.group_id')
    .where('group_member.principal_id', '=', accountId);
  const registered = db
    .selectFrom('registered_permission')
    .select('name')
    .where('organization_id', '=', sql.ref<string>('organization.id'));
  return [
    sql.ref<PrincipalFacts['kind']>('principal.kind').as('kind'),
    sql.ref<string>('principal.id').as('account_id'),
    sql.ref<string>('principal.display_name').as('display_name'),
    sql.ref<PrincipalFacts['organizationRole']>('principal.organization_role').as('organization_role'),
    sql.ref<PrincipalFacts['status']>('principal.status').as('status'),
    sql.ref<number>('principal.version').as('account_version'),
    sql.ref<string>('organization.id').as('organization_id'),
    sql.ref<string>('organization.name').as('organization_name'),
    sql.ref<Plan>('organization.plan').as('plan'),
    sql.ref<string>('organization.token_policy').as('token_policy'),
    sql.ref<string | null>('organization.quarantine').as('quarantine'),
    sql.ref<number>('organization.version').as('organization_version'),
    json(groups).as('groups'),
    json(direct).as('direct_grants'),
    json(carried).as('carried_grants'),
    json(registered).as('registered'),
  ] as const;
}

/** A row of those columns. */
export interface FactRow {
  readonly kind: PrincipalFacts['kind'];
  readonly account_id: string;
  readonly display_name: string;
  readonly organization_role: PrincipalFacts['organizationRole'];
  readonly status: PrincipalFacts['status'];
  readonly account_version: number;
  readonly organization_id: string;
  readonly organization_name: string;
  readonly plan: Plan;
  readonly token_policy: string;
  readonly quarantine: string | null;
  readonly organization_version: number;
  readonly groups: string;
  readonly direct_grants: string;
  readonly carried_grants: string;
  readonly registered: string;
}

export function toPrincipalFacts(row: FactRow): PrincipalFacts {
  const groups = toGroups(row.groups);
  return {
    kind: row.kind,
    id: row.account_id as PrincipalId,
    displayName: row.display_name,
    organizationRole: row.organization_role,
    status: row.status,
    groups,
    grants: toGrants(row, groups),
    version: row.account_version,
  };
}

export function toOrganizationFacts(row: FactRow): OrganizationFacts {
  return {
    id: row.organization_id as OrganizationId,
    name: row.organization_name,
    plan: row.plan,
    tokenPolicy: toTokenPolicy(row.token_policy),
    registered: toRegistered(row.registered),
    quarantined: row.quarantine !== null,
    version: row.organization_version,
  };
}

export const toTokenPolicy = readOnce((text) => JSON.parse(text) as TokenPolicy);

/** The names of a role, from its row. */
export const toPermissions = readOnce((text) => JSON.parse(text) as readonly PermissionName[]);

const toRegistered = readOnce(
  (text): ReadonlySet<PermissionName> =>
    new Set((JSON.parse(text) as readonly { readonly name: PermissionName }[]).map(({ name }) => name)),
);

/** What is left joined of `role` where a role is named; null for the built-in ones. */
export interface NamedRoleColumns {
  readonly role_id: string;
  readonly role_name: string | null;
  readonly permissions: string | null;
}

export function toRoleFacts({ role_id: id, role_name: name, permissions }: NamedRoleColumns): RoleFacts {
  if (name === null || permissions === null) return BUILT_IN_ROLES[id as BuiltInRole];
  return { id: id as RoleId, name, permissions: toPermissions(permissions) };
}

interface GrantRow extends NamedRoleColumns {
  readonly id: WorkspaceId;
  readonly name: string;
  readonly group_id?: GroupId;
}

const NO_ROWS = '[]';
const NO_GROUPS: readonly GroupFacts[] = [];
const NO_GRANTS: readonly WorkspaceGrant[] = [];

function toGroups(text: string): readonly GroupFacts[] {
  if (text === NO_ROWS) return NO_GROUPS;
  return (JSON.parse(text) as GroupFacts[]).sort((one, other) => compare(one.name, other.name));
}

/** By workspace; the direct one first, then by group. */
function toGrants(
  { direct_grants: direct, carried_grants: carried }: FactRow,
  groups: readonly GroupFacts[],
): readonly WorkspaceGrant[] {
  if (direct === NO_ROWS && carried === NO_ROWS) return NO_GRANTS;
  const names = new Map(groups.map(({ id, name }) => [id, { id, name }]));
  const rows = [...(JSON.parse(direct) as GrantRow[]), ...(JSON.parse(carried) as GrantRow[])];
  return rows
    .map((row) => ({
      workspaceId: row.id,
      workspaceName: row.name,
      role: toRoleFacts(row),
      group: (row.group_id && names.get(row.group_id)) ?? null,
    }))
    .sort(
      (one, other) =>
        compare(one.workspaceName, other.workspaceName) || compare(one.group?.name ?? '', other.group?.name ?? ''),
    );
}

function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}
