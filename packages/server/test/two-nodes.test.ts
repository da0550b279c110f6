import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findPgBouncer, type PgBouncer, startPgBouncer } from '../../../testing/pgbouncer.ts';
import {
  accountPath,
  type Client,
  callExpecting,
  createAccount,
  createToken,
  eventually,
  isActive,
  refreshToken,
  tokenPath,
} from './api.ts';
import { createDatabase, startPostern, type TestServer } from './postern.ts';

/** Two nodes on one PostgreSQL that is not reached directly, or says nothing by itself; what holds does not depend on it. */

const WAYS = ['without notifications', 'through PgBouncer in transaction mode'] as const;

const pgbouncer = findPgBouncer();
const ROUNDS = 6;

interface Node {
  readonly id: string;
  readonly self: boolean;
  readonly leaseMs: number;
  readonly lag: number;
}

describe.for(WAYS)('%s', (way) => {
  const isPooled = way !== 'without notifications';
  const isSkipped = isPooled && pgbouncer === undefined;
  let pooler: PgBouncer | undefined;
  let server: TestServer;
  let nodes: readonly [Client, Client];

  beforeAll(async () => {
    if (isSkipped) return;
    const database = await createDatabase();
    pooler = isPooled ? await startPgBouncer(pgbouncer as string, database.url) : undefined;
    const listenUrl = isPooled ? database.url : 'none';
    server = await startPostern('postgres', {
      POSTERN_DATABASE_URL: pooler?.url ?? database.url,
      POSTERN_DATABASE_LISTEN_URL: listenUrl,
    });
    nodes = [server.admin, await server.startAnother()];
    dropDatabase = database.drop;
  });
  let dropDatabase: (() => Promise<void>) | undefined;
  afterAll(async () => {
    await server?.stop();
    await pooler?.stop();
    await dropDatabase?.();
  });

  test.skipIf(isSkipped)(`what one node answers holds on the other`, async () => {
    const [one, other] = nodes;
    const account = await createAccount(one);
    for (let round = 0; round < ROUNDS; round += 1) {
      const { token, value } = await createToken(round % 2 === 0 ? one : other, account);
      expect([await isActive(one, value), await isActive(other, value)]).toEqual([true, true]);
      const { value: newer } = await refreshToken(other, account, token);
      expect([await isActive(one, value), await isActive(other, value)]).toEqual([false, false]);
      expect([await isActive(one, newer), await isActive(other, newer)]).toEqual([true, true]);
      const { headers } = await callExpecting(204, one, 'DELETE', tokenPath(account, token));
      expect(headers.get('postern-receipt')).toMatch(/confirmed=2, expired=0/);
      expect([await isActive(other, newer), await isActive(one, newer)]).toEqual([false, false]);
    }
    const { value } = await createToken(one, account);
    expect(await isActive(other, value)).toBe(true);
    await callExpecting(200, one, 'POST', accountPath(account, '/disable'));
    expect(await isActive(other, value)).toBe(false);
  });

  test.skipIf(isSkipped)('both are seen, each under a live lease', async () => {
    const look = async (client: Client) =>
      (await callExpecting<{ items: Node[] }>(200, client, 'GET', '/api/v1/nodes')).body.items;
    for (const client of nodes) {
      const seen = await look(client);
      expect(seen).toHaveLength(2);
      expect(seen.filter(({ self }) => self)).toHaveLength(1);
      expect((await callExpecting(200, client, 'GET', '/readyz')).text).toBe('{"status":"ready"}');
    }
    await eventually('nothing is left to be applied', async () =>
      (await look(nodes[0])).every(({ lag, leaseMs }) => lag === 0 && leaseMs > 0),
    );
  });
});
