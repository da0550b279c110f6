import type { OrganizationId, Page, PagePosition, ServiceAccount, ServiceAccountQuery } from '@postern/core';
import { sql } from 'kysely';
import { contains, isStorable, toPage, withinPage } from './page.ts';
import { DELETED, type PrincipalRow } from './principal-row.ts';
import type { Reading } from './reading.ts';
import { toServiceAccount } from './service-account.ts';

const SORT_COLUMN = { name: 'name_key', lastUsedAt: 'last_used_at', createdAt: 'created_at' } as const;

export async function listServiceAccounts(
  { db }: Reading,
  organizationId: OrganizationId,
  query: ServiceAccountQuery,
): Promise<Page<ServiceAccount>> {
  const { search, status, organizationRole, unusedSince } = query;
  if (!isStorable(search)) return { items: [], next: null };
  let accounts = db
    .selectFrom('principal')
    .selectAll()
    .where('organization_id', '=', organizationId)
    .where('status', '<>', DELETED)
    .where('kind', '=', 'service_account');
  if (search !== null) accounts = accounts.where(contains('search_text', search));
  if (status !== null) accounts = accounts.where('status', '=', status);
  if (organizationRole !== null) accounts = accounts.where('organization_role', '=', organizationRole);
  if (unusedSince !== null) {
    accounts = accounts.where('last_used_at', '<', unusedSince).where('created_at', '<', unusedSince);
  }
  const column = SORT_COLUMN[query.sort];
  const order = { key: sql.ref(column), id: 'id', descending: query.descending };
  const rows = await withinPage(accounts, order, query).execute();
  const positionOf = (row: PrincipalRow): PagePosition => ({ key: row[column], id: row.id });
  return toPage(rows, query, positionOf, toServiceAccount);
}
