import {
  DomainError,
  type OrganizationId,
  type PrincipalId,
  type PrincipalName,
  type PrincipalRecord,
  type PrincipalSelection,
} from '@postern/core';
import type { Kysely } from 'kysely';
import { type FactRow, factColumns, toOrganizationFacts, toPrincipalFacts } from './access-facts.ts';
import type { JsonRows } from './json-text.ts';
import type { Mutation } from './mutation.ts';
import { DELETED } from './principal-row.ts';
import type { Reading } from './reading.ts';
import type { Schema } from './schema.ts';

export async function findPrincipal(
  { db, jsonRows }: Reading,
  organizationId: OrganizationId,
  id: PrincipalId,
): Promise<PrincipalRecord | undefined> {
  const row = await selectPrincipals(db, jsonRows, organizationId).where('principal.id', '=', id).executeTakeFirst();
  return row && toPrincipalRecord(row);
}

export async function listPrincipals(
  { db, jsonRows }: Reading,
  organizationId: OrganizationId,
  { ids, groupIds, roleIds }: PrincipalSelection,
  limit: number,
): Promise<readonly PrincipalRecord[]> {
  const rows = await selectPrincipals(db, jsonRows, organizationId)
    .where((where) => {
      const inGroups = where.selectFrom('group_member').select('principal_id').where('group_id', 'in', groupIds);
      const withRoles = where.selectFrom('workspace_member').select('principal_id').where('role_id', 'in', roleIds);
      const throughGroups = where
        .selectFrom('workspace_group')
        .innerJoin('group_member', 'group_member.group_id', 'workspace_group.group_id')
        .select('group_member.principal_id')
        .where('workspace_group.role_id', 'in', roleIds);
      return where.or([
        ...(ids.length > 0 ? [where('principal.id', 'in', ids)] : []),
        ...(groupIds.length > 0 ? [where('principal.id', 'in', inGroups)] : []),
        ...(roleIds.length > 0
          ? [where('principal.id', 'in', withRoles), where('principal.id', 'in', throughGroups)]
          : []),
      ]);
    })
    .orderBy('principal.id')
    .limit(limit)
    .execute();
  return rows.map(toPrincipalRecord);
}

function selectPrincipals(db: Kysely<Schema>, jsonRows: JsonRows, organizationId: OrganizationId) {
  return db
    .selectFrom('principal')
    .innerJoin('organization', 'organization.id', 'principal.organization_id')
    .select(factColumns(db, jsonRows))
    .where('principal.organization_id', '=', organizationId)
    .where('principal.status', '<>', DELETED);
}

function toPrincipalRecord(row: FactRow): PrincipalRecord {
  return { principal: toPrincipalFacts(row), organization: toOrganizationFacts(row) };
}

/** Throws `principal.not_found`. */
export async function requirePrincipal({ db, context }: Mutation, id: PrincipalId): Promise<PrincipalName> {
  const row = await db
    .selectFrom('principal')
    .select(['id', 'kind', 'display_name'])
    .where('id', '=', id)
    .where('organization_id', '=', context.organizationId)
    .where('status', '<>', DELETED)
    .executeTakeFirst();
  if (!row) throw new DomainError('principal.not_found');
  return toPrincipalName(row);
}

/** What a verdict reads of the principal is newer now. */
export async function touchPrincipal({ db }: Mutation, id: PrincipalId): Promise<void> {
  await db
    .updateTable('principal')
    .set((account) => ({ version: account('version', '+', 1) }))
    .where('id', '=', id)
    .execute();
}

/** Takes the principal out of all its groups and workspaces. */
export async function removeMemberships(db: Kysely<Schema>, id: PrincipalId): Promise<void> {
  await db
    .updateTable('principal_group')
    .set((group) => ({ member_count: group('member_count', '-', 1) }))
    .where('id', 'in', (where) => where.selectFrom('group_member').select('group_id').where('principal_id', '=', id))
    .execute();
  await db.deleteFrom('group_member').where('principal_id', '=', id).execute();
  await db.deleteFrom('workspace_member').where('principal_id', '=', id).execute();
}

export function toPrincipalName(row: {
  readonly id: string;
  readonly kind: PrincipalName['kind'];
  readonly display_name: string;
}): PrincipalName {
  return { kind: row.kind, id: row.id as PrincipalId, displayName: row.display_name };
}
