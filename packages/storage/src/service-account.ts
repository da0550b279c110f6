import {
  type Creator,
  lockedOut,
  type MemberId,
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
  revoking,
  unchanged,
} from './mutation.ts';
import { searchText } from './page.ts';
import { findPrincipalRow, type PrincipalRow, requirePrincipalRow, updatePrincipal } from './principal-row.ts';
import type { Reading } from './reading.ts';
import { NEVER_USED } from './schema.ts';
import { requireOwners } from './service-account-owner.ts';
import { markAllEnded, markRestEnded } from './token-end.ts';

export async function findServiceAccount(
  { db }: Reading,
  organizationId: OrganizationId,
  id: ServiceAccountId,
): Promise<ServiceAccount | undefined> {
  const row = await findPrincipalRow(db, organizationId, id);
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
    await requireOwners(mutation, account.owners);
    const row = newServiceAccountRow(account, context.organizationId, creatorOf(mutation), context.at);
    await mutation.db.insertInto('principal').values(row).execute();
    const { organizationRole, owners } = account;
    return changed('service_account.create', row, { organizationRole, ...(owners.length > 0 && { owners }) });
  });
}

export function updateServiceAccount(
  scope: MutationScope,
  context: MutationContext,
  id: ServiceAccountId,
  change: ServiceAccountChange,
): Promise<Commit<ServiceAccount>> {
  return mutate(scope, context, async (mutation) => {
    const row = await requirePrincipalRow(mutation, id);
    requireVersion(context, row.version);
    const fields = changedFields(toServiceAccount(row), change);
    if (fields.changed.length === 0) return unchanged(toServiceAccount(row));
    if (fields.changed.includes('organizationRole')) requireRoleChange(mutation, row, change.organizationRole);
    if (fields.changed.includes('owners')) await requireOwners(mutation, change.owners ?? []);
    const after = await updatePrincipal(mutation, row, columnsOf(row, change));
    const effect = changed('service_account.update', after, { ...fields });
    return after.organization_role === row.organization_role || after.organization_role === 'admin'
      ? effect
      : revoking(effect, { kind: 'organization_role', id });
  });
}

export async function enableServiceAccount(
  scope: MutationScope,
  context: MutationContext,
  id: ServiceAccountId,
): Promise<Commit<ServiceAccount>> {
  await markRestEnded(scope.engine, context, id);
  return mutate(scope, context, async (mutation) => {
    requirePlan(mutation);
    const row = await requirePrincipalRow(mutation, id);
    requireVersion(context, row.version);
    if (row.status === 'active') return unchanged(toServiceAccount(row));
    const columns = await markAllEnded(mutation, row);
    const after = await updatePrincipal(mutation, row, { status: 'active', ...columns });
    return changed('service_account.enable', after, {});
  });
}

export function newServiceAccountRow(
  account: NewServiceAccount,
  organizationId: OrganizationId,
  creator: Creator,
  at: number,
): PrincipalRow {
  return {
    id: account.id,
    kind: 'service_account',
    email: null,
    user_id: null,
    organization_id: organizationId,
    display_name: account.displayName,
    description: account.description,
    name_key: nameKey(account.displayName),
    search_text: searchText(account.displayName, account.description, account.externalId),
    status: 'active',
    organization_role: account.organizationRole,
    external_id: account.externalId,
    owners: JSON.stringify(account.owners),
    token_count: 0,
    tokens_end_at: null,
    last_used_at: NEVER_USED,
    created_at: at,
    updated_at: at,
    version: 1,
    created_by_kind: creator.kind,
    created_by_id: creator.id,
    created_by_name: creator.displayName,
  };
}

export function toServiceAccount(row: PrincipalRow): ServiceAccount {
  return {
    id: row.id as ServiceAccountId,
    organizationId: row.organization_id as OrganizationId,
    displayName: row.display_name,
    description: row.description,
    status: row.status === 'active' ? 'active' : 'disabled',
    organizationRole: row.organization_role,
    owners: JSON.parse(row.owners) as MemberId[],
    externalId: row.external_id,
    tokenCount: row.token_count,
    lastUsedAt: row.last_used_at === NEVER_USED ? null : row.last_used_at,
    createdAt: row.created_at,
    createdBy: { kind: row.created_by_kind, id: row.created_by_id, displayName: row.created_by_name },
    updatedAt: row.updated_at,
    version: row.version,
  };
}

function changed(
  action: 'service_account.create' | 'service_account.update' | 'service_account.enable',
  row: PrincipalRow,
  details: Readonly<Record<string, unknown>>,
): Effect<ServiceAccount> {
  return {
    changed: true,
    result: toServiceAccount(row),
    audit: { action, target: { kind: 'service_account', id: row.id, displayName: row.display_name }, details },
    change: { kind: 'service_account', subjectId: row.id },
  };
}

function requireRoleChange({ actor }: Mutation, row: PrincipalRow, role: OrganizationRole | undefined): void {
  if (!actor || role === undefined) return;
  if (actor.record.principal.id === row.id)
    throw lockedOut('change the organization role of the account that asks for it');
  requireOrganizationRoleGrantable(actor.subject, row.organization_role, role);
}

function columnsOf(row: PrincipalRow, change: ServiceAccountChange): Partial<PrincipalRow> {
  const after = { ...toServiceAccount(row), ...change };
  return {
    display_name: after.displayName,
    description: after.description,
    name_key: nameKey(after.displayName),
    search_text: searchText(after.displayName, after.description, after.externalId),
    organization_role: after.organizationRole,
    external_id: after.externalId,
    owners: JSON.stringify(after.owners),
  };
}
