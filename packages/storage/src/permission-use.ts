import {
  type GenerationUse,
  type OrganizationId,
  PERMISSION_USES_MAX,
  type PermissionUseReport,
  type PrincipalId,
} from '@postern/core';
import { type Kysely, sql } from 'kysely';
import { type Engine, inTransaction } from './engine.ts';
import { permissionUse } from './migration/0005-permission-use.ts';
import { inParts, merge } from './part.ts';
import { DELETED } from './principal-row.ts';
import type { Reading } from './reading.ts';
import type { Schema } from './schema.ts';

export async function listPermissionUses(
  { db }: Reading,
  organizationId: OrganizationId,
  principalId: PrincipalId,
): Promise<PermissionUseReport> {
  const { applied_at } = await db
    .selectFrom('migration')
    .select('applied_at')
    .where('number', '=', permissionUse.number)
    .executeTakeFirstOrThrow();
  const rows = await db
    .selectFrom('permission_use')
    .select(['permission', 'last_at'])
    .where('principal_id', '=', principalId)
    .where('organization_id', '=', organizationId)
    .orderBy('permission')
    .execute();
  return { recordedSince: applied_at, uses: rows.map(({ permission, last_at }) => ({ permission, lastAt: last_at })) };
}

/**
 * Moves the last use of each principal's permissions forwards, never backwards; doing it again changes nothing. That a
 * token has ended meanwhile changes nothing either: the account used the permission all the same.
 */
export async function advancePermissionUses(engine: Engine, uses: readonly GenerationUse[]): Promise<void> {
  const rows = uses.flatMap(({ organizationId, accountId, permissions }) =>
    permissions.map(({ permission, lastAt }) => ({
      principal_id: accountId,
      permission,
      organization_id: organizationId,
      last_at: lastAt,
    })),
  );
  const latest = merge(
    rows,
    (row) => [row.principal_id, row.permission],
    (one, other) => (other.last_at > one.last_at ? other : one),
  );
  for (const part of inParts(latest)) {
    await inTransaction(engine, async (db) => {
      const ids = [...new Set(part.map((row) => row.principal_id))];
      const ended = await db
        .selectFrom('principal')
        .select('id')
        .where('id', 'in', ids)
        .where('status', '=', DELETED)
        .execute();
      const gone = new Set(ended.map(({ id }) => id));
      await advance(
        db,
        part.filter((row) => !gone.has(row.principal_id)),
      );
    });
  }
  await forgetOldest(engine, [...new Set(latest.map((row) => row.principal_id))]);
}

/** Of a principal that ends. What is being written at this moment may stay; it belongs to nobody. */
export async function forgetPermissionUses(
  { locksRows }: Pick<Engine, 'locksRows'>,
  db: Kysely<Schema>,
  principalId: PrincipalId,
): Promise<void> {
  await forget(db, principalId, await lockUses(db, locksRows, principalId));
}

type UseRow = Schema['permission_use'];

async function advance(db: Kysely<Schema>, rows: readonly UseRow[]): Promise<void> {
  if (rows.length === 0) return;
  await db
    .insertInto('permission_use')
    .values(rows)
    .onConflict((conflict) =>
      conflict
        .columns(['principal_id', 'permission'])
        .doUpdateSet((row) => ({ last_at: row.ref('excluded.last_at') }))
        .where(sql<boolean>`excluded.last_at > permission_use.last_at`),
    )
    .execute();
}

/** Keeps the latest ones of each. */
async function forgetOldest(engine: Engine, principalIds: readonly string[]): Promise<void> {
  for (const part of inParts(principalIds)) {
    const crowded = await engine.db
      .selectFrom('permission_use')
      .select('principal_id')
      .where('principal_id', 'in', part)
      .groupBy('principal_id')
      .having((having) => having(having.fn.countAll(), '>', PERMISSION_USES_MAX))
      .execute();
    for (const { principal_id: id } of crowded) {
      await inTransaction(engine, async (db) => {
        await forget(db, id, (await lockAllUses(db, engine.locksRows, id)).slice(PERMISSION_USES_MAX));
      });
    }
  }
}

/** The permissions of a principal; without those that another process writes at this moment: nothing here waits. */
async function lockUses(db: Kysely<Schema>, locksRows: boolean, principalId: string): Promise<readonly string[]> {
  const rows = await db
    .selectFrom('permission_use')
    .select('permission')
    .where('principal_id', '=', principalId)
    .$if(locksRows, (query) => query.forUpdate().skipLocked())
    .execute();
  return rows.map(({ permission }) => permission);
}

/**
 * All of them, the latest first, once whoever writes some is done: in the order in which writers lock them, so that nobody
 * waits in a circle.
 */
async function lockAllUses(db: Kysely<Schema>, locksRows: boolean, principalId: string): Promise<readonly string[]> {
  const rows = await db
    .selectFrom('permission_use')
    .select(['permission', 'last_at'])
    .where('principal_id', '=', principalId)
    .orderBy('permission')
    .$if(locksRows, (query) => query.forUpdate())
    .execute();
  return rows.toSorted((one, other) => other.last_at - one.last_at).map(({ permission }) => permission);
}

async function forget(db: Kysely<Schema>, principalId: string, permissions: readonly string[]): Promise<void> {
  for (const part of inParts(permissions)) {
    await db
      .deleteFrom('permission_use')
      .where('principal_id', '=', principalId)
      .where('permission', 'in', part)
      .execute();
  }
}
