import { DAY_MS, HOUR_MS, RETENTION, sweep } from '@postern/core';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { engines, type TestDatabase } from './engines.ts';
import { createWorld, type World } from './world.ts';

describe.each(engines)('the sweep on $name', (engine) => {
  let database: TestDatabase;
  let world: World;

  beforeEach(async () => {
    database = await engine.open();
    world = await createWorld(database);
  });
  afterEach(() => database.destroy());

  const noWait = async (): Promise<void> => undefined;
  const count = async (table: string): Promise<number> =>
    Number((await database.query(`select count(*) as n from ${table}`))[0]?.['n']);

  /** Until there is nothing more to do now. */
  async function sweepAll(limits: Parameters<typeof sweep>[2] = {}): Promise<number> {
    let removed = 0;
    for (let found = await sweep(database.storage, noWait, limits); found > 0; ) {
      removed += found;
      found = await sweep(database.storage, noWait, limits);
    }
    return removed;
  }

  async function use(made: Awaited<ReturnType<World['createToken']>>, accountId = made.token.accountId): Promise<void> {
    const at = database.clock.now();
    const caller = { address: '192.0.2.1', userAgent: 'job' };
    await database.storage.recordUsage({
      completeUntil: at,
      uses: [
        {
          organizationId: world.organizationId,
          accountId,
          tokenId: made.token.id,
          generation: 1,
          lastAt: at,
          lastAddress: caller.address,
          lastUserAgent: caller.userAgent,
          hours: [{ hour: at - (at % HOUR_MS), outcome: 'allowed', calls: 1 }],
          callers: [{ ...caller, firstAt: at, lastAt: at, calls: 1 }],
          permissions: [],
        },
      ],
      refusals: [],
      redigests: [],
    });
  }

  test('removes nothing that is still within its time', async () => {
    const account = await world.createAccount();
    const made = await world.createToken(account.id);
    await use(made);
    await database.storage.deleteToken(world.context(), { accountId: account.id, tokenId: made.token.id });
    await database.storage.deleteServiceAccount(world.context(), account.id);
    database.clock.advance(RETENTION.endedMs);
    expect(await sweepAll()).toBe(0);
    expect(await world.find(made.digest)).toMatchObject({ token: { deleted: true } });
  });

  test('forgets ended tokens and accounts, and hours and callers, after their time; the living stay', async () => {
    const account = await world.createAccount();
    const other = await world.createAccount({ displayName: 'Other' });
    const [ended, living] = [await world.createToken(account.id), await world.createToken(other.id)];
    await use(ended);
    await use(living);
    await database.storage.deleteServiceAccount(world.context(), account.id);
    database.clock.advance(RETENTION.endedMs + HOUR_MS);
    expect(await sweepAll()).toBeGreaterThan(0);
    expect(await world.find(ended.digest)).toBeUndefined();
    expect(await count('token_usage_hour')).toBe(0);
    expect(await count('token_caller')).toBe(0);
    expect(await database.query(`select last_at from token_generation_use`)).toHaveLength(1);
    expect(
      await database.storage.findToken(world.organizationId, { accountId: other.id, tokenId: living.token.id }),
    ).toMatchObject({ lastUsedUserAgent: 'job' });
    // The account is looked at once an hour, when none of its tokens is left.
    database.clock.advance(HOUR_MS);
    await sweepAll();
    expect(await database.query(`select id from principal where id = '${account.id}'`)).toEqual([]);
    expect(await world.find(world.token.digest)).toMatchObject({ token: { deleted: false } });
  });

  test('keeps so many retired values of an organization, the latest', async () => {
    const account = await world.createAccount();
    const made = await world.createToken(account.id);
    const address = { accountId: account.id, tokenId: made.token.id };
    const digests = [made.digest];
    for (let generation = 1; generation <= 6; generation += 1) {
      database.clock.advance(1_000);
      const next = world.generation();
      digests.push(next.digest);
      await database.storage.refreshToken(world.context(), { ...address, generation, next, overlapUntil: null });
    }
    await sweepAll({ retiredPerOrganization: 4 });
    const found = await Promise.all(digests.map(async (digest) => (await world.find(digest))?.token.state));
    expect(found).toEqual([undefined, undefined, 'retired', 'retired', 'retired', 'retired', 'current']);
  });

  test('trims the change log: who is behind begins anew, who is not goes on', async () => {
    const { storage } = database;
    const account = await world.createAccount();
    const start = await storage.listChanges(world.organizationId, null);
    for (let step = 1; step <= 30; step += 1) {
      await storage.updateServiceAccount(world.context(), account.id, { description: `${step}` });
    }
    const late = await storage.listChanges(world.organizationId, null);
    const near = await database.query(
      'select organization_position, nonce from change_log order by position desc limit 3',
    );
    const third = { position: Number(near[2]?.['organization_position']), nonce: String(near[2]?.['nonce']) };
    await sweepAll({ changes: 10 });
    expect(await count('change_log')).toBe(10);
    expect(await storage.listChanges(world.organizationId, start.head)).toEqual({
      head: late.head,
      changes: undefined,
    });
    expect(await storage.listChanges(world.organizationId, late.head)).toEqual({ head: late.head, changes: [] });
    expect((await storage.listChanges(world.organizationId, third)).changes).toHaveLength(2);
    await sweepAll({ changes: 0 });
    // The newest says where the log has come to.
    expect(await storage.listChanges(world.organizationId, late.head)).toEqual({ head: late.head, changes: [] });
    // This process goes on, and one that starts now, too.
    const { token, digest } = await world.createToken(account.id);
    expect(await world.find(digest)).toBeDefined();
    await storage.deleteToken(world.context(), { accountId: account.id, tokenId: token.id });
    expect(await world.find(digest)).toMatchObject({ token: { deleted: true } });
    const other = await database.openAnother();
    expect(other.storage.verification.catchUp()).toBe(true);
  });

  test('forgets answers that cannot be asked for any more, sessions and links that are over', async () => {
    const claim = { rowKey: 'r', fingerprint: 'f', previous: null, sealed: null };
    await database.storage.createServiceAccount(world.context({ idempotency: claim }), world.newAccount());
    const soon = new Date(database.clock.now() + HOUR_MS).toISOString();
    await database.query(
      `insert into auth_user (id, email, email_verified, name, created_at, updated_at) values ('u', 'u', 1, 'u', 'x', 'x') returning id`,
    );
    for (const [id, end] of [
      ['over', soon],
      ['living', '2999-01-01T00:00:00.000Z'],
    ]) {
      await database.query(
        `insert into auth_session (id, user_id, token_digest, expires_at, created_at, updated_at) values ('${id}', 'u', '${id}', '${end}', 'x', 'x') returning id`,
      );
    }
    expect(await sweepAll()).toBe(0);
    database.clock.advance(DAY_MS);
    expect(await sweepAll()).toBe(2);
    expect(await count('idempotency')).toBe(0);
    expect(await database.query('select id from auth_session')).toEqual([{ id: 'living' }]);
  });

  test('is one process at a time; one that died is followed after a while', async () => {
    const { storage } = database;
    const other = engine.name === 'postgres' ? (await database.openAnother()).storage : storage;
    const claims = await Promise.all([storage.claimCleanup(60_000), other.claimCleanup(60_000)]);
    expect(claims.filter(Boolean)).toHaveLength(1);
    expect(await sweep(other, noWait)).toBe(0);
    database.clock.advance(60_000);
    expect(await other.claimCleanup(60_000)).toBe(true);
  });

  test('goes through many in small batches, and goes on where another broke off', async () => {
    const account = await world.createAccount();
    const now = database.clock.now();
    const columns =
      'id, organization_id, account_id, name, description, name_key, search_text, hint, generation, expires_at, created_at, last_used_at, version, created_by_kind, created_by_name, deleted_at';
    const values = Array.from(
      { length: 950 },
      (_, index) =>
        `('tok_${String(index).padStart(5, '0')}', '${world.organizationId}', '${account.id}', 'n', '', 'n', 'n', 'h', 1, 1, 1, 0, 1, 'operator', 'o', ${index % 2 === 0 ? now : 'null'})`,
    );
    await database.query(`insert into token (${columns}) values ${values.join(', ')} returning id`);
    database.clock.advance(RETENTION.endedMs + 1);
    expect(await database.storage.cleanUp('tokens')).toEqual({ removed: 100, more: true });
    await database.reopen();
    expect(await sweepAll()).toBe(375);
    expect(await count('token')).toBe(476);
    expect(await database.storage.cleanUp('tokens')).toEqual({ removed: 0, more: false });
  });
});
