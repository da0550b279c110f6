import type { LeakResponse, Organization, OrganizationId, Plan, TokenPolicy } from '@postern/core';
import type { CompiledQuery, Selectable } from 'kysely';
import { toTokenPolicy } from './access-facts.ts';
import type { Engine } from './engine.ts';
import { fixedStatement } from './fixed-statement.ts';
import type { Reading } from './reading.ts';
import type { OrganizationTable } from './schema.ts';

export async function findOrganization({ db }: Reading, id: OrganizationId): Promise<Organization | undefined> {
  const row = await db.selectFrom('organization').selectAll().where('id', '=', id).executeTakeFirst();
  return row && toOrganization(row);
}

export interface LockedOrganization {
  readonly id: OrganizationId;
  readonly name: string;
  readonly plan: Plan;
  readonly tokenPolicy: TokenPolicy;
  readonly leakResponse: LeakResponse;
  readonly version: number;
  /** How many changes it had before this one. */
  readonly changePosition: number;
}

export type LockedOrganizationRow = Pick<
  Selectable<OrganizationTable>,
  'name' | 'plan' | 'token_policy' | 'leak_response' | 'version' | 'change_position'
>;

const lock = fixedStatement((db, { id }: { id: string }, locksRows: boolean) =>
  db
    .selectFrom('organization')
    .select(['name', 'plan', 'token_policy', 'leak_response', 'version', 'change_position'])
    .where('id', '=', id)
    // "No key": rows that refer to the organization may be written meanwhile.
    .$if(locksRows, (query) => query.forNoKeyUpdate()),
);

/** The first lock of every mutation: none of this organization runs beside it, and what it reads next stays so. */
export function organizationLock({ db, locksRows }: Engine, id: OrganizationId): CompiledQuery<LockedOrganizationRow> {
  return lock.fill(db, { id }, locksRows);
}

export function toLockedOrganization(id: OrganizationId, row: LockedOrganizationRow): LockedOrganization {
  return {
    id,
    name: row.name,
    plan: row.plan,
    tokenPolicy: toTokenPolicy(row.token_policy),
    leakResponse: row.leak_response,
    version: row.version,
    changePosition: row.change_position,
  };
}

export function toOrganization(row: Selectable<OrganizationTable>): Organization {
  return {
    id: row.id as OrganizationId,
    name: row.name,
    plan: row.plan,
    tokenPolicy: toTokenPolicy(row.token_policy),
    leakResponse: row.leak_response,
    quarantine: row.quarantine,
    createdAt: row.created_at,
    version: row.version,
  };
}
