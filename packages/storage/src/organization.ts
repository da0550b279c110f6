import type { Organization, OrganizationId, Plan } from '@postern/core';
import type { Kysely } from 'kysely';
import type { Engine } from './engine.ts';
import type { Reading } from './reading.ts';
import type { Schema } from './schema.ts';

export interface LockedOrganization {
  readonly id: OrganizationId;
  readonly name: string;
  readonly plan: Plan;
  /** How many changes it had before this one. */
  readonly changePosition: number;
}

export async function findOrganization({ db }: Reading, id: OrganizationId): Promise<Organization | undefined> {
  const row = await db.selectFrom('organization').selectAll().where('id', '=', id).executeTakeFirst();
  return row && { id, name: row.name, plan: row.plan, createdAt: row.created_at, version: row.version };
}

/** The first lock of every mutation: none of this organization runs beside it, and what it reads next stays so. */
export async function lockOrganization(
  engine: Pick<Engine, 'locksRows'>,
  db: Kysely<Schema>,
  id: OrganizationId,
): Promise<LockedOrganization | undefined> {
  const row = await db
    .selectFrom('organization')
    .select(['name', 'plan', 'change_position'])
    .where('id', '=', id)
    // "No key": rows that refer to the organization may be written meanwhile.
    .$if(engine.locksRows, (query) => query.forNoKeyUpdate())
    .executeTakeFirst();
  return row && { id, name: row.name, plan: row.plan, changePosition: row.change_position };
}
