import { DAY_MS, HOUR_MS, type ServiceAccount, sweep, type Token } from '@postern/core';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { engines, type TestDatabase } from './engines.ts';
import { createWorld, type World } from './world.ts';

/** More than the mutation that ends their account marks, and more than twice what is marked at a time. */
const MANY = 1_100;

describe.each(engines)('an account with very many tokens on $name', (engine) => {
  let database: TestDatabase;
  let world: World;
  let account: ServiceAccount;
  /** The last one by its name, which is marked last. */
  let last: Awaited<ReturnType<World['createToken']>>;

  beforeEach(async () => {
    database = await engine.open();
    world = await createWorld(database);
    account = await world.createAccount();
    last = await world.createToken(account.id, { name: 'zuletzt' });
    await fill();
    database.clock.advance(1_000);
  });
  afterEach(() => database.destroy());

  /** Copies the token, without its digest. */
  async function fill(): Promise<void> {
    const [row = {}] = await database.query(`select * from token where id = '${last.token.id}'`);
    const names = Object.keys(row).filter((name) => name !== 'id');
    const literal = (value: unknown): string =>
      value === null ? 'null' : typeof value === 'string' ? `'${value}'` : String(value);
    const columns = names.map((name) => (name === 'name_key' ? "'a copy'" : literal(row[name])));
    const values = Array.from(
      { length: MANY - 1 },
      (_, index) => `('tok_${String(index).padStart(5, '0')}', ${columns.join(', ')})`,
    );
    await database.query(`insert into token (id, ${names.join(', ')}) values ${values.join(', ')} returning id`);
    await database.query(`update principal set token_count = ${MANY} where id = '${account.id}' returning id`);
  }

  const marked = async (): Promise<number> =>
    Number((await database.query('select count(*) as n from token where deleted_at is not null'))[0]?.['n']);
  const sweepAll = () => sweep(database.storage, async () => undefined);

  async function list(fields: { readonly deleted?: boolean } = {}): Promise<Token[]> {
    const found: Token[] = [];
    let after = null;
    do {
      const page = await database.storage.listTokens(world.organizationId, {
        ...{ sort: 'name', descending: false, search: null, accountId: account.id, deleted: false, status: null },
        ...{ hint: null, expiresBefore: null, unusedSince: null, overlap: false, now: database.clock.now() },
        ...{ limit: 200, after, ...fields },
      });
      found.push(...page.items);
      after = page.next;
    } while (after);
    return found;
  }

  async function tokensDeleted(action: string): Promise<unknown> {
    const { items } = await database.storage.listAuditEvents(world.organizationId, {
      ...{ actorId: null, targetId: account.id, principalId: null, action, requestId: null, from: null, to: null },
      ...{ limit: 1, after: null },
    });
    return items[0]?.details['tokensDeleted'];
  }

  async function expectEnded(): Promise<void> {
    const address = { accountId: account.id, tokenId: last.token.id };
    const { storage } = database;
    expect(await storage.findToken(world.organizationId, address)).toBeUndefined();
    expect(await list()).toEqual([]);
    expect((await world.find(last.digest))?.token).toMatchObject({ deleted: true, state: 'retired' });
    const ofAccount = { accountId: account.id, createdBy: null, createdBefore: null, unusedSince: null };
    expect(await storage.listRevocableTokens(world.organizationId, ofAccount)).toEqual({ revoked: 0, tokens: [] });
    expect((await storage.revokeTokens(world.context(), ofAccount)).changed).toBe(false);
    expect((await storage.deleteTokens(world.context(), account.id)).changed).toBe(false);
    for (const change of [
      () => storage.updateToken(world.context(), address, { name: 'Later' }),
      () => storage.deleteToken(world.context(), address),
      () => storage.endTokenOverlap(world.context(), address),
      () =>
        storage.refreshToken(world.context(), {
          ...address,
          generation: 1,
          next: world.generation(),
          overlapUntil: null,
        }),
      () => storage.reportLeakedToken(world.context(), { ...address, generation: 1 }),
    ]) {
      await expect(change()).rejects.toMatchObject({ code: 'token.not_found' });
    }
    expect((await storage.listSecretKeyUse(database.clock.now())).map(({ liveValues }) => liveValues)).toEqual([1]);
  }

  test('is disabled with a bounded number of rows written, and has no token any more', async () => {
    const { result } = await database.storage.disableServiceAccount(world.context(), account.id);
    expect(result).toMatchObject({ status: 'disabled', tokenCount: 0 });
    expect(await tokensDeleted('service_account.disable')).toBe(MANY);
    expect(await marked()).toBe(500);
    await expectEnded();
  });

  test('has all of them marked by the sweep, as of when they ended', async () => {
    await database.storage.disableServiceAccount(world.context(), account.id);
    const endedAt = database.clock.now();
    const before = await database.query(`select version from principal where id = '${account.id}'`);
    database.clock.advance(DAY_MS);
    await sweepAll();
    expect(await marked()).toBe(MANY);
    const deleted = await list({ deleted: true });
    expect(deleted).toHaveLength(MANY);
    expect(new Set(deleted.map(({ deletedAt, version }) => `${deletedAt} ${version}`))).toEqual(
      new Set([`${endedAt} 2`]),
    );
    expect(await database.query('select id from principal where tokens_end_at is not null')).toEqual([]);
    expect(await database.query(`select version from principal where id = '${account.id}'`)).toEqual(before);
    await expectEnded();
  });

  test('comes back without any of them, and what is made then lives', async () => {
    const { storage } = database;
    await storage.disableServiceAccount(world.context(), account.id);
    await storage.enableServiceAccount(world.context(), account.id);
    expect(await marked()).toBe(MANY);
    expect((await world.find(last.digest))?.token).toMatchObject({ deleted: true });
    const made = await world.createToken(account.id);
    await sweepAll();
    expect((await list()).map(({ id }) => id)).toEqual([made.token.id]);
    expect((await world.find(made.digest))?.token).toMatchObject({ deleted: false });
    expect(await storage.findServiceAccount(world.organizationId, account.id)).toMatchObject({ tokenCount: 1 });
  });

  test('is deleted after it was disabled: its tokens ended before', async () => {
    const { storage } = database;
    await storage.disableServiceAccount(world.context(), account.id);
    const endedAt = database.clock.now();
    database.clock.advance(1_000);
    await storage.deleteServiceAccount(world.context(), account.id);
    expect(await tokensDeleted('service_account.delete')).toBe(0);
    expect(await marked()).toBe(1_000);
    await sweepAll();
    const ends = await database.query(`select distinct deleted_at as at from token where account_id = '${account.id}'`);
    expect(ends.map(({ at }) => Number(at))).toEqual([endedAt]);
    expect((await world.find(last.digest))?.principal).toMatchObject({ status: 'deleted' });
  });

  test('has no use noted of what has ended, marked or not', async () => {
    await database.storage.disableServiceAccount(world.context(), account.id);
    const at = database.clock.now();
    const caller = { address: '192.0.2.1', userAgent: 'job' };
    await database.storage.recordUsage({
      completeUntil: at,
      uses: [
        {
          ...{ organizationId: world.organizationId, accountId: account.id, tokenId: last.token.id, generation: 1 },
          ...{ lastAt: at, lastAddress: caller.address, lastUserAgent: caller.userAgent },
          hours: [{ hour: at - (at % HOUR_MS), outcome: 'allowed', calls: 1 }],
          callers: [{ ...caller, firstAt: at, lastAt: at, calls: 1 }],
          permissions: [],
        },
      ],
      refusals: [],
      redigests: [],
    });
    for (const table of ['token_generation_use', 'token_usage_hour', 'token_caller']) {
      expect(await database.query(`select token_id from ${table}`)).toEqual([]);
    }
  });

  test('is not counted among those whose tokens end with a quarantine', async () => {
    const { storage } = database;
    await storage.disableServiceAccount(world.context(), account.id);
    const endedAt = database.clock.now();
    database.clock.advance(1_000);
    await database.query(`update organization set quarantine = 'releasable' where id = '${world.organizationId}'`);
    const living = await database.query('select count(*) as n from token where deleted_at is null');
    const { result } = await storage.deleteQuarantinedTokens(world.operatorContext());
    expect(result).toBe(Number(living[0]?.['n']) - (MANY - 500));
    const ends = await database.query(`select distinct deleted_at as at from token where account_id = '${account.id}'`);
    expect(ends.map(({ at }) => Number(at))).toEqual([endedAt]);
  });

  test('loses all of them at once where it stays', async () => {
    const { result } = await database.storage.deleteTokens(world.context(), account.id);
    expect(result).toBe(MANY);
    expect(await marked()).toBe(MANY);
    const made = await world.createToken(account.id);
    expect((await list()).map(({ id }) => id)).toEqual([made.token.id]);
  });
});
