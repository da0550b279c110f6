import { randomBytes } from 'node:crypto';
import { createVerificationCache, LEASE_MS } from '@postern/core';
import { Client } from 'pg';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openPostgresStorage } from '../src/postgres/storage.ts';
import { asAdmin, engines, type TestDatabase } from './engines.ts';
import { createWorld, type World } from './world.ts';

const engine = engines.find(({ name }) => name === 'postgres')!;

describe('on PostgreSQL', () => {
  let database: TestDatabase;
  let world: World;

  beforeEach(async () => {
    database = await engine.open();
    world = await createWorld(database);
  });
  afterEach(() => database.destroy());

  const nameOf = (): string => new URL(database.location).pathname.slice(1);
  const nodes = async (): Promise<readonly unknown[]> =>
    (await database.query('select id from node order by id')).map((row) => row['id']);
  /** Ends every connection that runs something like this, as a crash of its server process would. */
  const terminate = (activity: string) =>
    asAdmin(
      `select pg_terminate_backend(pid) from pg_stat_activity
       where datname = '${nameOf()}' and application_name = 'postern' and ${activity}`,
    );

  test('a mutation waits for a node that has not acknowledged, and fences one that never does', async () => {
    await database.query(
      `insert into node (id, acked, renewals, joined_at, usage_complete_until) values ('paused', 0, 7, 0, 0)`,
    );
    const { receipt } = await database.storage.createServiceAccount(world.context(), world.newAccount());
    expect(receipt).toMatchObject({ confirmed: 1, expired: 1 });
    expect(receipt.ms).toBeGreaterThanOrEqual(LEASE_MS - 5);
    expect(receipt.ms).toBeLessThan(LEASE_MS * 3);
    expect(await nodes()).not.toContain('paused');
    const next = await database.storage.createServiceAccount(world.context(), world.newAccount());
    expect(next.receipt).toMatchObject({ confirmed: 1, expired: 0 });
  });

  test('a refusal that rests on what was read alone waits for it, too', async () => {
    await database.query(
      `insert into node (id, acked, renewals, joined_at, usage_complete_until) values ('paused', 0, 7, 0, 0)`,
    );
    const { actor, request, at, eventId, organizationId } = world.context();
    await database.storage.recordRefusedMutation({
      ...{ eventId, organizationId, actor, request, at, action: 'workspace.delete', target: null },
      code: 'workspace.not_found',
    });
    expect(await nodes()).not.toContain('paused');
  });

  test('a node that has acknowledged in another history of the database is waited for, one that names none is believed', async () => {
    const insert = (id: string, history: string) =>
      database.query(
        `insert into node (id, acked, renewals, joined_at, usage_complete_until, history)
         values ('${id}', 1000000, 7, 0, 0, ${history})`,
      );
    await insert('older', 'null');
    await insert('elsewhere', `'1 00000001'`);
    const { receipt } = await database.storage.createServiceAccount(world.context(), world.newAccount());
    expect(receipt).toMatchObject({ confirmed: 2, expired: 1 });
    expect(await nodes()).toContain('older');
    expect(await nodes()).not.toContain('elsewhere');
  });

  test('a node whose row is of another history joins anew', async () => {
    const [before] = await nodes();
    await database.query(`update node set history = '1 00000001' returning id`);
    await expect.poll(nodes, { timeout: 10_000 }).not.toContain(before);
    await expect.poll(nodes, { timeout: 10_000 }).toHaveLength(1);
    await expect.poll(() => database.storage.verification.catchUp(), { timeout: 10_000 }).toBe(true);
  });

  test('refusals and repetitions wait too: they tell how things are', async () => {
    const { id } = await world.createAccount();
    await database.storage.deleteServiceAccount(world.context(), id);
    await database.query(
      `insert into node (id, acked, renewals, joined_at, usage_complete_until) values ('paused', 0, 7, 0, 0)`,
    );
    await expect(database.storage.deleteServiceAccount(world.context(), id)).rejects.toMatchObject({
      code: 'service_account.not_found',
    });
    expect(await nodes()).not.toContain('paused');
  });

  test('live nodes confirm quickly, and a node that closes leaves', async () => {
    const other = await database.openAnother();
    const { receipt } = await database.storage.createServiceAccount(world.context(), world.newAccount());
    expect(receipt).toMatchObject({ confirmed: 2, expired: 0 });
    await other.storage.close();
    expect(await nodes()).toHaveLength(1);
  });

  test('a notification has the end of the log, from what its node had applied on', async () => {
    await world.createAccount();
    const listener = new Client({ connectionString: database.location });
    const heard: { readonly nodeId: string; readonly changes: readonly { readonly position: number }[] }[] = [];
    // A seal stands before it.
    listener.on('notification', ({ payload = '' }) => heard.push(JSON.parse(payload.slice(64))));
    await listener.connect();
    await listener.query('listen postern_change');
    const tail = () => database.query('select position, nonce from change_log order by position desc limit 2');
    await world.createAccount();
    const [last, before] = (await tail()).map(({ position, nonce }) =>
      expect.objectContaining({ position: Number(position), nonce }),
    );
    // What was said before it listened may come late.
    await expect.poll(() => heard.at(-1)).toEqual({ nodeId: (await nodes())[0], changes: [before, last] });
    await listener.end();
  });

  test('what nobody has sealed of the log is not believed', async () => {
    const [first] = await database.query('select position, nonce from change_log order by position desc limit 1');
    const at = Number(first?.['position']);
    const row = (position: number, nonce: unknown, subjectId: string) => ({
      ...{
        position,
        nonce,
        organizationId: world.organizationId,
        organizationPosition: 1000 + position,
        kind: 'token',
      },
      subjectId,
    });
    const made = await world.createToken(world.accountId);
    const committed = async (position: number, subjectId: string) =>
      database.query(
        `insert into change_log (position, nonce, organization_id, organization_position, kind, subject_id)
         values (${position}, 'unheard-${position}', '${world.organizationId}', ${1000 + position}, 'token', '${subjectId}')`,
      );
    const [head] = await database.query('select position, nonce from change_log order by position desc limit 1');
    const base = Number(head?.['position']);
    expect(base).toBeGreaterThan(at);
    const applied: string[] = [];
    database.cache.follow(world.organizationId, {
      changed: ({ subjectId }) => void applied.push(subjectId),
      skipped: () => undefined,
    });
    await committed(base + 1, made.token.id);
    // Leads past the row in which that token ends, to one that says something else.
    const forged = [row(base, head?.['nonce'], 'x'), row(base + 1, `unheard-${base + 1}`, 'another')];
    for (const seal of ['', '0'.repeat(64)]) {
      const payload = seal + JSON.stringify({ nodeId: 'n', changes: forged });
      await database.query(`select pg_notify('postern_change', '${payload}')`);
    }
    await expect.poll(() => applied).toEqual([made.token.id]);
  });

  test.each(['node_of_an_older_postern', '{"changes":7}', '[', 'null', ''])(
    'a notification that says %j keeps no node from what is new',
    async (payload) => {
      const [first] = await database.query('select position, nonce from change_log order by position desc limit 1');
      await database.query(
        `insert into change_log (position, nonce, organization_id, organization_position, kind, subject_id)
         values (${Number(first?.['position']) + 1}, 'unseen', '${world.organizationId}', 1000, 'token', 't')`,
      );
      await database.query(`select pg_notify('postern_change', '${payload}')`);
      const acked = async () => Number((await database.query('select acked from node'))[0]?.['acked']);
      await expect.poll(acked).toBe(Number(first?.['position']) + 1);
    },
  );

  test('a node that died is taken off the list though nothing changes, and one that lives stays', async () => {
    await database.openAnother();
    const living = await nodes();
    await database.query(
      `insert into node (id, acked, renewals, joined_at, usage_complete_until) values ('killed', 0, 7, 0, 0) returning id`,
    );
    expect(await nodes()).toHaveLength(3);
    await expect.poll(nodes, { timeout: 20_000 }).not.toContain('killed');
    expect(await nodes()).toEqual(living);
  });

  test('a node whose row was taken away joins anew', async () => {
    const [before] = await nodes();
    await database.query('delete from node returning id');
    await expect.poll(nodes, { timeout: 10_000 }).toHaveLength(1);
    expect(await nodes()).not.toContain(before);
    await expect.poll(() => database.storage.verification.catchUp(), { timeout: 10_000 }).toBe(true);
  });

  test('a node that has applied what the log does not have acknowledges nothing by it, and joins anew', async () => {
    const { storage } = database;
    const created = await storage.createServiceAccount(world.context(), world.newAccount());
    expect(created.receipt.confirmed).toBe(1);
    const [before] = await nodes();
    // Another history: at the newest position there is another row than the one that was applied.
    await database.query(
      `update change_log set nonce = 'another' where position = (select position from change_head) returning position`,
    );
    await expect.poll(nodes, { timeout: 10_000 }).not.toContain(before);
    await expect.poll(nodes, { timeout: 10_000 }).toHaveLength(1);
  });

  test('a connection lost before the commit: nothing was done', async () => {
    const blocker = new Client({ connectionString: database.location });
    await blocker.connect();
    await blocker.query('begin');
    await blocker.query('select * from organization for update');
    /** Ends the connection of one that waits; none, where it gave up before it was found. */
    const lose = async () => {
      let answered = false;
      const refused = world.createAccount({ externalId: 'lost' }).catch((error: unknown) => error);
      void refused.then(() => {
        answered = true;
      });
      let ended: readonly unknown[] = [];
      while (!answered && ended.length === 0) ended = await terminate(`wait_event_type = 'Lock'`);
      return { ended, error: await refused };
    };
    let lost = await lose();
    for (let attempt = 1; lost.ended.length === 0 && attempt < 5; attempt += 1) lost = await lose();
    expect(lost.ended).toHaveLength(1);
    expect(lost.error).toMatchObject({ code: 'storage.unavailable', facts: { retryAfterSeconds: 1 } });
    await blocker.end();
    await expect(world.createAccount({ externalId: 'lost' })).resolves.toMatchObject({ externalId: 'lost' });
  });

  test('a lock that is not to be had: nothing was done', async () => {
    const blocker = new Client({ connectionString: database.location });
    await blocker.connect();
    await blocker.query('begin');
    await blocker.query('select * from organization for update');
    await expect(world.createAccount()).rejects.toMatchObject({ code: 'storage.unavailable' });
    // Verification does not wait for it.
    expect(await world.find(world.token.digest)).toBeDefined();
    await blocker.end();
    await expect(world.createAccount()).resolves.toBeDefined();
  });

  test('a connection lost during the commit: nobody can know', async () => {
    await database.query(
      `create function stand() returns trigger language plpgsql as $$ begin perform pg_sleep(20); return new; end $$;
       create trigger stand before insert on change_log for each row execute function stand()`,
    );
    const committing = expect(world.createAccount()).rejects.toMatchObject({ code: 'outcome_unknown' });
    await expect.poll(() => terminate(`wait_event = 'PgSleep'`)).toHaveLength(1);
    await committing;
    await database.query('drop trigger stand on change_log');
    await expect(world.createAccount()).resolves.toBeDefined();
  });

  test('a database that is gone: 503, no verdict from memory after the lease, and back again with it', async () => {
    const { storage } = database;
    await expect.poll(() => storage.verification.catchUp()).toBe(true);
    await asAdmin(`alter database ${nameOf()} allow_connections false`);
    await terminate('true');
    const unavailable = { code: 'storage.unavailable' };
    await expect(storage.verification.findRecord([world.token.digest])).rejects.toMatchObject(unavailable);
    await expect(world.createAccount()).rejects.toMatchObject(unavailable);
    await expect(storage.findOrganization(world.organizationId)).rejects.toMatchObject(unavailable);
    await expect(storage.ping()).rejects.toMatchObject({ ...unavailable, reason: 'database_unreachable' });
    await expect.poll(() => storage.verification.catchUp(), { timeout: 10_000 }).toBe(false);
    await asAdmin(`alter database ${nameOf()} allow_connections true`);
    await expect.poll(() => storage.verification.catchUp(), { timeout: 10_000 }).toBe(true);
    await storage.ping();
    expect(await world.find(world.token.digest)).toBeDefined();
    await world.createAccount();
  });

  test('a newer Postern that adds a column costs each connection one 503, and nothing is done by it', async () => {
    const storage = await openPostgresStorage({
      url: database.location,
      cache: createVerificationCache(1_000_000),
      clock: database.clock,
      random: randomBytes,
      maxConnections: 1,
      time: 'clock',
    });
    const create = () => storage.createToken(world.context(), world.newToken(world.accountId));
    await create();
    await database.query('alter table token add column newer bigint');
    await expect(create()).rejects.toMatchObject({ code: 'storage.unavailable', facts: { retryAfterSeconds: 1 } });
    await expect(create()).resolves.toMatchObject({ changed: true });
    expect(await database.query(`select id from token where account_id = '${world.accountId}'`)).toHaveLength(3);
    await storage.close();
  });

  test('time is the database’s unless a test owns it', async () => {
    const clock = { now: () => Date.now() - 86_400_000, monotonic: () => performance.now() };
    const storage = await openPostgresStorage({
      url: database.location,
      cache: createVerificationCache(1_000_000),
      clock,
      random: randomBytes,
    });
    expect(Math.abs(storage.now() - Date.now())).toBeLessThan(1_000);
    // Ours is a day behind: a node like that is not ready.
    await expect(storage.ping()).rejects.toMatchObject({ code: 'storage.unavailable', reason: 'clock_off' });
    await storage.close();
  });

  test('an error says nothing of the database outside the log', async () => {
    const { token } = await world.createToken(world.accountId);
    const again = database.storage.createToken(world.context(), world.newToken(world.accountId, { id: token.id }));
    await expect(again).rejects.toMatchObject({
      code: 'internal',
      facts: { internal: expect.stringContaining('23505') },
    });
    await expect(again).rejects.not.toHaveProperty('facts.detail');
  });
});
