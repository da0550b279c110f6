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
    const copy = { organizations, copied, log: await readLog(db) };
    const missing = missingFrom(copy, restoration.revocations);
    const divided = dividedIn(copy, missing);
    for (const { organizationId, ended } of missing) {
      for (const each of ended) {
        await applyEnded(db, organizationId, each, { at, ordered: !divided.has(organizationId) });
      }
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

/** The changes of an organization that the copy still knows. */
interface KnownChanges {
  /** From this one on, there is no gap; of those before, the log may have left some out. */
  readonly whole: number;
  readonly nonces: ReadonlyMap<number, string>;
}

interface Copy {
  readonly organizations: readonly OrganizationRow[];
  /** The incarnation that it is of. */
  readonly copied: number;
  readonly log: ReadonlyMap<string, KnownChanges>;
}

async function readLog(db: Kysely<Schema>): Promise<Copy['log']> {
  const { change_cursor: swept } = await db.selectFrom('cleanup').select('change_cursor').executeTakeFirstOrThrow();
  const rows = await db
    .selectFrom('change_log')
    .select(['organization_id', 'organization_position', 'nonce', 'position'])
    .orderBy('organization_id')
    .orderBy('organization_position')
    .execute();
  return new Map(
    [...Map.groupBy(rows, (row) => row.organization_id)].map(([id, changes]) => [
      id,
      {
        whole: changes.find(({ position }) => position > swept)?.organization_position ?? Number.POSITIVE_INFINITY,
        nonces: new Map(changes.map((change) => [change.organization_position, change.nonce])),
      },
    ]),
  );
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

/** A change that may have been swept is taken for one that was there. */
function hasChange(known: KnownChanges | undefined, position: number, nonce: string): boolean {
  const found = known?.nonces.get(position);
  if (known === undefined || (found === undefined && position < known.whole)) return true;
  return found === nonce;
}

/**
 * The organizations of which there are two histories: a failover has lost changes, and others have taken their places. Of
 * what was set there, nobody can say any more what came last.
 */
function dividedIn({ organizations, copied }: Copy, missing: readonly JournaledRevocation[]): ReadonlySet<string> {
  const reached = new Map(organizations.map(({ id, change_position }) => [id, change_position]));
  const nonces = new Map<string, string>();
  const divided = new Set<string>();
  for (const { organizationId, incarnation, position, nonce } of missing) {
    const place = `${organizationId} ${incarnation} ${position}`;
    const isTaken = incarnation === copied && position <= (reached.get(organizationId) ?? 0);
    if (isTaken || (nonces.get(place) ?? nonce) !== nonce) divided.add(organizationId);
    nonces.set(place, nonce);
  }
  return divided;
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
