import {
  type OrganizationId,
  type OrganizationSummary,
  type Page,
  type PageQuery,
  PLATFORM_ORGANIZATION,
} from '@postern/core';
import { sql } from 'kysely';
import { toPage, withinPage } from './page.ts';
import { DELETED } from './principal-row.ts';
import type { Reading } from './reading.ts';

/** All of them, in the order of their ids: by the time at which they were made. */
export async function listOrganizations({ db }: Reading, query: PageQuery): Promise<Page<OrganizationSummary>> {
  const organizations = db
    .selectFrom('organization')
    .where('id', '<>', PLATFORM_ORGANIZATION)
    .select((select) => [
      'id',
      'name',
      'plan',
      'created_at',
      select
        .selectFrom('principal')
        .select(({ fn }) => fn.countAll<number>().as('accounts'))
        .whereRef('principal.organization_id', '=', 'organization.id')
        .where('kind', '=', 'service_account')
        .where('status', '<>', DELETED)
        .as('accounts'),
    ]);
  const rows = await withinPage(organizations, { key: sql.ref('id'), id: 'id', descending: false }, query).execute();
  return toPage(rows, query, toPosition, ({ id, name, plan, created_at, accounts }) => ({
    id: id as OrganizationId,
    name,
    plan,
    createdAt: created_at,
    accounts: accounts ?? 0,
  }));
}

function toPosition({ id }: { readonly id: string }) {
  return { key: id, id };
}
