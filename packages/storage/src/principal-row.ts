import { DomainError, type OrganizationId, type PrincipalId, principalKind } from '@postern/core';
import { type Kysely, type Selectable, sql } from 'kysely';
import { fixedStatement } from './fixed-statement.ts';
import type { Mutation, ReadFirst } from './mutation.ts';
import type { PrincipalTable, Schema } from './schema.ts';

/** A service account or a member. */
export type PrincipalRow = Selectable<PrincipalTable>;

/** The status of tombstones; written into statements as it is, so that SQLite sees that the partial indexes fit. */
export const DELETED = sql.lit<'deleted'>('deleted');

/** Tombstones excluded. */
export async function findPrincipalRow(
  db: Kysely<Schema>,
  organizationId: OrganizationId,
  id: PrincipalId,
): Promise<PrincipalRow | undefined> {
  const [row] = await principal(db, { id, organizationId });
  return row;
}

const principal = fixedStatement((db, of: { id: string; organizationId: string }) =>
  db
    .selectFrom('principal')
    .selectAll()
    .where('id', '=', of.id)
    .where('organization_id', '=', of.organizationId)
    .where('status', '<>', DELETED),
);

/** Throws `service_account.not_found` or `member.not_found`. */
export async function requirePrincipalRow(
  of: Pick<Mutation, 'db' | 'context'>,
  id: PrincipalId,
): Promise<PrincipalRow> {
  return requireFoundPrincipal(await readPrincipal(id)(of), id);
}

/** The same, to be read first, and to be required where it is its turn. */
export function readPrincipal(id: PrincipalId): ReadFirst<PrincipalRow | undefined> {
  return ({ db, context }) => findPrincipalRow(db, context.organizationId, id);
}

/** Throws `service_account.not_found` or `member.not_found`. */
export function requireFoundPrincipal(row: PrincipalRow | undefined, id: PrincipalId): PrincipalRow {
  if (!row) throw new DomainError(`${principalKind(id)}.not_found`);
  return row;
}

/** Writes the columns, with one version more. */
export async function updatePrincipal(
  { db, context }: Pick<Mutation, 'db' | 'context'>,
  row: PrincipalRow,
  columns: Partial<PrincipalRow>,
): Promise<PrincipalRow> {
  const written = { ...columns, version: row.version + 1, updated_at: context.at };
  await db.updateTable('principal').set(written).where('id', '=', row.id).execute();
  return { ...row, ...written };
}
