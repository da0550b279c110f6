import { randomBytes } from 'node:crypto';
import { DAY_MS, HOUR_MS, type IdempotencyClaim, type ServiceAccount } from '@postern/core';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { engines, type TestDatabase } from './engines.ts';
import { createOtherWorld, createWorld, type World } from './world.ts';

function newClaim(fields: Partial<IdempotencyClaim> = {}): IdempotencyClaim {
  return {
    rowKey: randomBytes(16).toString('base64url'),
    fingerprint: 'POST /tokens {}',
    previous: null,
    sealed: `sealed-${randomBytes(4).toString('hex')}`,
    ...fields,
  };
}

describe.each(engines)('idempotent answers on $name', (engine) => {
  let database: TestDatabase;
  let world: World;
  let account: ServiceAccount;

  beforeEach(async () => {
    database = await engine.open();
    world = await createWorld(database);
    account = await world.createAccount();
  });
  afterEach(() => database.destroy());

  const count = async (table: string): Promise<number> =>
    Number((await database.query(`select count(*) as n from ${table}`))[0]?.['n']);
  const create = (idempotency: IdempotencyClaim) =>
    database.storage.createToken(world.context({ idempotency }), world.newToken(account.id));

  test('the same request gets the same answer, its opening is audited, and nothing is done again', async () => {
    const claim = newClaim();
    const first = await create(claim);
    const before = [await count('token'), await count('change_log')];
    const events = await count('audit_event');
    const again = await create({ ...claim, sealed: 'sealed-anew' });
    expect(again).toEqual({
      result: first.result,
      changed: false,
      replay: { sealed: claim.sealed },
      receipt: { ...first.receipt, ms: again.receipt.ms },
    });
    expect([await count('token'), await count('change_log')]).toEqual(before);
    expect(await count('audit_event')).toBe(events + 1);
    const replayed = await database.query(
      `select target_id, details from audit_event where action = 'token.value_replayed'`,
    );
    expect(replayed).toEqual([{ target_id: first.result.id, details: '{"generation":1}' }]);
    const concerned = await database.query(
      `select principal_id from audit_event_principal
        where event_id = (select id from audit_event where action = 'token.value_replayed')`,
    );
    expect(concerned.map((row) => row['principal_id'])).toContain(account.id);
  });

  test('a value is not given again to a token that could not have made it', async () => {
    const admin = await world.createAccount({ organizationRole: 'admin' });
    const until = database.clock.now() + HOUR_MS;
    const made = await Promise.all([
      world.createToken(admin.id),
      world.createToken(admin.id, { ...world.generation(until) }),
      world.createToken(admin.id, {
        ...world.generation(),
        restrictions: { permissions: ['token.create'] },
      }),
    ]);
    const [wide, short, narrow] = made.map(({ token }) => ({
      ...({ kind: 'token', accountId: admin.id, tokenId: token.id, generation: 1 } as const),
    }));
    const idempotency = newClaim();
    const token = world.newToken(account.id);
    const createAs = (actor: typeof wide) =>
      database.storage.createToken(
        world.context({ idempotency, ...(actor && { actor }), permission: 'token.create' }),
        token,
      );
    const first = await createAs(wide);
    for (const actor of [short, narrow]) {
      await expect(createAs(actor)).rejects.toMatchObject({ code: 'token.exceeds_credential' });
    }
    expect((await createAs(wide)).result).toEqual(first.result);
  });

  test('the new value that a token gave itself is given again to the one before, however long each lives', async () => {
    const admin = await world.createAccount({ organizationRole: 'admin' });
    const { token } = await world.createToken(admin.id);
    const address = { accountId: admin.id, tokenId: token.id };
    const idempotency = newClaim();
    const refresh = () =>
      database.storage.refreshToken(
        world.context({
          ...{ idempotency, permission: 'token.refresh' },
          actor: { kind: 'token', ...address, generation: 1 },
        }),
        { ...address, generation: 1, next: world.generation(), overlapUntil: database.clock.now() + HOUR_MS },
      );
    const first = await refresh();
    expect(await refresh()).toMatchObject({ result: first.result, replay: { sealed: idempotency.sealed } });
  });

  test('an answer without a secret is given again without an event', async () => {
    const claim = newClaim({ sealed: null });
    const made = world.newAccount();
    const first = await database.storage.createServiceAccount(world.context({ idempotency: claim }), made);
    const events = await count('audit_event');
    const again = await database.storage.createServiceAccount(
      world.context({ idempotency: claim }),
      world.newAccount(),
    );
    expect(again).toMatchObject({ result: first.result, changed: false, replay: { sealed: null } });
    expect(await count('audit_event')).toBe(events);
  });

  test('another request under the same key is refused', async () => {
    const claim = newClaim();
    await create(claim);
    await expect(create({ ...claim, fingerprint: 'POST /tokens {"name":"x"}' })).rejects.toMatchObject({
      code: 'idempotency.mismatch',
    });
  });

  test('an answer that was kept under the other key of the server is given again', async () => {
    const { rowKey, fingerprint, sealed } = newClaim();
    const first = await create(newClaim({ rowKey, fingerprint, sealed }));
    const [tokens, rows] = [await count('token'), await count('idempotency')];
    const claim = newClaim({ previous: { rowKey, fingerprint } });
    expect(await create(claim)).toMatchObject({ result: first.result, changed: false, replay: { sealed } });
    const changed = { ...claim, previous: { rowKey, fingerprint: 'POST /tokens {"name":"x"}' } };
    await expect(create(changed)).rejects.toMatchObject({ code: 'idempotency.mismatch' });
    expect([await count('token'), await count('idempotency')]).toEqual([tokens, rows]);
  });

  test('of two answers under both keys the one that is past its time is none', async () => {
    const old = newClaim();
    await create(old);
    database.clock.advance(DAY_MS);
    const claim = newClaim({ previous: { rowKey: old.rowKey, fingerprint: 'POST /tokens {"name":"old"}' } });
    const first = await create(claim);
    expect(first).toMatchObject({ changed: true, replay: null });
    expect(await create(claim)).toMatchObject({ result: first.result, replay: { sealed: claim.sealed } });
  });

  test('a key comes before the version, as the first time it was met', async () => {
    const { storage } = database;
    const { token } = await world.createToken(account.id);
    const claim = newClaim();
    const refresh = (generation: number) =>
      storage.refreshToken(world.context({ ifMatch: 1, idempotency: claim }), {
        accountId: account.id,
        tokenId: token.id,
        generation,
        next: world.generation(),
        overlapUntil: null,
      });
    const first = await refresh(1);
    expect(await refresh(2)).toMatchObject({ result: first.result, replay: { sealed: claim.sealed } });
    expect(await storage.findToken(world.organizationId, { accountId: account.id, tokenId: token.id })).toMatchObject({
      generation: 2,
    });
  });

  test.each(['refresh', 'delete', 'delete all', 'revoke', 'disable', 'delete the account', 'expiry'])(
    'a value that ended by %s is not given again, and what was sealed is wiped',
    async (how) => {
      const { storage } = database;
      const claim = newClaim();
      const made = world.newToken(account.id, world.generation(how === 'expiry' ? database.clock.now() + 1_000 : null));
      const { result } = await storage.createToken(world.context({ idempotency: claim }), made);
      const address = { accountId: account.id, tokenId: result.id };
      const revocation = { accountId: account.id, createdBy: null, createdBefore: null, unusedSince: null };
      const overlapUntil = database.clock.now() + HOUR_MS;
      const end: Record<string, () => Promise<unknown>> = {
        refresh: () =>
          storage.refreshToken(world.context(), { ...address, generation: 1, next: world.generation(), overlapUntil }),
        delete: () => storage.deleteToken(world.context(), address),
        'delete all': () => storage.deleteTokens(world.context(), account.id),
        revoke: () => storage.revokeTokens(world.context(), revocation),
        disable: () => storage.disableServiceAccount(world.context(), account.id),
        'delete the account': () => storage.deleteServiceAccount(world.context(), account.id),
        expiry: async () => database.clock.advance(1_000),
      };
      await end[how]?.();
      const tokens = await count('token');
      await expect(create(claim)).rejects.toMatchObject({ code: 'idempotency.superseded' });
      expect(await count('token')).toBe(tokens);
      const rows = await database.query('select sealed from idempotency_seal');
      expect(rows).toEqual(how === 'expiry' ? [{ sealed: claim.sealed }] : []);
    },
  );

  test('what was sealed of another account’s tokens stays when all tokens of one end', async () => {
    const { storage } = database;
    const other = await world.createAccount();
    const [ended, kept] = [newClaim(), newClaim()];
    await create(ended);
    await storage.createToken(world.context({ idempotency: kept }), world.newToken(other.id));
    await storage.disableServiceAccount(world.context(), account.id);
    const rows = await database.query('select account_id, sealed from idempotency_seal');
    expect(rows).toEqual([{ account_id: other.id, sealed: kept.sealed }]);
  });

  test('are kept for a day, then the key is new again, and old rows are swept', async () => {
    const claim = newClaim();
    const first = await create(claim);
    await create(newClaim());
    database.clock.advance(DAY_MS - 1);
    expect((await create(claim)).result).toEqual(first.result);
    database.clock.advance(1);
    const renewed = await create(claim);
    expect(renewed).toMatchObject({ changed: true, replay: null });
    expect(renewed.result.id).not.toBe(first.result.id);
    expect([await count('idempotency'), await count('idempotency_seal')]).toEqual([1, 1]);
  });

  test('a refused mutation leaves the key free', async () => {
    const claim = newClaim();
    const nowhere = world.newToken(world.newAccount().id);
    await expect(database.storage.createToken(world.context({ idempotency: claim }), nowhere)).rejects.toMatchObject({
      code: 'service_account.not_found',
    });
    expect(await create(claim)).toMatchObject({ changed: true });
  });

  test('are of one organization', async () => {
    const claim = newClaim();
    const other = await createOtherWorld(database);
    const elsewhere = await other.createAccount();
    const first = await create(claim);
    const context = other.context({ idempotency: { ...claim, rowKey: `${claim.rowKey}-other` } });
    const second = await database.storage.createToken(context, other.newToken(elsewhere.id));
    expect(second.result.id).not.toBe(first.result.id);
  });

  test('20 requests at once under one key make one token', async () => {
    const claim = newClaim();
    const tokens = await count('token');
    const answers = await Promise.all(Array.from({ length: 20 }, () => create(claim)));
    expect(answers.filter(({ changed }) => changed)).toHaveLength(1);
    expect(new Set(answers.map(({ result }) => result.id)).size).toBe(1);
    expect(await count('token')).toBe(tokens + 1);
  });
});
