import {
  DomainError,
  type MutationContext,
  type NamedListQuery,
  type NewWorkspace,
  nameKey,
  type OrganizationId,
  type Page,
  parseId,
  type Workspace,
  type WorkspaceChange,
  type WorkspaceId,
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
  requireVersion,
  revoking,
  unchanged,
} from './mutation.ts';
import { contains, isStorable, searchText, toPage, withinPage } from './page.ts';
import type { Reading } from './reading.ts';
import type { Schema } from './schema.ts';
import type { WorkspaceTable } from './schema-access.ts';

type WorkspaceRow = Selectable<WorkspaceTable>;

/** By id, or by name. No name reads like an id. */
export async function findWorkspace(
  { db }: Reading,
  organizationId: OrganizationId,
  reference: string,
): Promise<Workspace | undefined> {
  if (!isStorable(reference)) return undefined;
  const id = parseId('workspace', reference);
  const row = await db
    .selectFrom('workspace')
    .selectAll()
    .where('organization_id', '=', organizationId)
    .where(id ? 'id' : 'name_key', '=', id ?? nameKey(reference))
    .executeTakeFirst();
  return row && toWorkspace(row);
}

export async function listWorkspaces(
  { db }: Reading,
  organizationId: OrganizationId,
  query: NamedListQuery & { readonly only: readonly WorkspaceId[] | null },
): Promise<Page<Workspace>> {
  const { search, only } = query;
  if (!isStorable(search) || only?.length === 0) return { items: [], next: null };
  let workspaces = db.selectFrom('workspace').selectAll().where('organization_id', '=', organizationId);
  if (search !== null) workspaces = workspaces.where(contains('search_text', search));
  if (only !== null) workspaces = workspaces.where('id', 'in', only);
  const order = { key: sql.ref('name_key'), id: 'id', descending: false };
  const rows = await withinPage(workspaces, order, query).execute();
  return toPage(rows, query, (row) => ({ key: row.name_key, id: row.id }), toWorkspace);
}

export function createWorkspace(
  scope: MutationScope,
  context: MutationContext,
  workspace: NewWorkspace,
): Promise<Commit<Workspace>> {
  return mutate(scope, context, async ({ db }) => {
    const row: WorkspaceRow = {
      id: workspace.id,
      organization_id: context.organizationId,
      ...textColumns(workspace),
      created_at: context.at,
      updated_at: context.at,
      version: 1,
    };
    await db.insertInto('workspace').values(row).execute();
    return changed('workspace.create', row, toWorkspace(row), {});
  });
}

export function updateWorkspace(
  scope: MutationScope,
  context: MutationContext,
  id: WorkspaceId,
  change: WorkspaceChange,
): Promise<Commit<Workspace>> {
  return mutate(scope, context, async (mutation) => {
    const row = await requireWorkspace(mutation, id);
    requireVersion(context, row.version);
    const before = toWorkspace(row);
    const fields = changedFields(before, change);
    if (fields.changed.length === 0) return unchanged(before);
    const written = {
      ...textColumns({ ...before, ...change }),
      version: row.version + 1,
      updated_at: context.at,
    };
    await mutation.db.updateTable('workspace').set(written).where('id', '=', id).execute();
    const after = { ...row, ...written };
    return changed('workspace.update', after, toWorkspace(after), { ...fields });
  });
}

/** The workspace with all memberships in it. */
export function deleteWorkspace(
  scope: MutationScope,
  context: MutationContext,
  id: WorkspaceId,
): Promise<Commit<null>> {
  return mutate(scope, context, async (mutation) => {
    const { db } = mutation;
    const row = await requireWorkspace(mutation, id);
    requireVersion(context, row.version);
    const groups = await db.deleteFrom('workspace_group').where('workspace_id', '=', id).executeTakeFirstOrThrow();
    const ending = db.deleteFrom('workspace_member').where('workspace_id', '=', id).returning('principal_id');
    const members = (await ending.execute()).map(({ principal_id }) => principal_id);
    await db.deleteFrom('workspace').where('id', '=', id).execute();
    const details = { membersRemoved: members.length, groupsRemoved: Number(groups.numDeletedRows) };
    return revoking(concerning(changed('workspace.delete', row, null, details), members), { kind: 'workspace', id });
  });
}

/** Throws `workspace.not_found`. */
export async function requireWorkspace(
  { db, context }: Pick<Mutation, 'db' | 'context'>,
  id: WorkspaceId,
): Promise<WorkspaceRow> {
  const row = await findRow(db, context.organizationId, id);
  if (!row) throw new DomainError('workspace.not_found');
  return row;
}

export function targetOf({ id, name }: Pick<WorkspaceRow, 'id' | 'name'>) {
  return { kind: 'workspace', id, displayName: name } as const;
}

function toWorkspace(row: WorkspaceRow): Workspace {
  return {
    id: row.id as WorkspaceId,
    organizationId: row.organization_id as OrganizationId,
    name: row.name,
    displayName: row.display_name,
    description: row.description,
    externalId: row.external_id,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    version: row.version,
  };
}

function textColumns({ name, displayName, description, externalId }: Omit<NewWorkspace, 'id'>) {
  return {
    name,
    name_key: nameKey(name),
    search_text: searchText(name, displayName, description, externalId),
    display_name: displayName,
    description,
    external_id: externalId,
  };
}

function findRow(
  db: Kysely<Schema>,
  organizationId: OrganizationId,
  id: WorkspaceId,
): Promise<WorkspaceRow | undefined> {
  return db
    .selectFrom('workspace')
    .selectAll()
    .where('id', '=', id)
    .where('organization_id', '=', organizationId)
    .executeTakeFirst();
}

function changed<Result>(
  action: 'workspace.create' | 'workspace.update' | 'workspace.delete',
  row: WorkspaceRow,
  result: Result,
  details: Readonly<Record<string, unknown>>,
): Effect<Result> {
  return {
    changed: true,
    result,
    audit: { action, target: targetOf(row), details },
    change: { kind: 'workspace', subjectId: row.id },
  };
}
