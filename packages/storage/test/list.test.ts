import type { AuditEventQuery, Page, PageQuery, ServiceAccountQuery, TokenListQuery } from '@postern/core';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { engines, type TestDatabase } from './engines.ts';
import { createOtherWorld, createWorld, type World } from './world.ts';

const ACCOUNTS: ServiceAccountQuery = {
  limit: 50,
  after: null,
  sort: 'name',
  descending: false,
  search: null,
  status: null,
  organizationRole: null,
  unusedSince: null,
};
const EVENTS: AuditEventQuery = {
  limit: 50,
  after: null,
  actorId: null,
  targetId: null,
  principalId: null,
  action: null,
  requestId: null,
  from: null,
  to: null,
};

/** Every item, page by page. */
async function all<Item, Query extends PageQuery>(
  list: (query: Query) => Promise<Page<Item>>,
  query: Query,
): Promise<readonly Item[]> {
  const items: Item[] = [];
  let page = await list(query);
  items.push(...page.items);
  while (page.next) {
    expect(page.items).toHaveLength(query.limit);
    page = await list({ ...query, after: page.next });
    expect(page.items.length).toBeGreaterThan(0);
    items.push(...page.items);
  }
  return items;
}

describe.each(engines)('lists on $name', (engine) => {
  let database: TestDatabase;
  let world: World;

  beforeEach(async () => {
    database = await engine.open();
    world = await createWorld(database);
  });
  afterEach(() => database.destroy());

  const accounts = (query: ServiceAccountQuery) => database.storage.listServiceAccounts(world.organizationId, query);
  const tokens = (query: TokenListQuery) => database.storage.listTokens(world.organizationId, query);
  const tokenQuery = (fields: Partial<TokenListQuery> = {}): TokenListQuery => ({
    limit: 50,
    after: null,
    sort: 'name',
    descending: false,
    search: null,
    accountId: null,
    deleted: false,
    status: null,
    hint: null,
    expiresBefore: null,
    unusedSince: null,
    overlap: false,
    now: database.clock.now(),
    ...fields,
  });
  const names = async (fields: Partial<TokenListQuery>) =>
    (await all(tokens, tokenQuery(fields))).map(({ name }) => name);

  test('come page by page, complete and without repetition, over ties and in both directions', async () => {
    for (let index = 0; index < 7; index += 1) await world.createAccount({ displayName: `Same ${index % 2}` });
    for (const sort of ['name', 'lastUsedAt', 'createdAt'] as const) {
      const everything = (await accounts({ ...ACCOUNTS, sort })).items.map(({ id }) => id);
      expect(everything).toHaveLength(8);
      for (const limit of [1, 2, 3, 8]) {
        const paged = (await all(accounts, { ...ACCOUNTS, sort, limit })).map(({ id }) => id);
        expect(paged).toEqual(everything);
        const reversed = (await all(accounts, { ...ACCOUNTS, sort, limit, descending: true })).map(({ id }) => id);
        expect(reversed).toEqual([...everything].reverse());
      }
    }
  });

  test('stay in place while items are added and removed before the page', async () => {
    const made = [];
    for (const name of ['a', 'b', 'c', 'd']) made.push(await world.createAccount({ displayName: name }));
    const first = await accounts({ ...ACCOUNTS, limit: 2 });
    expect(first.items.map(({ displayName }) => displayName)).toEqual(['a', 'b']);
    await database.storage.deleteServiceAccount(world.context(), made[1]!.id);
    await world.createAccount({ displayName: 'aa' });
    const second = await accounts({ ...ACCOUNTS, limit: 2, after: first.next });
    expect(second.items.map(({ displayName }) => displayName)).toEqual(['bootstrap', 'c']);
  });

  test('sort names the way they are compared, byte by byte after that', async () => {
    for (const displayName of [
      'Émile',
      'alpha',
      'Beta',
      'ALPHA 2',
      'zeta',
      'ähnlich',
      '_x',
      'ﬁne',
      '10',
      '9',
      '😀',
      '\uffee',
    ]) {
      await world.createAccount({ displayName });
    }
    const sorted = (await accounts(ACCOUNTS)).items.map(({ displayName }) => displayName);
    expect(sorted).toEqual([
      '10',
      '9',
      '_x',
      'alpha',
      'ALPHA 2',
      'Beta',
      'bootstrap',
      'ﬁne',
      'zeta',
      'ähnlich',
      'Émile',
      '\uffee',
      '😀',
    ]);
  });

  test('search in name, description and externalId, by the same comparison, with wildcards as text', async () => {
    await world.createAccount({ displayName: 'Übung 100%', description: 'für  ALLE', externalId: 'tf_1' });
    await world.createAccount({ displayName: 'Other 100x', description: 'nothing', externalId: 'tfx1' });
    const found = async (search: string) =>
      (await accounts({ ...ACCOUNTS, search })).items.map(({ displayName }) => displayName);
    expect(await found('übung')).toEqual(['Übung 100%']);
    expect(await found('100%')).toEqual(['Übung 100%']);
    expect(await found('für alle')).toEqual(['Übung 100%']);
    expect(await found('TF_1')).toEqual(['Übung 100%']);
    expect(await found('100% für')).toEqual([]);
    expect(await found('\\')).toEqual([]);
    expect(await found('a\0b')).toEqual([]);
    expect(await found('100')).toEqual(['Other 100x', 'Übung 100%']);
  });

  test('filter accounts by status, role and use', async () => {
    const idle = await world.createAccount({ displayName: 'idle', organizationRole: 'verifier' });
    const off = await world.createAccount({ displayName: 'off' });
    await database.storage.disableServiceAccount(world.context(), off.id);
    const ids = async (fields: Partial<ServiceAccountQuery>) =>
      (await accounts({ ...ACCOUNTS, ...fields })).items.map(({ id }) => id);
    expect(await ids({ status: 'disabled' })).toEqual([off.id]);
    expect(await ids({ organizationRole: 'verifier' })).toEqual([idle.id]);
    expect(await ids({ unusedSince: database.clock.now() })).toEqual([]);
    expect(await ids({ unusedSince: database.clock.now() + 1, status: 'active' })).toEqual([world.accountId, idle.id]);
  });

  test('filter and sort tokens of the organization or of one account', async () => {
    const account = await world.createAccount();
    const now = database.clock.now();
    await world.createToken(account.id, { name: 'never', ...world.generation(null) });
    await world.createToken(account.id, { name: 'late', ...world.generation(now + 9_000) });
    await world.createToken(account.id, { name: 'soon', ...world.generation(now + 1_000) });
    const other = await world.createAccount();
    const elsewhere = await world.createToken(other.id, { name: 'elsewhere', description: 'for X' });
    expect(await names({ sort: 'expiresAt', accountId: account.id })).toEqual(['soon', 'late', 'never']);
    expect(await names({ sort: 'expiresAt', accountId: account.id, descending: true, limit: 1 })).toEqual([
      'never',
      'late',
      'soon',
    ]);
    expect(await names({})).toEqual(['bootstrap', 'elsewhere', 'late', 'never', 'soon']);
    expect(await names({ expiresBefore: now + 9_000 })).toEqual(['soon']);
    expect(await names({ hint: elsewhere.token.hint })).toEqual(['elsewhere']);
    expect(await names({ search: 'FOR x' })).toEqual(['elsewhere']);
    database.clock.advance(1_000);
    expect(await names({ status: 'expired' })).toEqual(['soon']);
    expect(await names({ status: 'active', accountId: account.id })).toEqual(['late', 'never']);
    expect(await names({ unusedSince: now })).toEqual([]);
    expect(await names({ unusedSince: now + 1, accountId: other.id })).toEqual(['elsewhere']);
  });

  test('find tokens in their overlap, and by the hint of an old value', async () => {
    const account = await world.createAccount();
    const { token } = await world.createToken(account.id, { name: 'refreshed' });
    const next = world.generation();
    await database.storage.refreshToken(world.context(), {
      accountId: account.id,
      tokenId: token.id,
      generation: 1,
      next,
      overlapUntil: database.clock.now() + 1_000,
    });
    expect(await names({ overlap: true })).toEqual(['refreshed']);
    expect(await names({ hint: token.hint })).toEqual(['refreshed']);
    expect(await names({ hint: next.hint })).toEqual(['refreshed']);
    database.clock.advance(1_000);
    expect(await names({ overlap: true })).toEqual([]);
  });

  test('show deleted tokens apart, and none of a deleted account', async () => {
    const account = await world.createAccount();
    const { token } = await world.createToken(account.id, { name: 'gone' });
    const doomed = await world.createAccount();
    await world.createToken(doomed.id, { name: 'never shown' });
    await database.storage.deleteToken(world.context(), { accountId: account.id, tokenId: token.id });
    await database.storage.deleteServiceAccount(world.context(), doomed.id);
    expect(await names({})).toEqual(['bootstrap']);
    expect((await tokens(tokenQuery({ deleted: true }))).items).toMatchObject([
      { name: 'gone', deletedAt: database.clock.now(), previous: null, version: 2 },
    ]);
    expect(await names({ deleted: true, accountId: doomed.id })).toEqual([]);
  });

  test('show audit events, newest first, by every filter', async () => {
    const events = (query: AuditEventQuery) => database.storage.listAuditEvents(world.organizationId, query);
    database.clock.advance(1_000);
    const context = world.context({ requestId: 'req_one' });
    const account = (await database.storage.createServiceAccount(context, world.newAccount())).result;
    const actions = async (fields: Partial<AuditEventQuery>) =>
      (await all(events, { ...EVENTS, limit: 2, ...fields })).map(({ action }) => action);
    const first = ['organization.create', 'service_account.create', 'token.create'];
    expect((await actions({}))[0]).toBe('service_account.create');
    expect([...(await actions({ to: database.clock.now() }))].sort()).toEqual(first);
    expect(await actions({ from: database.clock.now() })).toEqual(['service_account.create']);
    expect(await actions({ requestId: 'req_one' })).toEqual(['service_account.create']);
    expect(await actions({ requestId: 'req_\0' })).toEqual([]);
    expect(await actions({ targetId: account.id })).toEqual(['service_account.create']);
    expect(await actions({ actorId: world.accountId })).toEqual(['service_account.create']);
    expect(await actions({ action: 'token.create' })).toEqual(['token.create']);
    expect((await events({ ...EVENTS, targetId: account.id })).items[0]).toEqual({
      id: context.eventId,
      organizationId: world.organizationId,
      at: database.clock.now(),
      action: 'service_account.create',
      outcome: 'done',
      code: null,
      actor: { kind: 'service_account', id: world.accountId, displayName: 'bootstrap', tokenId: world.token.id },
      target: { kind: 'service_account', id: account.id, displayName: 'Nightly export' },
      details: { organizationRole: 'member' },
      requestId: 'req_one',
      address: '192.0.2.1',
      userAgent: 'test',
    });
  });

  test('show nothing of another organization, and no mutation reaches it', async () => {
    const { storage } = database;
    const other = await createOtherWorld(database);
    const account = await other.createAccount({ displayName: 'secret project' });
    const { token } = await other.createToken(account.id);
    const address = { accountId: account.id, tokenId: token.id };
    expect((await all(accounts, ACCOUNTS)).map(({ id }) => id)).toEqual([world.accountId]);
    expect(await names({})).toEqual(['bootstrap']);
    expect(await names({ accountId: account.id })).toEqual([]);
    expect(await names({ hint: token.hint })).toEqual([]);
    expect(await storage.findServiceAccount(world.organizationId, account.id)).toBeUndefined();
    expect(await storage.findToken(world.organizationId, address)).toBeUndefined();
    expect((await storage.listAuditEvents(world.organizationId, EVENTS)).items).toHaveLength(3);
    const conditions = { accountId: account.id, createdBy: null, createdBefore: null, unusedSince: null };
    expect(await storage.listRevocableTokens(world.organizationId, conditions)).toEqual({ revoked: 0, tokens: [] });
    expect((await storage.revokeTokens(world.context(), conditions)).result).toEqual({ revoked: 0, tokens: [] });
    const gone = { code: 'service_account.not_found' };
    await expect(storage.disableServiceAccount(world.context(), account.id)).rejects.toMatchObject(gone);
    await expect(storage.deleteTokens(world.context(), account.id)).rejects.toMatchObject(gone);
    await expect(storage.deleteToken(world.context(), address)).rejects.toMatchObject({ code: 'token.not_found' });
    // Nor can a credential of one act in the other.
    const foreign = storage.createServiceAccount(world.context({ actor: other.admin }), world.newAccount());
    await expect(foreign).rejects.toMatchObject({ code: 'token.invalid' });
    expect(await storage.findServiceAccount(other.organizationId, account.id)).toEqual({ ...account, tokenCount: 1 });
  });
});
