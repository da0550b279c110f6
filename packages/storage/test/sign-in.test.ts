import { randomBytes } from 'node:crypto';
import { type AuditEventId, newId, type SignInAudit } from '@postern/core';
import { describe, expect, onTestFinished, test } from 'vitest';
import { engines, TEST_NOW } from './engines.ts';
import { createWorld } from './world.ts';

const written = { created_at: '2026-11-23T20:00:00.000Z', updated_at: '2026-11-23T20:00:00.000Z' };
const ada = { id: 'usr_ada', email: 'ada@example.com', name: 'Ada', passwordHash: 'hash' };

function session(id: string, user_id = ada.id, expires_at = '2026-11-30T20:00:00.000Z') {
  return { id, user_id, token_digest: `digest of ${id}`, expires_at, ip_address: null, user_agent: null, ...written };
}

describe.each(engines)('sign-in storage on $name', (engine) => {
  async function open() {
    const database = await engine.open();
    onTestFinished(() => database.destroy());
    const failures: unknown[] = [];
    const { signIn } = database.storage;
    return { database, signIn, failures, db: signIn.openDatabase((error) => failures.push(error)) };
  }

  test('a library’s statements are answered as its own database would', async () => {
    const { signIn, db, failures } = await open();
    await signIn.createUser(ada);
    const made = await db
      .insertInto('auth_session')
      .values([session('a'), session('b')])
      .returningAll()
      .execute();
    expect(made).toEqual([session('a'), session('b')]);
    const updated = await db.updateTable('auth_session').set({ user_agent: 'x' }).executeTakeFirstOrThrow();
    expect(updated.numUpdatedRows).toBe(2n);
    const gone = await db.deleteFrom('auth_session').where('id', '=', 'a').executeTakeFirstOrThrow();
    expect(gone.numDeletedRows).toBe(1n);
    expect(await db.selectFrom('auth_session').select(['id', 'user_agent']).execute()).toEqual([
      { id: 'b', user_agent: 'x' },
    ]);
    expect(failures).toEqual([]);
  });

  test('a statement that fails is heard of, and undone', async () => {
    const { signIn, db, failures } = await open();
    await signIn.createUser(ada);
    const twice = db
      .insertInto('auth_session')
      .values([session('a'), session('a')])
      .execute();
    await expect(twice).rejects.toMatchObject({ code: 'internal' });
    expect(failures).toEqual([expect.objectContaining({ code: 'internal' })]);
    expect(await db.selectFrom('auth_session').selectAll().execute()).toEqual([]);
    await expect(db.transaction().execute(async () => undefined)).rejects.toThrow('transaction of its own');
  });

  test('writes of sign-in and mutations run beside each other', async () => {
    const { database, signIn, db } = await open();
    const world = await createWorld(database);
    await signIn.createUser(ada);
    await Promise.all(
      Array.from({ length: 40 }, async (_, index) => {
        await Promise.all([
          db
            .insertInto('auth_session')
            .values(session(`s${index}`))
            .execute(),
          world.createAccount({ displayName: `Account ${index}` }),
        ]);
        expect(await db.selectFrom('auth_session').select('id').where('id', '=', `s${index}`).execute()).toHaveLength(
          1,
        );
      }),
    );
    expect(await signIn.listSessions(ada.id)).toHaveLength(40);
  });

  test('an e-mail is one person’s, and nobody is half made', async () => {
    const { signIn, db } = await open();
    await signIn.createUser(ada);
    await expect(signIn.createUser({ ...ada, id: 'usr_eve' })).rejects.toMatchObject({ code: 'user.email_taken' });
    expect(await db.selectFrom('auth_account').select('user_id').execute()).toEqual([{ user_id: ada.id }]);
  });

  test('lists sessions that have not ended, the newest first', async () => {
    const { signIn, db } = await open();
    await signIn.createUser(ada);
    await signIn.createUser({ ...ada, id: 'usr_eve', email: 'eve@example.com', passwordHash: null });
    const later = { ...session('later'), created_at: '2026-11-23T20:00:00.001Z' };
    const rows = [session('first'), later, session('over', ada.id, written.created_at), session('eve', 'usr_eve')];
    await db.insertInto('auth_session').values(rows).execute();
    const listed = await signIn.listSessions(ada.id);
    expect(listed.map(({ id }) => id)).toEqual(['later', 'first']);
    expect(listed[1]).toEqual({
      id: 'first',
      signedInAt: TEST_NOW,
      expiresAt: TEST_NOW + 7 * 86_400_000,
      address: '',
      userAgent: '',
    });
  });

  test('a session ends with its event, or not at all', async () => {
    const { database, signIn, db } = await open();
    const world = await createWorld(database);
    const member = newId('member', database.clock, randomBytes);
    await database.storage.createMember(world.context({ actor: { kind: 'system' } }), {
      id: member,
      organizationRole: 'member',
      user: ada,
    });
    await db
      .insertInto('auth_session')
      .values([session('a'), session('b')])
      .execute();
    const event = (sessionId: string, eventId: AuditEventId): SignInAudit => ({
      eventId,
      userId: ada.id,
      action: 'session.end',
      outcome: 'done',
      details: { sessionId },
      request: world.context().request,
      at: TEST_NOW,
    });
    const once = newId('audit_event', database.clock, randomBytes);
    const end = (sessionId: string, eventId: AuditEventId) =>
      signIn.endSession({ userId: ada.id, sessionId }, event(sessionId, eventId));
    const events = () => database.query(`select id from audit_event where action = 'session.end'`);

    expect(await end('none', newId('audit_event', database.clock, randomBytes))).toBe(false);
    expect(await events()).toEqual([]);
    expect(await end('a', once)).toBe(true);
    expect(await events()).toEqual([{ id: once }]);
    await expect(end('b', once)).rejects.toMatchObject({ code: 'internal' });
    expect(await db.selectFrom('auth_session').select('id').execute()).toEqual([{ id: 'b' }]);
  });

  test('ends sessions of one person, one or all or all but one, and what was begun', async () => {
    const { signIn, db } = await open();
    await signIn.createUser(ada);
    await signIn.createUser({ ...ada, id: 'usr_eve', email: 'eve@example.com' });
    const rows = [...['a', 'b', 'c'].map((id) => session(id)), session('eve', 'usr_eve')];
    await db.insertInto('auth_session').values(rows).execute();
    const begun = (id: string, value: string) => ({ id, identifier_digest: id, value, expires_at: 'x', ...written });
    await db
      .insertInto('auth_verification')
      .values([begun('1', ada.id), begun('2', 'usr_eve')])
      .execute();
    const left = async () =>
      (await db.selectFrom('auth_session').select('id').orderBy('id').execute()).map(({ id }) => id);

    expect(await signIn.endSession({ userId: 'usr_eve', sessionId: 'a' }, null)).toBe(false);
    expect(await signIn.endSession({ userId: ada.id, sessionId: 'a' }, null)).toBe(true);
    expect(await left()).toEqual(['b', 'c', 'eve']);
    await signIn.endSessions(ada.id, 'b');
    expect(await left()).toEqual(['b', 'eve']);
    expect(await db.selectFrom('auth_verification').select('id').execute()).toEqual([{ id: '2' }]);
    expect(await signIn.setPassword(ada.id, 'other hash')).toBe(true);
    expect(await left()).toEqual(['eve']);
    await signIn.endSessions('usr_eve');
    expect(await left()).toEqual([]);
    expect(await signIn.setPassword('usr_nobody', 'hash')).toBe(false);
  });

  test('a code works once, for whoever is first', async () => {
    const { signIn } = await open();
    const claims = await Promise.all([1, 2, 3].map(() => signIn.claimCode('digest', 120)));
    expect(claims.filter(Boolean)).toHaveLength(1);
    expect(await signIn.claimCode('other digest', 120)).toBe(true);
  });

  test('forgets sessions that are over, and all of a person who is gone', async () => {
    const { signIn, db } = await open();
    await signIn.createUser(ada);
    const rows = [session('live'), session('over', ada.id, written.created_at)];
    await db.insertInto('auth_session').values(rows).execute();
    const live = { userId: ada.id, sessionId: 'live', epoch: await signIn.findEpoch() };
    expect(await signIn.admitSession(live)).toBe(true);
    expect(await db.selectFrom('auth_session').select('id').execute()).toEqual([{ id: 'live' }]);
    await db.deleteFrom('auth_user').where('id', '=', ada.id).execute();
    expect(await db.selectFrom('auth_session').select('id').execute()).toEqual([]);
    expect(await db.selectFrom('auth_account').select('id').execute()).toEqual([]);
  });

  test('a session whose sign-in began before all were ended does not live', async () => {
    const { signIn, db } = await open();
    await signIn.createUser(ada);
    await signIn.createUser({ ...ada, id: 'usr_eve', email: 'eve@example.com' });
    const epoch = await signIn.findEpoch();
    await signIn.endSessions(ada.id);
    await db
      .insertInto('auth_session')
      .values([session('late'), session('eve', 'usr_eve')])
      .execute();
    expect(await signIn.admitSession({ userId: 'usr_eve', sessionId: 'eve', epoch })).toBe(true);
    expect(await signIn.admitSession({ userId: ada.id, sessionId: 'late', epoch })).toBe(false);
    expect(await db.selectFrom('auth_session').select('id').execute()).toEqual([{ id: 'eve' }]);
    await db.insertInto('auth_session').values(session('new')).execute();
    const now = await signIn.findEpoch();
    expect(await signIn.admitSession({ userId: ada.id, sessionId: 'new', epoch: now })).toBe(true);
    expect(await signIn.admitSession({ userId: 'usr_nobody', sessionId: 'x', epoch: now })).toBe(false);
  });
});
