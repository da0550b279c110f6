import type { SignInAudit } from '@postern/core';
import type { Kysely } from 'kysely';
import { insertSignInEvent } from './audit-event.ts';
import type { Engine } from './engine.ts';
import type { Reading } from './reading.ts';
import type { Schema } from './schema.ts';

/** A person who may sign in. */
export interface NewSignInUser {
  readonly id: string;
  /** Known to be the person's own, in lower case. */
  readonly email: string;
  readonly name: string;
  /** Null: signs in through a provider only. */
  readonly passwordHash: string | null;
}

/** Of one person's sessions, what the person may see of it. */
export interface SignInSession {
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly signedInAt: number;
  readonly expiresAt: number;
  readonly address: string;
  readonly userAgent: string;
}

/** A session that a sign-in has just made. */
export interface NewSession {
  readonly userId: string;
  readonly sessionId: string;
  /** In which its sign-in began. */
  readonly epoch: number;
}

/** A session that is to end, and whose it must be. */
export interface EndedSession {
  readonly userId: string;
  readonly sessionId: string;
}

/** The provider that stands for a password. */
const PASSWORD = 'credential';

/** Makes the person and the password in one transaction. Throws `user.email_taken`. */
export async function createSignInUser(engine: Engine, user: NewSignInUser, at: number): Promise<void> {
  await engine.transact(async (db) => {
    await insertSignInUser(db, user, at);
    return { value: undefined, changes: [] };
  });
}

/** The same within a transaction. Throws `user.email_taken` once it fails. */
export async function insertSignInUser(db: Kysely<Schema>, user: NewSignInUser, at: number): Promise<void> {
  const { id, email, name, passwordHash } = user;
  await db
    .insertInto('auth_user')
    .values({ id, email, email_verified: 1, name, two_factor_enabled: 0, ...written(at) })
    .execute();
  if (passwordHash !== null) await insertPassword(db, id, passwordHash, at);
}

/**
 * Replaces the password, ends every session and whatever was begun under the old one. False, and nothing done, when there
 * is no such person.
 */
export function setSignInPassword(engine: Engine, userId: string, passwordHash: string, at: number): Promise<boolean> {
  return engine.transact(async (db) => {
    const user = await db.selectFrom('auth_user').select('id').where('id', '=', userId).executeTakeFirst();
    if (!user) return { value: false, changes: [] };
    await db.deleteFrom('auth_account').where('user_id', '=', userId).where('provider_id', '=', PASSWORD).execute();
    await insertPassword(db, userId, passwordHash, at);
    await deleteSessions(db, userId, null);
    return { value: true, changes: [] };
  });
}

/** The person with this e-mail, in lower case. */
export async function findSignInUser({ db }: Reading, email: string): Promise<{ readonly id: string } | undefined> {
  return db.selectFrom('auth_user').select('id').where('email', '=', email).executeTakeFirst();
}

/** Whether the person is asked for a second step. */
export async function hasSecondStep({ db }: Reading, userId: string): Promise<boolean> {
  const user = await db
    .selectFrom('auth_user')
    .select('two_factor_enabled')
    .where('id', '=', userId)
    .executeTakeFirst();
  return user?.two_factor_enabled === 1;
}

/** For who has lost the device: the password alone is enough again. */
export async function removeSecondStep(engine: Engine, userId: string): Promise<void> {
  await engine.transact(async (db) => {
    await db.deleteFrom('auth_two_factor').where('user_id', '=', userId).execute();
    await db.updateTable('auth_user').set({ two_factor_enabled: 0 }).where('id', '=', userId).execute();
    return { value: undefined, changes: [] };
  });
}

/** The sessions that have not ended, the newest first. */
export async function listSignInSessions({ db, now }: Reading, userId: string): Promise<readonly SignInSession[]> {
  const rows = await db
    .selectFrom('auth_session')
    .selectAll()
    .where('user_id', '=', userId)
    .where('expires_at', '>', toText(now))
    .orderBy('created_at', 'desc')
    .orderBy('id')
    .execute();
  return rows.map((row) => ({
    id: row.id,
    signedInAt: Date.parse(row.created_at),
    expiresAt: Date.parse(row.expires_at),
    address: row.ip_address ?? '',
    userAgent: row.user_agent ?? '',
  }));
}

