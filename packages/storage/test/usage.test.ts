import { randomBytes } from 'node:crypto';
import {
  DAY_MS,
  type GenerationUse,
  HOUR_MS,
  newId,
  type RefusedUse,
  type ServiceAccount,
  type Token,
  type TokenDigest,
  type UsageBatch,
} from '@postern/core';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { engines, TEST_NOW, type TestDatabase } from './engines.ts';
import { createOtherWorld, createWorld, type World } from './world.ts';

describe.each(engines)('use on $name', (engine) => {
  let database: TestDatabase;
  let world: World;
  let account: ServiceAccount;
  let token: Token;
  let digest: TokenDigest;

  beforeEach(async () => {
    database = await engine.open();
    world = await createWorld(database);
    account = await world.createAccount();
    ({ token, digest } = await world.createToken(account.id));
  });
  afterEach(() => database.destroy());

  const hour = TEST_NOW - (TEST_NOW % HOUR_MS);
  const address = () => ({ accountId: account.id, tokenId: token.id });
  const find = () => database.storage.findToken(world.organizationId, address());
  const record = (batch: Partial<UsageBatch>) =>
    database.storage.recordUsage({
      completeUntil: TEST_NOW,
      uses: [],
      refusals: [],
      redigests: [],
      ...batch,
    });
  const use = (fields: Partial<GenerationUse> = {}): GenerationUse => ({
    organizationId: world.organizationId,
    accountId: account.id,
    tokenId: token.id,
    generation: 1,
    lastAt: TEST_NOW,
    lastAddress: '198.51.100.7',
    lastUserAgent: 'curl/8',
    hours: [{ hour, outcome: 'allowed', calls: 3 }],
    callers: [{ address: '198.51.100.7', userAgent: 'curl/8', firstAt: TEST_NOW - 10, lastAt: TEST_NOW, calls: 3 }],
    permissions: [],
    ...fields,
  });
  const refusal = (fields: Partial<RefusedUse> = {}): RefusedUse => ({
    eventId: newId('audit_event', database.clock, randomBytes),
    organizationId: world.organizationId,
    accountId: account.id,
    tokenId: token.id,
    generation: 1,
    reason: 'retired',
    network: '198.51.100.0/24',
    hour,
    calls: 2,
    firstAt: TEST_NOW,
    address: '198.51.100.7',
    userAgent: 'curl/8',
    requestIds: ['req_a', 'req_b'],
    ...fields,
  });
  const callers = (generation = 1) =>
    database.storage.listTokenCallers(world.organizationId, { ...address(), generation });
  const usage = (by: 'hour' | 'day' = 'hour') =>
    database.storage.listTokenUsage(world.organizationId, { ...address(), from: 0, to: TEST_NOW + DAY_MS, by });

  test('moves last-used times forwards only', async () => {
    await record({ uses: [use()] });
    const used = { lastUsedAt: TEST_NOW, lastUsedIp: '198.51.100.7', lastUsedUserAgent: 'curl/8', version: 1 };
    expect(await find()).toMatchObject(used);
    await record({ uses: [use({ lastAt: TEST_NOW - 1, lastAddress: '203.0.113.1' })] });
    expect(await find()).toMatchObject(used);
    expect(await database.storage.findServiceAccount(world.organizationId, account.id)).toMatchObject({
      lastUsedAt: TEST_NOW,
      version: 1,
    });
    await record({ uses: [use({ lastAt: TEST_NOW + 1, lastAddress: '203.0.113.1' })] });
    expect(await find()).toMatchObject({ lastUsedAt: TEST_NOW + 1, lastUsedIp: '203.0.113.1' });
  });

  test('is told apart by generation', async () => {
    await database.storage.refreshToken(world.context(), {
      ...address(),
      generation: 1,
      next: world.generation(),
      overlapUntil: TEST_NOW + HOUR_MS,
    });
    const old = use({ lastAt: TEST_NOW + 1, lastAddress: '203.0.113.9', lastUserAgent: 'old' });
    await record({ uses: [use({ generation: 2 }), old] });
    expect(await find()).toMatchObject({
      lastUsedAt: TEST_NOW + 1,
      previous: { generation: 1, lastUsedAt: TEST_NOW + 1, lastUsedIp: '203.0.113.9', lastUsedUserAgent: 'old' },
    });
    await record({ uses: [use({ generation: 2, lastAt: TEST_NOW + 5 })] });
    expect(await find()).toMatchObject({ lastUsedAt: TEST_NOW + 5, previous: { lastUsedAt: TEST_NOW + 1 } });
  });

  test('adds up, by hour or day, generation and outcome', async () => {
    const hours = [
      { hour, outcome: 'allowed', calls: 3 },
      { hour, outcome: 'denied', calls: 1 },
      { hour: hour - HOUR_MS, outcome: 'refused', calls: 7 },
    ] as const;
    await record({ uses: [use({ hours })] });
    await record({ uses: [use({ hours }), use({ generation: 2 })] });
    expect(await usage()).toEqual([
      { at: hour - HOUR_MS, generation: 1, outcome: 'refused', calls: 14 },
      { at: hour, generation: 1, outcome: 'allowed', calls: 6 },
      { at: hour, generation: 1, outcome: 'denied', calls: 2 },
      { at: hour, generation: 2, outcome: 'allowed', calls: 3 },
    ]);
    const day = TEST_NOW - (TEST_NOW % DAY_MS);
    expect(await usage('day')).toEqual([
      { at: day, generation: 1, outcome: 'allowed', calls: 6 },
      { at: day, generation: 1, outcome: 'denied', calls: 2 },
      { at: day, generation: 1, outcome: 'refused', calls: 14 },
      { at: day, generation: 2, outcome: 'allowed', calls: 3 },
    ]);
  });

  test('names who calls, the latest 200 of each generation', async () => {
    const caller = (index: number) => ({
      address: `10.0.${index >> 8}.${index & 255}`,
      userAgent: 'x',
      firstAt: TEST_NOW,
      lastAt: TEST_NOW + index,
      calls: 1,
    });
    await record({ uses: [use({ callers: Array.from({ length: 150 }, (_, index) => caller(index)) })] });
    await record({ uses: [use({ callers: Array.from({ length: 150 }, (_, index) => caller(100 + index)) })] });
    const kept = await callers();
    expect(kept).toHaveLength(200);
    expect(kept[0]).toEqual({ ...caller(249), calls: 1 });
    expect(kept.find(({ address: known }) => known === caller(120).address)).toMatchObject({ calls: 2 });
    expect(kept.at(-1)).toEqual({ ...caller(50), calls: 1 });
    expect(await callers(2)).toEqual([]);
  });

  describe('of permissions', () => {
    const exercised = (lastAt: number, ...names: string[]) => names.map((permission) => ({ permission, lastAt }));
    const list = async (organizationId = world.organizationId, id = account.id) =>
      (await database.storage.listPermissionUses(organizationId, id)).uses;

    test('moves forwards only, over all tokens of a principal', async () => {
      const { token: second } = await world.createToken(account.id);
      await record({
        uses: [
          use({ permissions: [...exercised(TEST_NOW, 'invoices.read'), ...exercised(TEST_NOW - 9, 'token.create')] }),
          use({ tokenId: second.id, permissions: exercised(TEST_NOW - 5, 'invoices.read', 'workspace.run') }),
        ],
      });
      const first = [
        { permission: 'invoices.read', lastAt: TEST_NOW },
        { permission: 'token.create', lastAt: TEST_NOW - 9 },
        { permission: 'workspace.run', lastAt: TEST_NOW - 5 },
      ];
      expect(await list()).toEqual(first);
      const earlier = exercised(TEST_NOW - 10, 'invoices.read', 'token.create', 'workspace.run');
      await record({ uses: [use({ permissions: earlier })] });
      expect(await list()).toEqual(first);
      await record({ uses: [use({ permissions: exercised(TEST_NOW + 1, 'token.create') })] });
      expect(await list()).toEqual(first.with(1, { permission: 'token.create', lastAt: TEST_NOW + 1 }));
      expect(await list(world.organizationId, world.accountId)).toEqual([]);
    });

    test('is recorded since the database can hold it, and is no mutation', async () => {
      const changes = await database.query('select position from change_log');
      await record({ uses: [use({ permissions: exercised(TEST_NOW, 'invoices.read') })] });
      expect(await database.storage.listPermissionUses(world.organizationId, account.id)).toEqual({
        recordedSince: TEST_NOW,
        uses: [{ permission: 'invoices.read', lastAt: TEST_NOW }],
      });
      expect(await database.query('select position from change_log')).toEqual(changes);
    });

    test('stays within 200, the latest', async () => {
      const names = Array.from({ length: 150 }, (_, index) => `a.read_${String(index).padStart(3, '0')}`);
      const more = Array.from({ length: 100 }, (_, index) => `b.read_${String(index).padStart(3, '0')}`);
      await record({ uses: [use({ permissions: exercised(TEST_NOW, ...names) })] });
      await record({ uses: [use({ permissions: exercised(TEST_NOW + 1, ...more, names[149] ?? '') })] });
      const kept = (await list()).map(({ permission }) => permission);
      expect(kept).toEqual([...names.slice(0, 99), names[149], ...more]);
    });

    test('outlives the token, ends with the account, and is nobody else’s', async () => {
      const other = await createOtherWorld(database);
      await database.storage.deleteToken(world.context(), address());
      await record({ uses: [use({ permissions: exercised(TEST_NOW, 'invoices.read') })] });
      expect(await list()).toHaveLength(1);
      expect(await list(other.organizationId)).toEqual([]);
      await database.storage.disableServiceAccount(world.context(), account.id);
      expect(await list()).toHaveLength(1);
      await database.storage.deleteServiceAccount(world.context(), account.id);
      expect(await list()).toEqual([]);
      await record({ uses: [use({ permissions: exercised(TEST_NOW + 1, 'invoices.read') })] });
      expect(await database.query('select permission from permission_use')).toEqual([]);
    });

    test('is written by many at once, beside the end of the account', async () => {
      const names = Array.from({ length: 210 }, (_, index) => `a.read_${index}`);
      const batches = Array.from({ length: 6 }, (_, index) =>
        record({
          uses: [use({ permissions: exercised(TEST_NOW + index, ...(index % 2 ? names : names.toReversed())) })],
        }),
      );
      await Promise.all(batches);
      expect(await list()).toHaveLength(200);
      const again = record({ uses: [use({ permissions: exercised(TEST_NOW + 9, ...names) })] });
      await Promise.all([again, database.storage.deleteServiceAccount(world.context(), account.id)]);
    });
  });

  test('of more rows than a statement holds stands where it belongs, again and again', async () => {
    const addressOf = (generation: number, round: number) => `192.0.${generation}.${round}`;
    for (const round of [1, 2, 3]) {
      const lastAt = TEST_NOW + round;
      const uses = Array.from({ length: 1_001 }, (_, at) =>
        use({
          generation: at + 1,
          lastAt,
          lastAddress: addressOf(at + 1, round),
          hours: [{ hour, outcome: 'allowed', calls: at + round }],
          callers: [
            { address: addressOf(at + 1, round), userAgent: `job ${at}`, firstAt: lastAt, lastAt, calls: at + round },
          ],
        }),
      );
      await record({ uses });
    }
    const counted = new Map((await usage()).map(({ generation, calls }) => [generation, calls]));
    for (const generation of [1, 2, 500, 501, 1_000, 1_001]) {
      expect(counted.get(generation)).toBe(3 * (generation - 1) + 6);
      expect(await callers(generation)).toEqual(
        [3, 2, 1].map((round) => ({
          address: addressOf(generation, round),
          userAgent: `job ${generation - 1}`,
          firstAt: TEST_NOW + round,
          lastAt: TEST_NOW + round,
          calls: generation - 1 + round,
        })),
      );
    }
    expect(await find()).toMatchObject({ lastUsedAt: TEST_NOW + 3 });
  });

  test('of unknown and deleted tokens is skipped, the rest of the batch is not', async () => {
    const gone = await world.createToken(account.id);
    await database.storage.deleteToken(world.context(), { accountId: account.id, tokenId: gone.token.id });
    const unknown = world.newToken(account.id).id;
    await record({ uses: [use({ tokenId: unknown }), use({ tokenId: gone.token.id }), use()] });
    expect(await find()).toMatchObject({ lastUsedAt: TEST_NOW });
    for (const table of ['token_generation_use', 'token_usage_hour', 'token_caller']) {
      expect(await database.query(`select token_id from ${table}`)).toEqual([{ token_id: token.id }]);
    }
    expect(await database.query('select last_used_at from token where deleted_at is not null')).toMatchObject([
      { last_used_at: engine.name === 'sqlite' ? 0 : '0' },
    ]);
  });

  test('is no mutation', async () => {
    const log = () => database.query('select position from change_log');
    const before = await log();
    await record({ uses: [use()], refusals: [refusal()] });
    expect(await log()).toEqual(before);
  });

  test('that is refused leaves one event an hour, found by the ids of its requests', async () => {
    const first = refusal();
    await database.storage.deleteToken(world.context(), address());
    await record({ refusals: [first] });
    await record({
      refusals: [
        refusal({ calls: 5, requestIds: ['req_c'] }),
        refusal({ network: '203.0.113.0/24', requestIds: ['req_d'] }),
      ],
    });
    const found = async (requestId: string) => {
      const query = {
        limit: 9,
        after: null,
        actorId: null,
        targetId: null,
        principalId: account.id,
        action: null,
        from: null,
        to: null,
      };
      return (await database.storage.listAuditEvents(world.organizationId, { ...query, requestId })).items;
    };
    for (const requestId of ['req_a', 'req_b', 'req_c']) {
      expect(await found(requestId)).toMatchObject([
        {
          id: first.eventId,
          action: 'token.use_refused',
          outcome: 'refused',
          at: TEST_NOW,
          actor: { kind: 'system', id: null },
          target: { kind: 'token', id: token.id, displayName: 'nightly' },
          details: { accountId: account.id, generation: 1, reason: 'retired', network: '198.51.100.0/24', calls: 2 },
        },
      ]);
    }
    expect(await found('req_d')).toMatchObject([{ details: { network: '203.0.113.0/24' } }]);
    const counts = await database.query('select calls from token_refusal order by network');
    expect(counts.map((row) => Number(row['calls']))).toEqual([7, 2]);
  });

  test('that is refused keeps 20 request ids of each event', async () => {
    const ids = (from: number) => Array.from({ length: 15 }, (_, index) => `req_${from + index}`);
    await record({ refusals: [refusal({ requestIds: ids(0) })] });
    await record({ refusals: [refusal({ requestIds: ids(15) })] });
    expect(await database.query('select request_id from audit_event_request')).toHaveLength(20);
  });

  test('moves values to their digest under the current key', async () => {
    const to = { digest: world.generation().digest.digest, keyId: 'k2' };
    const unknown = world.generation().digest;
    await record({
      redigests: [
        { from: digest, to },
        { from: unknown, to: world.generation().digest },
      ],
    });
    expect(await world.find(digest)).toBeUndefined();
    expect(await world.find(to)).toMatchObject({ token: { id: token.id }, keyId: 'k2' });
    await record({ redigests: [{ from: digest, to }] });
    expect(await world.find(to)).toMatchObject({ token: { id: token.id } });
  });

  test('is complete up to what the slowest process has reported', async () => {
    const { storage } = database;
    const other = await database.openAnother();
    const known = () => storage.findUsageCompleteness(world.organizationId);
    expect(await known()).toEqual({ until: TEST_NOW, silent: 0 });
    await record({ completeUntil: TEST_NOW + 5_000 });
    // The embedded database has one process.
    const others = engine.name === 'sqlite' ? 0 : 1;
    const { until } = await known();
    expect(until).toBe(others === 0 ? TEST_NOW + 5_000 : TEST_NOW);
    database.clock.advance(160_000);
    expect(await known()).toEqual({ until, silent: 1 + others });
    await record({ completeUntil: TEST_NOW + 150_000 });
    expect((await known()).silent).toBe(others);
    await record({ completeUntil: TEST_NOW + 4_000 });
    await other.storage.close();
    expect(await known()).toEqual({ until: TEST_NOW + 150_000, silent: 0 });
  });

  test('of many tokens in one batch, beside mutations of the same tokens', async () => {
    const made = await Promise.all(Array.from({ length: 30 }, () => world.createToken(account.id)));
    const uses = made.map(({ token: { id } }) => use({ tokenId: id }));
    const batches = Array.from({ length: 5 }, (_, index) =>
      record({ uses: uses.map((one) => ({ ...one, lastAt: TEST_NOW + index })) }),
    );
    await Promise.all([...batches, database.storage.deleteTokens(world.context(), account.id)]);
    expect(await database.storage.findServiceAccount(world.organizationId, account.id)).toMatchObject({
      tokenCount: 0,
    });
  });
});
