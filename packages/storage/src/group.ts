import {
  DomainError,
  type Group,
  type GroupChange,
  type GroupId,
  type MutationContext,
  type NamedListQuery,
  type NewGroup,
  nameKey,
  type OrganizationId,
  type Page,
} from '@postern/core';
import { type Kysely, type Selectable, sql } from 'kysely';
import { changedFields } from './changed-fields.ts';
import {
  type Commit,
  concerning,
  type Effect,
  type Mutation,
  type MutationScope,
  mutate,
  requireStillEntitled,
  requireVersion,
  revoking,
  unchanged,
} from './mutation.ts';
import { contains, isStorable, searchText, toPage, withinPage } from './page.ts';
import type { Reading } from './reading.ts';
import type { Schema } from './schema.ts';
import type { PrincipalGroupTable } from './schema-access.ts';

type GroupRow = Selectable<PrincipalGroupTable>;

export async function findGroup(
  { db }: Reading,
  organizationId: OrganizationId,
  id: GroupId,
): Promise<Group | undefined> {
  const row = await findRow(db, organizationId, id);
  return row && toGroup(row);
}

export async function listGroups(
  { db }: Reading,
  organizationId: OrganizationId,
  query: NamedListQuery,
): Promise<Page<Group>> {
  const { search } = query;
  if (!isStorable(search)) return { items: [], next: null };
  let groups = db.selectFrom('principal_group').selectAll().where('organization_id', '=', organizationId);
  if (search !== null) groups = groups.where(contains('search_text', search));
  const order = { key: sql.ref('name_key'), id: 'id', descending: false };
  const rows = await withinPage(groups, order, query).execute();
  return toPage(rows, query, (row) => ({ key: row.name_key, id: row.id }), toGroup);
}

export function createGroup(scope: MutationScope, context: MutationContext, group: NewGroup): Promise<Commit<Group>> {
  return mutate(scope, context, async ({ db }) => {
    const row: GroupRow = {
      id: group.id,
      organization_id: context.organizationId,
      ...textColumns(group),
      member_count: 0,
      created_at: context.at,
      updated_at: context.at,
      version: 1,
    };
    await db.insertInto('principal_group').values(row).execute();
    return changed('group.create', row, toGroup(row), {});
  });
}

export function updateGroup(
  scope: MutationScope,
  context: MutationContext,
  id: GroupId,
  change: GroupChange,
): Promise<Commit<Group>> {
  return mutate(scope, context, async (mutation) => {
    const row = await requireGroup(mutation, id);
    requireVersion(context, row.version);
    const before = toGroup(row);
    const fields = changedFields(before, change);
    if (fields.changed.length === 0) return unchanged(before);
    const written = {
      ...textColumns({ ...before, ...change }),
      version: row.version + 1,
      updated_at: context.at,
    };
    await mutation.db.updateTable('principal_group').set(written).where('id', '=', id).execute();
    const after = { ...row, ...written };
    return changed('group.update', after, toGroup(after), { ...fields });
  });
}

/** The group with its memberships and the roles that it carries; what members hold otherwise stays. */
export function deleteGroup(scope: MutationScope, context: MutationContext, id: GroupId): Promise<Commit<null>> {
  return mutate(scope, context, async (mutation) => {
    const { db } = mutation;
    const row = await requireGroup(mutation, id);
    requireVersion(context, row.version);
    const workspaces = await db.deleteFrom('workspace_group').where('group_id', '=', id).executeTakeFirstOrThrow();
    const ended = await db.deleteFrom('group_member').where('group_id', '=', id).returning('principal_id').execute();
    const members = ended.map(({ principal_id }) => principal_id);
    await db.deleteFrom('principal_group').where('id', '=', id).execute();
    await requireStillEntitled(mutation);
    const details = { membersRemoved: members.length, workspaceRolesRemoved: Number(workspaces.numDeletedRows) };
    return revoking(concerning(changed('group.delete', row, null, details), members), { kind: 'group', id });
  });
}

/** Throws `group.not_found`. */
export async function requireGroup({ db, context }: Pick<Mutation, 'db' | 'context'>, id: GroupId): Promise<GroupRow> {
  const row = await findRow(db, context.organizationId, id);
  if (!row) throw new DomainError('group.not_found');
  return row;
}

export function targetOf({ id, name }: Pick<GroupRow, 'id' | 'name'>) {
  return { kind: 'group', id, displayName: name } as const;
}

function toGroup(row: GroupRow): Group {
  return {
    id: row.id as GroupId,
    organizationId: row.organization_id as OrganizationId,
    name: row.name,
    description: row.description,
    externalId: row.external_id,
    memberCount: row.member_count,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    version: row.version,
  };
}

function textColumns({ name, description, externalId }: Omit<NewGroup, 'id'>) {
  return {
    name,
    name_key: nameKey(name),
    search_text: searchText(name, description, externalId),
    description,
    external_id: externalId,
  };
}

function findRow(db: Kysely<Schema>, organizationId: OrganizationId, id: GroupId): Promise<GroupRow | undefined> {
  return db
    .selectFrom('principal_group')
    .selectAll()
    .where('id', '=', id)
    .where('organization_id', '=', organizationId)
    .executeTakeFirst();
}

function changed<Result>(
  action: 'group.create' | 'group.update' | 'group.delete',
  row: GroupRow,
  result: Result,
  details: Readonly<Record<string, unknown>>,
): Effect<Result> {
  return {
    changed: true,
    result,
    audit: { action, target: targetOf(row), details },
    change: { kind: 'group', subjectId: row.id },
  };
}
