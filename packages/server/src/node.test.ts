import { LEASE_MS } from '@postern/core';
import { afterEach, expect, test } from 'vitest';
import { engines } from '../../storage/test/engines.ts';
import { type Door, openDoor } from '../test/door.ts';

let door: Door;
afterEach(() => door.close());

test.each(engines)('200 on $name: who serves, how long its lease is, and how far it has come', async (engine) => {
  door = await openDoor(engine);
  await door.createAccount();
  const { body } = await door.call('GET', '/api/v1/nodes');
  const isLeased = engine.name === 'postgres';
  expect(body.items).toEqual([
    {
      id: isLeased ? expect.stringMatching(/^node_/) : 'embedded',
      self: true,
      joinedAt: expect.any(String),
      renewedAt: isLeased ? expect.any(String) : null,
      leaseMs: isLeased ? expect.any(Number) : null,
      // Nothing is answered before all have applied it.
      position: expect.any(Number),
      lag: 0,
    },
  ]);
  const made = await door.call('POST', '/api/v1/service-accounts', {
    body: { displayName: 'One more', organizationRole: 'member' },
  });
  const [self] = (await door.call('GET', '/api/v1/nodes')).body.items;
  expect(self.position).toBe(body.items[0].position + 1);
  expect(made.headers['postern-receipt']).toContain(`position=${self.position},`);
});

test('200 on postgres: one that has fallen behind is seen, and what others do is not', async () => {
  const engine = engines.find(({ name }) => name === 'postgres')!;
  door = await openDoor(engine);
  const outsider = await door.createOutsider();
  const { acked } = (await door.database.query('select acked from node'))[0] as { acked: string };
  // As one that was killed: it has joined, and then nothing more was heard of it.
  await door.database.query(
    `insert into node (id, acked, renewals, joined_at, usage_complete_until) values ('killed', ${acked}, 7, 0, 0)`,
  );
  const see = async (token = door.admin) => (await door.call('GET', '/api/v1/nodes', { token })).body.items;
  const [killed, self] = await see();
  expect(killed).toMatchObject({ id: 'killed', self: false, leaseMs: 0, lag: 0 });
  expect(self).toMatchObject({ self: true, lag: 0 });
  const before = await see(outsider);

  const creating = door.createAccount();
  await expect.poll(async () => (await see())[0].lag, { timeout: LEASE_MS }).toBe(1);
  // In another organization nothing has happened.
  expect(positions(await see(outsider))).toEqual(positions(before));
  await creating;
  expect(await see()).toHaveLength(1);
});

function positions(nodes: readonly { readonly position: number; readonly lag: number }[]) {
  return nodes.map(({ position, lag }) => ({ position, lag }));
}
