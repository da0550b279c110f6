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
/** How many are compared with the log in one statement. */
const COMPARED_AT_A_TIME = 1_000;

/** What tells a revocation from any other, also from one that took its place in another history of the database. */
export type RevocationKey = Pick<Revocation, 'organizationId' | 'position' | 'nonce'>;

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
    for (const { organizationId, position, nonce } of keys) {
      await db
        .deleteFrom('revocation')
        .where('organization_id', '=', organizationId)
        .where('position', '=', position)
        .where('nonce', '=', nonce)
        .execute();
    }
    return { value: undefined, changes: [] };
  });
}

/** Whether the database has all of these: each organization has come that far, and by these very changes. */
export async function hasRevocations({ db }: Reading, revocations: readonly RevocationKey[]): Promise<boolean> {
  for (const [organizationId, ofOrganization] of Map.groupBy(revocations, (each) => each.organizationId)) {
    const organization = await db
      .selectFrom('organization')
      .select('change_position')
      .where('id', '=', organizationId)
      .executeTakeFirst();
    const reached = organization?.change_position ?? -1;
    if (ofOrganization.some(({ position }) => position > reached)) return false;
    for (let from = 0; from < ofOrganization.length; from += COMPARED_AT_A_TIME) {
      const compared = ofOrganization.slice(from, from + COMPARED_AT_A_TIME);
      if (!(await hasNonces(db, organizationId, compared))) return false;
    }
  }
  return true;
}

/** A change that is not there any more was trimmed: the log came further than that. */
async function hasNonces(
  db: Kysely<Schema>,
  organizationId: OrganizationId,
  revocations: readonly RevocationKey[],
): Promise<boolean> {
  const rows = await db
    .selectFrom('change_log')
    .select(['organization_position', 'nonce'])
    .where('organization_id', '=', organizationId)
    .where(
      'organization_position',
      'in',
      revocations.map(({ position }) => position),
    )
    .execute();
  const nonces = new Map(rows.map((row) => [row.organization_position, row.nonce]));
  return revocations.every(({ position, nonce }) => (nonces.get(position) ?? nonce) === nonce);
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
