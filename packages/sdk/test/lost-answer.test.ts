import { expect, test } from 'vitest';
import { inDays, Postern } from '../src/index.ts';
import { startLosingProxy } from './losing-proxy.ts';
import { startPostern } from './server.ts';

test('where every first answer is lost, everything still happens exactly once', { timeout: 60_000 }, async () => {
  const server = await startPostern();
  const proxy = await startLosingProxy(server.url);
  const direct = new Postern({ url: server.url, token: server.adminToken });
  const { serviceAccounts, tokens, audit } = new Postern({ url: proxy.url, token: server.adminToken });
  const isActive = async (value: { reveal(): string }) => (await direct.tokens.verify(value.reveal())).active;

  const account = await serviceAccounts.create({ displayName: 'job', organizationRole: 'member' });
  const first = await serviceAccounts.tokens.create(account.id, { name: 'ci', expiresAt: inDays(90) });
  expect(await isActive(first.value)).toBe(true);
  const second = await serviceAccounts.tokens.refresh(account.id, first.token.id, { overlapSeconds: 3_600 });
  expect([await isActive(first.value), await isActive(second.value)]).toEqual([true, true]);
  expect((await serviceAccounts.tokens.endOverlap(account.id, first.token.id)).previous).toBeUndefined();
  expect([await isActive(first.value), await isActive(second.value)]).toEqual([false, true]);
  const job = new Postern({ url: proxy.url, token: second.value.reveal() });
  expect(await job.me.deleteToken()).toEqual({ receipt: null });
  expect(await isActive(second.value)).toBe(false);
  const third = await serviceAccounts.tokens.create(account.id, { name: 'another' });
  expect((await serviceAccounts.tokens.delete(account.id, third.token.id)).receipt).toBeNull();
  expect((await serviceAccounts.disable(account.id)).status).toBe('disabled');
  expect((await serviceAccounts.enable(account.id)).status).toBe('active');
  expect(await tokens.list().toArray({ max: 10 })).toHaveLength(1);
  expect((await serviceAccounts.delete(account.id)).receipt).toBeNull();

  expect(proxy.lost()).toBe(11);
  const events = await direct.audit.list().toArray({ max: 100 });
  expect((await audit.list().toArray({ max: 100 })).map(({ id }) => id)).toEqual(events.map(({ id }) => id));
  expect(
    events
      .filter(({ action }) => action !== 'token.use_refused' && !action.startsWith('organization'))
      .map(({ action, outcome }) => (outcome === 'done' ? action : `${action} refused`))
      .reverse()
      .slice(2),
  ).toEqual([
    'service_account.create',
    'token.create',
    'token.value_replayed',
    'token.refresh',
    'token.value_replayed',
    'token.end_overlap',
    'token.delete',
    'token.create',
    'token.value_replayed',
    'token.delete',
    'token.delete refused',
    'service_account.disable',
    'service_account.enable',
    'service_account.delete',
    'service_account.delete refused',
  ]);
});
