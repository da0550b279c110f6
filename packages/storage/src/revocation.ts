import { randomBytes, randomUUID } from 'node:crypto';
import type { Installation, OrganizationId, Revocation } from '@postern/core';
import type { Kysely } from 'kysely';
import type { Engine, Write } from './engine.ts';
import { fixedStatement } from './fixed-statement.ts';
import type { Reading } from './reading.ts';
import type { RevocationTable, Schema } from './schema.ts';

/**
 * Revocations that a journal may not have yet: written in the mutation's own transaction, removed once the journal is known
 * to hold them. So one whose process died between its commit and its journal is journaled by whoever comes next.
 */

/** How many of them one reading gives at most. */
export const KEPT_AT_A_TIME = 500;

/** What says where a revocation stands. */
export type RevocationKey = Pick<Revocation, 'organizationId' | 'position'>;

/** Those of one organization after a position, in their order; or those of all that were committed before a time. */
export type KeptRevocations =
  | { readonly organizationId: OrganizationId; readonly after: number }
  | { readonly before: number };

export function revocationWrite(db: Kysely<Schema>, revocation: Revocation): Write {
  const { organizationId, position, nonce, at, ended } = revocation;
  return revocationInsert.fill(db, {
    organization_id: organizationId,
    position,
    nonce,
    at,
    ended: JSON.stringify(ended),
  });
}

const revocationInsert = fixedStatement((db, row: RevocationTable) => db.insertInto('revocation').values(row));

/** The first of these. */
export async function listKeptRevocations({ db }: Reading, which: KeptRevocations): Promise<readonly Revocation[]> {
  const kept = db.selectFrom('revocation').selectAll().limit(KEPT_AT_A_TIME);
  const rows = await ('before' in which
    ? kept.where('at', '<', which.before).orderBy('at')
    : kept.where('organization_id', '=', which.organizationId).where('position', '>', which.after).orderBy('position')
  ).execute();
  return rows.map(toRevocation);
}

export async function forgetKeptRevocations(engine: Engine, keys: readonly RevocationKey[]): Promise<void> {
  if (keys.length === 0) return;
  await engine.transact(async (db) => {
    for (const { organizationId, position } of keys) {
      await db
        .deleteFrom('revocation')
        .where('organization_id', '=', organizationId)
        .where('position', '=', position)
        .execute();
    }
    return { value: undefined, changes: [] };
  });
}

/** For each of these, whether the database has it: its organization has come that far, by that very change. */
export async function hasRevocations(
  { db }: Reading,
  revocations: readonly Pick<Revocation, 'organizationId' | 'position' | 'nonce'>[],
): Promise<boolean> {
  for (const { organizationId, position, nonce } of revocations) {
    const organization = await db
      .selectFrom('organization')
      .select('change_position')
      .where('id', '=', organizationId)
      .executeTakeFirst();
    if (organization === undefined || organization.change_position < position) return false;
    const row = await db
      .selectFrom('change_log')
      .select('nonce')
      .where('organization_id', '=', organizationId)
      .where('organization_position', '=', position)
      .executeTakeFirst();
    // A row that is gone was trimmed: the log came further than that.
    if (row !== undefined && row.nonce !== nonce) return false;
  }
  return true;
}

/** Gives a new database its identity, which it keeps, and one of an older Postern its key. To be called in the transaction that migrates it. */
export async function identify(db: Kysely<Schema>): Promise<void> {
  await db
    .insertInto('installation')
    .values({ id: 1, instance: randomUUID(), incarnation: 1, backup_at: null, notification_key: newNotificationKey() })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  await db
    .updateTable('installation')
    .set({ notification_key: newNotificationKey() })
    .where('notification_key', '=', '')
    .execute();
}

function newNotificationKey(): string {
  return randomBytes(32).toString('hex');
}

export async function findInstallation({ db }: Reading): Promise<Installation> {
  const { instance, incarnation, backup_at } = await db
    .selectFrom('installation')
    .selectAll()
    .executeTakeFirstOrThrow();
  if (backup_at !== null) return { instance, incarnation, completeUntil: backup_at };
  // A copy that `postern backup` did not make: it has at least all that was before its newest event.
  const newest = await db
    .selectFrom('audit_event')
    .select((select) => select.fn.max('at').as('at'))
    .executeTakeFirst();
  return { instance, incarnation, completeUntil: newest?.at ?? 0 };
}

function toRevocation({ organization_id, position, nonce, at, ended }: RevocationTable): Revocation {
  return {
    organizationId: organization_id as OrganizationId,
    position,
    nonce,
    at,
    ended: JSON.parse(ended) as Revocation['ended'],
  };
}
