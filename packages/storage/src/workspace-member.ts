import {
  type BuiltInRole,
  DomainError,
  type MutationContext,
  type NamedListQuery,
  type OrganizationId,
  type Page,
  type PrincipalId,
  principalKind,
  type RoleFacts,
  type RoleId,
  requireGrantable,
  type WorkspaceId,
  type WorkspaceMembership,
} from '@postern/core';
import { sql } from 'kysely';
import { toRoleFacts } from './access-facts.ts';
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
import { requirePrincipal, toPrincipalName, touchPrincipal } from './principal.ts';
import type { Reading } from './reading.ts';
import { requireRole, toRoleName } from './role.ts';
import { requireWorkspace, targetOf } from './workspace.ts';

/** By name. */
export async function listWorkspaceMembers(
  { db }: Reading,
  organizationId: OrganizationId,
  id: WorkspaceId,
  query: NamedListQuery,
): Promise<Page<WorkspaceMembership>> {
  const { search } = query;
  if (!isStorable(search)) return { items: [], next: null };
  let members = db
    .selectFrom('workspace_member')
    .innerJoin('workspace', 'workspace.id', 'workspace_member.workspace_id')
    .innerJoin('principal', 'principal.id', 'workspace_member.principal_id')
    .leftJoin('role', 'role.id', 'workspace_member.role_id')
    .select(['principal.id', 'principal.display_name', 'principal.kind', 'principal.name_key'])
    .select(['workspace_member.role_id', 'role.name as role_name', 'role.permissions'])
    .where('workspace_member.workspace_id', '=', id)
    .where('workspace.organization_id', '=', organizationId);
  if (search !== null) members = members.where(contains('principal.search_text', search));
  const order = { key: sql.ref('principal.name_key'), id: 'principal.id', descending: false };
  const rows = await withinPage(members, order, query).execute();
  return toPage(
    rows,
    query,
    (row) => ({ key: row.name_key, id: row.id }),
    (row) => ({ principal: toPrincipalName(row), role: toRoleName(toRoleFacts(row)) }),
  );
}

export function setWorkspaceMember(
  scope: MutationScope,
  context: MutationContext,
  id: WorkspaceId,
  { principalId, roleId }: { readonly principalId: PrincipalId; readonly roleId: BuiltInRole | RoleId },
): Promise<Commit<WorkspaceMembership>> {
  return mutate(scope, context, async (mutation) => {
    const { db, actor } = mutation;
    const workspace = await requireWorkspace(mutation, id);
    const principal = await requirePrincipal(mutation, principalId);
    const role = await requireRole(mutation, roleId);
    const before = await findDirectRole(mutation, id, principalId);
    const result = { principal, role: toRoleName(role) };
    if (before?.id === role.id) return unchanged(result);
    if (actor) requireGrantable(actor.subject, id, role, before ?? null);
    await db
      .insertInto('workspace_member')
      .values({ workspace_id: id, principal_id: principalId, role_id: role.id })
      .onConflict((conflict) => conflict.columns(['workspace_id', 'principal_id']).doUpdateSet({ role_id: role.id }))
      .execute();
    await touchPrincipal(mutation, principalId);
    await requireStillEntitled(mutation);
    return {
      changed: true,
      result,
      audit: {
        action: 'workspace_member.set',
        target: targetOf(workspace),
        details: {
          principalId,
          principalName: principal.displayName,
          from: before ? toRoleName(before) : null,
          to: result.role,
        },
        concerned: [principalId],
      },
      change: { kind: principal.kind, subjectId: principalId },
      revokes: takesAway(before, role) ? [{ kind: 'workspace_member', id, principalId }] : [],
    };
  });
}

export function removeWorkspaceMember(
  scope: MutationScope,
  context: MutationContext,
  id: WorkspaceId,
  principalId: PrincipalId,
): Promise<Commit<null>> {
  return mutate(scope, context, async (mutation) => {
    const { db, actor } = mutation;
    const workspace = await requireWorkspace(mutation, id);
    const before = await findDirectRole(mutation, id, principalId);
    if (!before) throw new DomainError('membership.not_found');
    const { displayName } = await requirePrincipal(mutation, principalId);
    if (actor) requireGrantable(actor.subject, id, before);
    await db
      .deleteFrom('workspace_member')
      .where('workspace_id', '=', id)
      .where('principal_id', '=', principalId)
      .execute();
    await touchPrincipal(mutation, principalId);
    await requireStillEntitled(mutation);
    return {
      changed: true,
      result: null,
      audit: {
        action: 'workspace_member.remove',
        target: targetOf(workspace),
        details: { principalId, principalName: displayName, from: toRoleName(before), to: null },
        concerned: [principalId],
      },
      change: { kind: principalKind(principalId), subjectId: principalId },
      revokes: [{ kind: 'workspace_member', id, principalId }],
    };
  });
}

async function findDirectRole(
  { db }: Mutation,
  id: WorkspaceId,
  principalId: PrincipalId,
): Promise<RoleFacts | undefined> {
  const row = await db
    .selectFrom('workspace_member')
    .leftJoin('role', 'role.id', 'workspace_member.role_id')
    .select(['workspace_member.role_id', 'role.name as role_name', 'role.permissions'])
    .where('workspace_member.workspace_id', '=', id)
    .where('workspace_member.principal_id', '=', principalId)
    .executeTakeFirst();
  return row && toRoleFacts(row);
}