/** With its event, if it has one, in the same transaction. False when the person has no such session: nothing is left then. */
export function endSignInSession(
  engine: Engine,
  { userId, sessionId }: EndedSession,
  event: SignInAudit | null,
): Promise<boolean> {
  return engine.transact(async (db) => {
    const { numDeletedRows } = await db
      .deleteFrom('auth_session')
      .where('id', '=', sessionId)
      .where('user_id', '=', userId)
      .executeTakeFirstOrThrow();
    const ended = numDeletedRows > 0n;
    if (ended && event) await insertSignInEvent(db, event);
    return { value: ended, changes: [] };
  });
}

/** Ends every session of the person, but for that one, and what was begun and could still become one. */
export async function endSignInSessions(engine: Engine, userId: string, exceptSessionId: string | null): Promise<void> {
  await engine.transact(async (db) => {
    await deleteSessions(db, userId, exceptSessionId);
    return { value: undefined, changes: [] };
  });
}

/** The present epoch: a sign-in that begins in it must not outlast an ending that comes after. */
export async function findSignInEpoch({ db }: Reading): Promise<number> {
  return (await db.selectFrom('auth_epoch').select('value').executeTakeFirstOrThrow()).value;
}

/**
 * Says whether a new session may live: not when the person's sessions were ended together since the epoch in which its
 * sign-in began; then it is ended, too. Also removes the person's sessions that are over.
 */
export function admitSignInSession(
  engine: Engine,
  { userId, sessionId, epoch }: NewSession,
  at: number,
): Promise<boolean> {
  return engine.transact(async (db) => {
    // Locks the person, as an ending does first: of the two, the later one sees what the earlier one did.
    const user = await db
      .updateTable('auth_user')
      .set((row) => ({ ended_epoch: row.ref('ended_epoch') }))
      .where('id', '=', userId)
      .returning('ended_epoch')
      .executeTakeFirst();
    const admitted = user !== undefined && user.ended_epoch <= epoch;
    await db
      .deleteFrom('auth_session')
      .where('user_id', '=', userId)
      .where((row) =>
        admitted
          ? row('expires_at', '<=', toText(at))
          : row.or([row('id', '=', sessionId), row('expires_at', '<=', toText(at))]),
      )
      .execute();
    return { value: admitted, changes: [] };
  });
}

/**
 * Takes a code that works once: true for one caller only. Until then it is remembered; afterwards it may be forgotten, as the
 * library forgets what has been begun.
 */
export function claimSignInCode(engine: Engine, digest: string, until: number, at: number): Promise<boolean> {
  return engine.transact(async (db) => {
    const { numInsertedOrUpdatedRows } = await db
      .insertInto('auth_verification')
      .values({ id: digest, identifier_digest: digest, value: 'used', expires_at: toText(until), ...written(at) })
      .onConflict((conflict) => conflict.column('id').doNothing())
      .executeTakeFirstOrThrow();
    return { value: numInsertedOrUpdatedRows === 1n, changes: [] };
  });
}

async function deleteSessions(db: Kysely<Schema>, userId: string, exceptSessionId: string | null): Promise<void> {
  const { value } = await db
    .updateTable('auth_epoch')
    .set((row) => ({ value: row('value', '+', 1) }))
    .returning('value')
    .executeTakeFirstOrThrow();
  await db.updateTable('auth_user').set({ ended_epoch: value }).where('id', '=', userId).execute();
  await db
    .deleteFrom('auth_session')
    .where('user_id', '=', userId)
    .where('id', '<>', exceptSessionId ?? '')
    .execute();
  await db.deleteFrom('auth_verification').where('value', '=', userId).execute();
}

async function insertPassword(db: Kysely<Schema>, userId: string, passwordHash: string, at: number): Promise<void> {
  await db
    .insertInto('auth_account')
    .values({
      id: `${PASSWORD}:${userId}`,
      user_id: userId,
      provider_id: PASSWORD,
      account_id: userId,
      password_hash: passwordHash,
      ...written(at),
    })
    .execute();
}

function written(at: number): { created_at: string; updated_at: string } {
  return { created_at: toText(at), updated_at: toText(at) };
}

function toText(at: number): string {
  return new Date(at).toISOString();
}
