import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Postern, startPostern, startPosternOn } from '../../../testing/postern-process.ts';
import { createDatabase } from '../../../testing/postgres.ts';
import { type PostgresPair, startPostgresPair } from '../../../testing/postgres-pair.ts';
import {
  accountPath,
  type Client,
  call,
  createAccount,
  eventually,
  type IssuedToken,
  isActive,
  listAll,
  type ServiceAccount,
  type Token,
  tokenPath,
  type Verification,
} from './api.ts';
import { queryAt } from './postern.ts';

/** Two nodes on a primary with a synchronous standby, which takes its place while clients go on. */

let pair: PostgresPair;
let nodes: readonly Postern[] = [];
let clients: readonly [Client, Client];
let databaseName: string;

beforeAll(async () => {
  pair = await startPostgresPair();
  const { url } = await createDatabase(pair.primary.url);
  databaseName = new URL(url).pathname.slice(1);
  const one = await startPostern({ databaseUrl: addressOf(pair.primary.url, pair.standby.url) });
  nodes = [one];
  // The order in which servers are named does not matter.
  const other = await startPosternOn({ ...one.data, databaseUrl: addressOf(pair.standby.url, pair.primary.url) });
  nodes = [one, other];
  clients = [
    { url: one.url, token: one.adminToken },
    { url: other.url, token: one.adminToken },
  ];
});
afterAll(async () => {
  for (const node of nodes) await node.kill();
  await nodes[0]?.remove();
  await pair?.stop();
});

/** Both servers in one address, as clients of PostgreSQL write it. */
function addressOf(...urls: readonly string[]): string {
  const hosts = urls.map((url) => new URL(url).host).join(',');
  return `postgres://postgres:postgres@${hosts}/${databaseName}?target_session_attrs=read-write`;
}

const isReady = async (client: Client) => (await call(client, 'GET', '/readyz')).status === 200;

test('nothing that was answered is lost when the standby takes the place of a killed primary', async () => {
  const account = await createAccount(clients[0]);
  const live = new Map<string, string>();
  const revoked: string[] = [];
  const wrong: string[] = [];
  let unsure = 0;
  let asked = 0;
  let running = true;
  const pause = () => new Promise((resolve) => setTimeout(resolve, 20));

  /** Makes tokens and revokes every other one; what is answered is kept, what is not may be either way. */
  async function keepChanging(client: Client, lane: string): Promise<void> {
    for (let number = 0; running; number += 1) {
      const name = `${lane} ${number}`;
      const made = await call<IssuedToken>(client, 'POST', accountPath(account, '/tokens'), { body: { name } });
      if (made.status === 201 && number % 2 === 0) live.set(name, made.body.value);
      else if (made.status === 201) {
        const { status, text } = await call(client, 'DELETE', tokenPath(account, made.body.token));
        if (status === 204) revoked.push(made.body.value);
        else if (status !== 503) wrong.push(`delete: ${status} ${text}`);
      } else if (made.status !== 503) wrong.push(`create: ${made.status} ${made.text}`);
      if (made.status !== 503) continue;
      unsure += 1;
      await pause();
    }
  }

  async function keepVerifying(client: Client): Promise<void> {
    for (let number = 0; running; number += 1) {
      const token = revoked.at(number % 3 === 0 ? Math.floor(number / 3) % revoked.length : -1);
      if (token === undefined) {
        await pause();
        continue;
      }
      const { status, body, text } = await call<Verification>(client, 'POST', '/api/v1/tokens/verify', {
        body: { token },
      });
      if (status === 200 && body.active) wrong.push('a token that was revoked verifies');
      else if (status !== 200 && status !== 503) wrong.push(`verify: ${status} ${text}`);
      asked += 1;
      if (status === 503) await pause();
    }
  }

  const lanes = Promise.all(
    clients.flatMap((client, index) => [
      keepChanging(client, `lane ${index}`),
      keepChanging(client, `other lane ${index}`),
      keepVerifying(client),
    ]),
  );
  await eventually('all are under way', () => live.size >= 20 && revoked.length >= 20 && asked >= 50);
  await pair.primary.kill();
  await eventually('it is noticed', () => unsure >= 4);
  await pair.promote();
  for (const client of clients) await eventually('it is ready again', () => isReady(client));
  const before = { live: live.size, revoked: revoked.length, asked };
  await eventually(
    'all go on',
    () => live.size >= before.live + 20 && revoked.length >= before.revoked + 20 && asked >= before.asked + 50,
  );
  running = false;
  await lanes;
  expect(wrong).toEqual([]);

  const there = new Set((await listAll<Token>(clients[0], accountPath(account, '/tokens'))).map(({ name }) => name));
  expect([...live.keys()].filter((name) => !there.has(name))).toEqual([]);
  for (const client of clients) {
    for (const value of live.values()) expect(await isActive(client, value)).toBe(true);
    for (const value of revoked) expect(await isActive(client, value)).toBe(false);
  }
});

test('a former primary that comes back is not used, not by one that starts then either', async () => {
  await eventually('the former primary is back', () =>
    pair.primary.resume().then(
      () => true,
      () => false,
    ),
  );
  const former = new URL(pair.primary.url);
  former.pathname = `/${databaseName}`;
  const countAt = async (url: string) =>
    (await queryAt(url, 'select count(*)::int as tokens from token'))[0]?.['tokens'];
  const before = await countAt(former.href);

  const first = nodes[0] as Postern;
  const newcomer = await startPosternOn(first.data);
  nodes = [...nodes, newcomer];
  const client = { url: newcomer.url, token: first.adminToken };
  const account: ServiceAccount = await createAccount(client);
  const made = await call<IssuedToken>(client, 'POST', accountPath(account, '/tokens'), { body: { name: 'new' } });
  expect(made.status).toBe(201);
  for (const each of [...clients, client]) expect(await isActive(each, made.body.value)).toBe(true);
  expect(await countAt(former.href)).toBe(before);
});
