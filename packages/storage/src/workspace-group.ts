import {
  type BuiltInRole,
  DomainError,
  type GroupId,
  type MutationContext,
  type NamedListQuery,
  type OrganizationId,
  type Page,
  type RoleFacts,
  type RoleId,
  requireGrantable,
  type WorkspaceGrant,
  type WorkspaceGroupRole,
  type WorkspaceId,
} from '@postern/core';
import { type Kysely, sql } from 'kysely';
import { toRoleFacts } from './access-facts.ts';
import { requireGroup } from './group.ts';
import {
  type Commit,
  type Mutation,
  type MutationScope,
  mutate,
  requireStillEntitled,
  takesAway,
  unchanged,
} from './mutation.ts';
import { contains, isStorable, toPage, withinPage } from './page.ts';
import type { Reading } from './reading.ts';
import { requireRole, toRoleName } from './role.ts';
import type { Schema } from './schema.ts';
import { requireWorkspace, targetOf } from './workspace.ts';

/** By name of the group. */
export async function listWorkspaceGroups(
  { db }: Reading,
  organizationId: OrganizationId,
  id: WorkspaceId,
  query: NamedListQuery,
): Promise<Page<WorkspaceGroupRole>> {
  const { search } = query;
  if (!isStorable(search)) return { items: [], next: null };
  let groups = db
    .selectFrom('workspace_group')
    .innerJoin('principal_group', 'principal_group.id', 'workspace_group.group_id')
    .leftJoin('role', 'role.id', 'workspace_group.role_id')
    .select(['principal_group.id', 'principal_group.name', 'principal_group.name_key'])
    .select(['workspace_group.role_id', 'role.name as role_name', 'role.permissions'])
    .where('workspace_group.workspace_id', '=', id)
    .where('principal_group.organization_id', '=', organizationId);
  if (search !== null) groups = groups.where(contains('principal_group.search_text', search));
  const order = { key: sql.ref('principal_group.name_key'), id: 'principal_group.id', descending: false };
  const rows = await withinPage(groups, order, query).execute();
  return toPage(
    rows,
    query,
    (row) => ({ key: row.name_key, id: row.id }),
    (row) => ({ group: { id: row.id as GroupId, name: row.name }, role: toRoleName(toRoleFacts(row)) }),
  );
}

/** The workspace roles that the group carries, by workspace name. */
export async function listGroupWorkspaces(
  { db }: Reading,
  organizationId: OrganizationId,
  id: GroupId,
): Promise<readonly WorkspaceGrant[]> {
  const rows = await selectGrants(db, id).where('principal_group.organization_id', '=', organizationId).execute();
  return rows.map(toGrant);
}

/** The same inside a mutation, of a group that was found to be the organization's. */
export async function readGroupGrants(db: Kysely<Schema>, id: GroupId): Promise<readonly WorkspaceGrant[]> {
  return (await selectGrants(db, id).execute()).map(toGrant);
}

export function setWorkspaceGroup(
  scope: MutationScope,
  context: MutationContext,
  id: WorkspaceId,
  { groupId, roleId }: { readonly groupId: GroupId; readonly roleId: BuiltInRole | RoleId },
): Promise<Commit<WorkspaceGroupRole>> {
  return mutate(scope, context, async (mutation) => {
    const { db, actor } = mutation;
    const workspace = await requireWorkspace(mutation, id);
    const { name } = await requireGroup(mutation, groupId);
    const role = await requireRole(mutation, roleId);
    const before = await findCarriedRole(mutation, id, groupId);
    const result = { group: { id: groupId, name }, role: toRoleName(role) };
    if (before?.id === role.id) return unchanged(result);
    if (actor) requireGrantable(actor.subject, id, role, before ?? null);
    await db
      .insertInto('workspace_group')
      .values({ workspace_id: id, group_id: groupId, role_id: role.id })
      .onConflict((conflict) => conflict.columns(['workspace_id', 'group_id']).doUpdateSet({ role_id: role.id }))
      .execute();
    await requireStillEntitled(mutation);
    return {
      changed: true,
      result,
      audit: {
        action: 'workspace_group.set',
        target: targetOf(workspace),
        details: { groupId, groupName: name, from: before ? toRoleName(before) : null, to: result.role },
      },
      change: { kind: 'workspace', subjectId: id },
      revokes: takesAway(before, role) ? [{ kind: 'workspace_group', id, groupId }] : [],
    };
  });
}

export function removeWorkspaceGroup(
  scope: MutationScope,
  context: MutationContext,
  id: WorkspaceId,
  groupId: GroupId,
): Promise<Commit<null>> {
  return mutate(scope, context, async (mutation) => {
    const { db, actor } = mutation;
    const workspace = await requireWorkspace(mutation, id);
    const before = await findCarriedRole(mutation, id, groupId);
    if (!before) throw new DomainError('membership.not_found');
    const { name } = await requireGroup(mutation, groupId);
    if (actor) requireGrantable(actor.subject, id, before);
    await db.deleteFrom('workspace_group').where('workspace_id', '=', id).where('group_id', '=', groupId).execute();
    await requireStillEntitled(mutation);
    return {
      changed: true,
      result: null,
      audit: {
        action: 'workspace_group.remove',
        target: targetOf(workspace),
        details: { groupId, groupName: name, from: toRoleName(before), to: null },
      },
      change: { kind: 'workspace', subjectId: id },
      revokes: [{ kind: 'workspace_group', id, groupId }],
    };
  });
}

async function findCarriedRole({ db }: Mutation, id: WorkspaceId, groupId: GroupId): Promise<RoleFacts | undefined> {
  const row = await db
    .selectFrom('workspace_group')
    .leftJoin('role', 'role.id', 'workspace_group.role_id')
    .select(['workspace_group.role_id', 'role.name as role_name', 'role.permissions'])
    .where('workspace_group.workspace_id', '=', id)
    .where('workspace_group.group_id', '=', groupId)
    .executeTakeFirst();
  return row && toRoleFacts(row);
}

function selectGrants(db: Kysely<Schema>, id: GroupId) {
  return db
    .selectFrom('workspace_group')
    .innerJoin('principal_group', 'principal_group.id', 'workspace_group.group_id')
    .innerJoin('workspace', 'workspace.id', 'workspace_group.workspace_id')
    .leftJoin('role', 'role.id', 'workspace_group.role_id')
    .select(['workspace.id', 'workspace.name', 'principal_group.id as group_id', 'principal_group.name as group_name'])
    .select(['workspace_group.role_id', 'role.name as role_name', 'role.permissions'])
    .where('workspace_group.group_id', '=', id)
    .orderBy('workspace.name_key')
    .orderBy('workspace.id');
}

function toGrant(row: Awaited<ReturnType<ReturnType<typeof selectGrants>['execute']>>[number]): WorkspaceGrant {
  return {
    workspaceId: row.id as WorkspaceId,
    workspaceName: row.name,
    role: toRoleFacts(row),
    group: { id: row.group_id as GroupId, name: row.group_name },
  };
}
