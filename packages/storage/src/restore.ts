import { randomBytes } from 'node:crypto';
import {
  type JournaledRevocation,
  newId,
  type OrganizationId,
  PLATFORM_ORGANIZATION,
  type Restoration,
  type RestoreSummary,
} from '@postern/core';
import type { Kysely } from 'kysely';
import { insertAuditEvent, OPERATOR_NAME } from './audit-event.ts';
import type { NewChange } from './engine.ts';
import type { MutationScope } from './mutation.ts';
import { applyEnded, recountTokens } from './restore-ended.ts';
import type { Schema } from './schema.ts';

interface OrganizationRow {
  readonly id: string;
  readonly name: string;
  readonly change_position: number;
}

/**
 * Makes a copy of the database the database, in one transaction: what was revoked since it was made is revoked in it, what
 * people had open is closed, and every organization's tokens wait until somebody says what becomes of them.
 */
export function restore({ engine, nonce }: MutationScope, restoration: Restoration): Promise<RestoreSummary> {
  const { at, incarnation, proven } = restoration;
  return engine.transact(async (db) => {
    const { incarnation: copied } = await db.selectFrom('installation').select('incarnation').executeTakeFirstOrThrow();
    const organizations = await db.selectFrom('organization').select(['id', 'name', 'change_position']).execute();
    const missing = missingFrom({ organizations, copied, log: await readLog(db) }, restoration.revocations);
    for (const { organizationId, ended } of missing) {
      for (const each of ended) await applyEnded(db, organizationId, each, at);
    }
    await recountTokens(db);
    await closeWhatIsOpen(db);
    await db
      .updateTable('organization')
      .set((organization) => ({
        quarantine: proven ? 'releasable' : 'delete_only',
        version: organization('version', '+', 1),
        change_position: organization('change_position', '+', 1),
      }))
      .execute();
    for (const organization of organizations) await audit(db, organization, { proven, applied: missing, at });
    await db.updateTable('installation').set({ incarnation, backup_at: null }).execute();
    const value = {
      organizations: organizations.filter(({ id }) => id !== PLATFORM_ORGANIZATION).length,
      applied: missing.length,
    };
    return { value, changes: organizations.map((organization) => toChange(organization, nonce)) };
  });
}

/** The changes of an organization that the copy still knows: its newest, without a gap. */
interface KnownChanges {
  readonly oldest: number;
  readonly nonces: ReadonlyMap<number, string>;
}

interface Copy {
  readonly organizations: readonly OrganizationRow[];
  /** The incarnation that it is of. */
  readonly copied: number;
  readonly log: ReadonlyMap<string, KnownChanges>;
}

async function readLog(db: Kysely<Schema>): Promise<Copy['log']> {
  const rows = await db
    .selectFrom('change_log')
    .select(['organization_id', 'organization_position', 'nonce'])
    .orderBy('organization_id')
    .orderBy('organization_position')
    .execute();
  const log = new Map<string, { oldest: number; nonces: Map<number, string> }>();
  for (const { organization_id: id, organization_position: position, nonce } of rows) {
    const known = log.get(id);
    if (known) known.nonces.set(position, nonce);
    else log.set(id, { oldest: position, nonces: new Map([[position, nonce]]) });
  }
  return log;
}

/**
 * Those that the copy does not have, in the order in which they happened. A database that had lost a change, in a failover to
 * a standby without it, has come as far by another one; it is applied, for one too many takes away no more than was taken.
 */
function missingFrom(
  { organizations, copied, log }: Copy,
  revocations: readonly JournaledRevocation[],
): readonly JournaledRevocation[] {
  const positions = new Map(organizations.map(({ id, change_position }) => [id, change_position]));
  return revocations
    .filter(({ organizationId, position, nonce, incarnation }) => {
      const reached = positions.get(organizationId);
      if (reached === undefined || incarnation < copied) return false;
      return incarnation > copied || position > reached || !hasChange(log.get(organizationId), position, nonce);
    })
    .sort((one, other) => one.incarnation - other.incarnation || one.position - other.position);
}

/** A change from before those that are known is taken for one that was there. */
function hasChange(known: KnownChanges | undefined, position: number, nonce: string): boolean {
  if (known === undefined || position < known.oldest) return true;
  return known.nonces.get(position) === nonce;
}

/** Sessions, and links that let somebody in: nobody knows which of them were used or ended since. */
async function closeWhatIsOpen(db: Kysely<Schema>): Promise<void> {
  for (const table of ['auth_session', 'auth_verification', 'invitation', 'setup_link', 'revocation'] as const) {
    await db.deleteFrom(table).execute();
  }
}

async function audit(
  db: Kysely<Schema>,
  { id, name }: OrganizationRow,
  { proven, applied, at }: { proven: boolean; applied: readonly JournaledRevocation[]; at: number },
): Promise<void> {
  await insertAuditEvent(db, {
    id: newId('audit_event', { now: () => at }, randomBytes),
    organizationId: id as OrganizationId,
    at,
    action: 'organization.restore',
    outcome: 'done',
    code: null,
    actor: { kind: 'operator', id: null, displayName: OPERATOR_NAME, tokenId: null },
    target: { kind: 'organization', id, displayName: name },
    details: { revocationsApplied: applied.filter(({ organizationId }) => organizationId === id).length, proven },
    requestId: null,
    address: null,
    userAgent: null,
  });
}

function toChange({ id, change_position }: OrganizationRow, nonce: string): NewChange {
  return {
    nonce,
    organizationId: id,
    organizationPosition: change_position + 1,
    kind: 'organization',
    subjectId: id,
  };
}
