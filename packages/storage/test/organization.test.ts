import type { AuditEvent, OrganizationId } from '@postern/core';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { engines, type TestDatabase } from './engines.ts';
import { createWorld, newBootstrap, type World } from './world.ts';

describe.each(engines)('organizations on $name', (engine) => {
  let database: TestDatabase;
  let world: World;

  beforeEach(async () => {
    database = await engine.open();
    world = await createWorld(database);
  });
  afterEach(() => database.destroy());

  async function eventsOf(organizationId: OrganizationId): Promise<readonly AuditEvent[]> {
    const all = {
      actorId: null,
      targetId: null,
      principalId: null,
      action: null,
      requestId: null,
      from: null,
      to: null,
    };
    return (await database.storage.listAuditEvents(organizationId, { ...all, limit: 50, after: null })).items;
  }

  const planOf = async (organizationId: OrganizationId) =>
    (await database.storage.findOrganization(organizationId))?.plan;

  test('one that is made has an admin with a token, three events of the operator, and nothing to do with another', async () => {
    const input = newBootstrap(database.clock.now(), 'Beta');
    const { id } = input.organization;
    const before = await eventsOf(world.organizationId);
    const committed = await database.storage.createOrganization({
      ...input,
      organization: { ...input.organization, plan: 'commercial' },
    });
    expect(committed).toMatchObject({
      result: { id, name: 'Beta', plan: 'commercial', version: 1, createdAt: input.at },
      changed: true,
      replay: null,
      receipt: { position: 3, confirmed: 1, expired: 0 },
    });
    expect(await database.storage.findOrganization(id)).toEqual(committed.result);
    expect(await world.find(input.admin.token.digest)).toMatchObject({
      organization: { id, plan: 'commercial' },
      principal: { id: input.admin.account.id, organizationRole: 'admin' },
    });
    const operator = { kind: 'operator', id: null, displayName: 'operator', tokenId: null };
    const events = await eventsOf(id);
    expect(events.map(({ action }) => action).sort()).toEqual([
      'organization.create',
      'service_account.create',
      'token.create',
    ]);
    expect(events.map(({ actor, outcome }) => ({ actor, outcome }))).toEqual(
      events.map(() => ({ actor: operator, outcome: 'done' })),
    );
    expect(await eventsOf(world.organizationId)).toEqual(before);
    expect(await database.storage.findServiceAccount(world.organizationId, input.admin.account.id)).toBeUndefined();
  });

  test('one that could not be made whole is not there', async () => {
    const input = newBootstrap(database.clock.now(), 'Beta');
    const token = { ...input.admin.token, digest: world.token.digest };
    const taken = { ...input, admin: { ...input.admin, token } };
    await expect(database.storage.createOrganization(taken)).rejects.toMatchObject({ code: 'internal' });
    expect(await database.storage.findOrganization(input.organization.id)).toBeUndefined();
    expect(await eventsOf(input.organization.id)).toEqual([]);
  });

  test('are listed by age, page by page, with the accounts that they have', async () => {
    const deleted = await world.createAccount();
    const disabled = await world.createAccount();
    await database.storage.deleteServiceAccount(world.context(), deleted.id);
    await database.storage.disableServiceAccount(world.context(), disabled.id);
    const ids: OrganizationId[] = [world.organizationId];
    for (const name of ['Beta', 'Alpha']) {
      database.clock.advance(1_000);
      const input = newBootstrap(database.clock.now(), name);
      await database.storage.createOrganization(input);
      ids.push(input.organization.id);
    }
    const first = await database.storage.listOrganizations({ limit: 2, after: null });
    expect(first.items).toMatchObject([
      { id: ids[0], name: 'Acme', plan: 'enterprise', accounts: 2 },
      { id: ids[1], name: 'Beta', plan: 'enterprise', accounts: 1, createdAt: database.clock.now() - 1_000 },
    ]);
    const second = await database.storage.listOrganizations({ limit: 2, after: first.next });
    expect(second).toMatchObject({ items: [{ id: ids[2], name: 'Alpha', accounts: 1 }], next: null });
  });

  test('a plan is set by the operator, once, with its event; and nothing is deleted', async () => {
    const { storage } = database;
    const set = await storage.setOrganizationPlan(world.operatorContext(), 'community');
    expect(set).toMatchObject({ result: { plan: 'community', version: 2 }, changed: true, receipt: { position: 4 } });
    const again = await storage.setOrganizationPlan(world.operatorContext(), 'community');
    expect(again).toMatchObject({ result: { version: 2 }, changed: false, receipt: { position: 4 } });
    expect(await storage.findOrganization(world.organizationId)).toEqual(set.result);
    const [event, ...others] = (await eventsOf(world.organizationId)).filter(
      ({ action }) => action === 'organization.set_plan',
    );
    expect([event, others]).toMatchObject([
      {
        actor: { kind: 'operator', displayName: 'operator' },
        target: { kind: 'organization', id: world.organizationId, displayName: 'Acme' },
        details: { from: 'enterprise', to: 'community' },
      },
      [],
    ]);
    expect(await world.find(world.token.digest)).toMatchObject({
      token: { deleted: false },
      principal: { status: 'active' },
      organization: { plan: 'community', version: 2 },
    });
    await expect(storage.createServiceAccount(world.context(), world.newAccount())).rejects.toMatchObject({
      code: 'token.invalid',
    });
    await storage.setOrganizationPlan(world.operatorContext(), 'commercial');
    expect(await storage.createServiceAccount(world.context(), world.newAccount())).toMatchObject({ changed: true });
  });

  test('no account can set a plan, whatever its role', async () => {
    await expect(database.storage.setOrganizationPlan(world.context(), 'community')).rejects.toMatchObject({
      code: 'internal',
    });
    expect(await planOf(world.organizationId)).toBe('enterprise');
  });
});
