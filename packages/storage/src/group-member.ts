import {
  DomainError,
  GROUP_ROLE_PERMISSIONS,
  type GroupId,
  type GroupMembership,
  type GroupRole,
  type MutationContext,
  type NamedListQuery,
  type OrganizationId,
  type Page,
  type PrincipalId,
  principalKind,
  requireGroupGrantable,
  requirePermission,
} from '@postern/core';
import { sql } from 'kysely';
import { requireGroup, targetOf } from './group.ts';
import { type Commit, type Mutation, type MutationScope, mutate, requireStillEntitled, unchanged } from './mutation.ts';
import { contains, isStorable, toPage, withinPage } from './page.ts';
import { requirePrincipal, toPrincipalName, touchPrincipal } from './principal.ts';
import type { Reading } from './reading.ts';
import { readGroupGrants } from './workspace-group.ts';

/** By name. */
export async function listGroupMembers(
  { db }: Reading,
  organizationId: OrganizationId,
  id: GroupId,
  query: NamedListQuery,
): Promise<Page<GroupMembership>> {
  const { search } = query;
  if (!isStorable(search)) return { items: [], next: null };
  let members = db
    .selectFrom('group_member')
    .innerJoin('principal_group', 'principal_group.id', 'group_member.group_id')
    .innerJoin('principal', 'principal.id', 'group_member.principal_id')
    .select([
      'principal.id',
      'principal.display_name',
      'principal.kind',
      'principal.name_key',
      'group_member.role as group_role',
    ])
    .where('group_member.group_id', '=', id)
    .where('principal_group.organization_id', '=', organizationId);
  if (search !== null) members = members.where(contains('principal.search_text', search));
  const order = { key: sql.ref('principal.name_key'), id: 'principal.id', descending: false };
  const rows = await withinPage(members, order, query).execute();
  return toPage(
    rows,
    query,
    (row) => ({ key: row.name_key, id: row.id }),
    (row) => ({ principal: toPrincipalName(row), role: row.group_role }),
  );
}

/** Adding somebody gives all that the group carries; another group role gives or takes only that. */
export function setGroupMember(
  scope: MutationScope,
  context: MutationContext,
  id: GroupId,
  { principalId, role }: { readonly principalId: PrincipalId; readonly role: GroupRole },
): Promise<Commit<GroupMembership>> {
  return mutate(scope, context, async (mutation) => {
    const { db, actor } = mutation;
    const group = await requireGroup(mutation, id);
    const principal = await requirePrincipal(mutation, principalId);
    const before = await findRole(mutation, id, principalId);
    if (before === role) return unchanged({ principal, role });
    requireGroupRoles(mutation, id, role, before);
    if (before === undefined) {
      if (actor) requireGroupGrantable(actor.subject, await readGroupGrants(db, id));
      await db.insertInto('group_member').values({ group_id: id, principal_id: principalId, role }).execute();
      await count(mutation, id, 1);
    } else {
      await db
        .updateTable('group_member')
        .set({ role })
        .where('group_id', '=', id)
        .where('principal_id', '=', principalId)
        .execute();
    }
    await touchPrincipal(mutation, principalId);
    await requireStillEntitled(mutation);
    return {
      changed: true,
      result: { principal, role },
      audit: {
        action: 'group_member.set',
        target: targetOf(group),
        details: { principalId, principalName: principal.displayName, from: before ?? null, to: role },
        concerned: [principalId],
      },
      change: { kind: principal.kind, subjectId: principalId },
      revokes: before === 'manager' ? [{ kind: 'group_member', id, principalId }] : [],
    };
  });
}

export function removeGroupMember(
  scope: MutationScope,
  context: MutationContext,
  id: GroupId,
  principalId: PrincipalId,
): Promise<Commit<null>> {
  return mutate(scope, context, async (mutation) => {
    const group = await requireGroup(mutation, id);
    const before = await findRole(mutation, id, principalId);
    if (before === undefined) throw new DomainError('membership.not_found');
    const { displayName } = await requirePrincipal(mutation, principalId);
    requireGroupRoles(mutation, id, before);
    await mutation.db
      .deleteFrom('group_member')
      .where('group_id', '=', id)
      .where('principal_id', '=', principalId)
      .execute();
    await count(mutation, id, -1);
    await touchPrincipal(mutation, principalId);
    await requireStillEntitled(mutation);
    return {
      changed: true,
      result: null,
      audit: {
        action: 'group_member.remove',
        target: targetOf(group),
        details: { principalId, principalName: displayName, from: before, to: null },
        concerned: [principalId],
      },
      change: { kind: principalKind(principalId), subjectId: principalId },
      revokes: [{ kind: 'group_member', id, principalId }],
    };
  });
}

async function findRole({ db }: Mutation, id: GroupId, principalId: PrincipalId): Promise<GroupRole | undefined> {
  const row = await db
    .selectFrom('group_member')
    .select('role')
    .where('group_id', '=', id)
    .where('principal_id', '=', principalId)
    .executeTakeFirst();
  return row?.role;
}

/** What the given and the taken group roles hold, the actor must hold in that group. Throws `permission.missing`. */
function requireGroupRoles({ actor }: Mutation, id: GroupId, ...roles: readonly (GroupRole | undefined)[]): void {
  if (!actor) return;
  for (const role of roles) {
    if (role === undefined) continue;
    for (const permission of GROUP_ROLE_PERMISSIONS[role]) {
      requirePermission(actor.subject, permission, { kind: 'group', id });
    }
  }
}

async function count({ db }: Mutation, id: GroupId, by: 1 | -1): Promise<void> {
  await db
    .updateTable('principal_group')
    .set((group) => ({ member_count: group('member_count', '+', by) }))
    .where('id', '=', id)
    .execute();
}
