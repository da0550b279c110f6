import {
  type Creator,
  DomainError,
  lockedOut,
  type MutationContext,
  type NewServiceAccount,
  nameKey,
  type OrganizationId,
  type OrganizationRole,
  requireOrganizationRoleGrantable,
  type ServiceAccount,
  type ServiceAccountChange,
  type ServiceAccountId,
} from '@postern/core';
import { type Kysely, type Selectable, sql } from 'kysely';
import { changedFields } from './changed-fields.ts';
import {
  type Commit,
  creatorOf,
  type Effect,
  type Mutation,
  type MutationScope,
  mutate,
  requirePlan,
  requireVersion,
  unchanged,
} from './mutation.ts';
import { searchText } from './page.ts';
import type { Reading } from './reading.ts';
import { NEVER_USED, type Schema, type ServiceAccountTable } from './schema.ts';

export type ServiceAccountRow = Selectable<ServiceAccountTable>;

/** The status of tombstones; written into statements as it is, so that SQLite sees that the partial indexes fit. */
export const DELETED = sql.lit<'deleted'>('deleted');

export async function findServiceAccount(
  { db }: Reading,
  organizationId: OrganizationId,
  id: ServiceAccountId,
): Promise<ServiceAccount | undefined> {
  const row = await findRow(db, organizationId, id);
  return row && toServiceAccount(row);
}

export function createServiceAccount(
  scope: MutationScope,
  context: MutationContext,
  account: NewServiceAccount,
): Promise<Commit<ServiceAccount>> {
  return mutate(scope, context, async (mutation) => {
    requirePlan(mutation);
    if (mutation.actor) requireOrganizationRoleGrantable(mutation.actor.subject, account.organizationRole);
    const row = newServiceAccountRow(account, context.organizationId, creatorOf(mutation), context.at);
    await mutation.db.insertInto('service_account').values(row).execute();
    return changed('service_account.create', row, { organizationRole: account.organizationRole });
  });
}

export function updateServiceAccount(
  scope: MutationScope,
  context: MutationContext,
  id: ServiceAccountId,
  change: ServiceAccountChange,
): Promise<Commit<ServiceAccount>> {
  return mutate(scope, context, async (mutation) => {
    const row = await requireServiceAccount(mutation, id);
    requireVersion(context, row.version);
    const fields = changedFields(toServiceAccount(row), change);
    if (fields.changed.length === 0) return unchanged(toServiceAccount(row));
    if (fields.changed.includes('organizationRole')) requireRoleChange(mutation, row, change.organizationRole);
    const after = await update(mutation, row, columnsOf(row, change));
    return changed('service_account.update', after, { ...fields });
  });
}

export function enableServiceAccount(
  scope: MutationScope,
  context: MutationContext,
  id: ServiceAccountId,
): Promise<Commit<ServiceAccount>> {
  return mutate(scope, context, async (mutation) => {
    requirePlan(mutation);
    const row = await requireServiceAccount(mutation, id);
    requireVersion(context, row.version);
    if (row.status === 'active') return unchanged(toServiceAccount(row));
    return changed('service_account.enable', await update(mutation, row, { status: 'active' }), {});
  });
}

/** The account's row, tombstones excluded. Throws `service_account.not_found`. */
export async function requireServiceAccount(
  { db, context }: Pick<Mutation, 'db' | 'context'>,
  id: ServiceAccountId,
): Promise<ServiceAccountRow> {
  const row = await findRow(db, context.organizationId, id);
  if (!row) throw new DomainError('service_account.not_found');
  return row;
}

/** Writes the columns, with one version more. */
export async function update(
  { db, context }: Pick<Mutation, 'db' | 'context'>,
  row: ServiceAccountRow,
  columns: Partial<ServiceAccountRow>,
): Promise<ServiceAccountRow> {
  const written = { ...columns, version: row.version + 1, updated_at: context.at };
  await db.updateTable('service_account').set(written).where('id', '=', row.id).execute();
  return { ...row, ...written };
}

export function newServiceAccountRow(
  account: NewServiceAccount,
  organizationId: OrganizationId,
  creator: Creator,
  at: number,
): ServiceAccountRow {
  return {
    id: account.id,
    organization_id: organizationId,
    display_name: account.displayName,
    description: account.description,
    name_key: nameKey(account.displayName),
    search_text: searchText(account.displayName, account.description, account.externalId),
    status: 'active',
    organization_role: account.organizationRole,
    external_id: account.externalId,
    token_count: 0,
    last_used_at: NEVER_USED,
    created_at: at,
    updated_at: at,
    version: 1,
    created_by_kind: creator.kind,
    created_by_id: creator.id,
    created_by_name: creator.displayName,
  };
}

export function toServiceAccount(row: ServiceAccountRow): ServiceAccount {
  return {
    id: row.id as ServiceAccountId,
    organizationId: row.organization_id as OrganizationId,
    displayName: row.display_name,
    description: row.description,
    status: row.status === 'active' ? 'active' : 'disabled',
    organizationRole: row.organization_role,
    externalId: row.external_id,
    tokenCount: row.token_count,
    lastUsedAt: row.last_used_at === NEVER_USED ? null : row.last_used_at,
    createdAt: row.created_at,
    createdBy: { kind: row.created_by_kind, id: row.created_by_id, displayName: row.created_by_name },
    updatedAt: row.updated_at,
    version: row.version,
  };
}

function findRow(
  db: Kysely<Schema>,
  organizationId: OrganizationId,
  id: ServiceAccountId,
): Promise<ServiceAccountRow | undefined> {
  return db
    .selectFrom('service_account')
    .selectAll()
    .where('id', '=', id)
    .where('organization_id', '=', organizationId)
    .where('status', '<>', DELETED)
    .executeTakeFirst();
}

function changed(
  action: 'service_account.create' | 'service_account.update' | 'service_account.enable',
  row: ServiceAccountRow,
  details: Readonly<Record<string, unknown>>,
): Effect<ServiceAccount> {
  return {
    changed: true,
    result: toServiceAccount(row),
    audit: { action, target: { kind: 'service_account', id: row.id, displayName: row.display_name }, details },
    change: { kind: 'service_account', subjectId: row.id },
  };
}

function requireRoleChange({ actor }: Mutation, row: ServiceAccountRow, role: OrganizationRole | undefined): void {
  if (!actor || role === undefined) return;
  if (actor.record.principal.id === row.id)
    throw lockedOut('change the organization role of the account that asks for it');
  requireOrganizationRoleGrantable(actor.subject, row.organization_role, role);
}

function columnsOf(row: ServiceAccountRow, change: ServiceAccountChange): Partial<ServiceAccountRow> {
  const after = { ...toServiceAccount(row), ...change };
  return {
    display_name: after.displayName,
    description: after.description,
    name_key: nameKey(after.displayName),
    search_text: searchText(after.displayName, after.description, after.externalId),
    organization_role: after.organizationRole,
    external_id: after.externalId,
  };
}
