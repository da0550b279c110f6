import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Postern, startPostern } from '../../../testing/postern-process.ts';
import { createDatabase } from '../../../testing/postgres.ts';
import { type PostgresPair, startPostgresPair } from '../../../testing/postgres-pair.ts';
import { type DatabaseProxy, startProxy } from '../../../testing/torture/proxy.ts';
import {
  accountPath,
  type Client,
  call,
  createAccount,
  createToken,
  eventually,
  isActive,
  type Problem,
  type ServiceAccount,
} from './api.ts';
import { queryAt } from './postern.ts';

/** A node at an address that moves to the standby, while connections to the former primary live on. */

let pair: PostgresPair;
let address: DatabaseProxy;
let node: Postern;
let client: Client;
let former: string;
let promoted: string;

beforeAll(async () => {
  pair = await startPostgresPair();
  const { url } = await createDatabase(pair.primary.url);
  former = url;
  promoted = new URL(new URL(url).pathname, pair.standby.url).href;
  address = await startProxy(url);
  node = await startPostern({ databaseUrl: address.url });
  client = { url: node.url, token: node.adminToken };
});
afterAll(async () => {
  await node?.kill();
  await node?.remove();
  await address?.close();
  await pair?.stop();
});

/** What no standby has, and nobody was told of. */
const writeAtFormer = (text: string) => queryAt(former, `set synchronous_commit = local; ${text}`);
/** What of the node is connected to it, and does something like this. */
const activityAtFormer = (what: string) =>
  queryAt(
    former,
    `select pid from pg_stat_activity
     where datname = current_database() and application_name = 'postern' and ${what}`,
  );
const endAtFormer = async (what: string) => {
  const found = await activityAtFormer(what);
  for (const { pid } of found) await queryAt(former, `select pg_terminate_backend(${pid})`);
  return found.length;
};
const isReady = async () => (await call(client, 'GET', '/readyz')).status === 200;
const joined = async (url: string) => (await queryAt(url, 'select id from node')).map(({ id }) => id);

/** Asks for what is refused, and goes on once the refusal waits for a standby; it may have been answered without, once the lease is over. */
async function refuse(account: Pick<ServiceAccount, 'id'>) {
  let isAnswered = false;
  const answer = call<Problem>(client, 'DELETE', accountPath(account)).finally(() => {
    isAnswered = true;
  });
  const waits = async () =>
    (await activityAtFormer(`wait_event = 'SyncRep' and query like 'rollback to savepoint%'`)).length > 0;
  await eventually('the refusal waits', async () => isAnswered || (await waits()));
  return { answer, isAnswered: () => isAnswered };
}

test('a refusal waits for the standby, as what it tells might be lost without it', async () => {
  const account = await createAccount(client);
  expect((await call(client, 'DELETE', accountPath(account))).status).toBe(204);
  await eventually('one waits while the lease lasts', async () => {
    await pair.standby.halt();
    const refusal = await refuse(account);
    const waited = !refusal.isAnswered();
    await pair.standby.resume();
    const { body } = await refusal.answer;
    expect(body.code).toBe(waited ? 'service_account.not_found' : 'storage.unavailable');
    await eventually('it is ready again', isReady);
    return waited;
  });
});

test('what only a former primary has is neither told as a fact nor remembered', async () => {
  const [account, other] = [await createAccount(client), await createAccount(client, { displayName: 'Everywhere' })];
  const [{ value }, { value: otherValue }] = [await createToken(client, account), await createToken(client, other)];
  const nameOfOther = async () => {
    const caller = { url: node.url, token: otherValue };
    return (await call<{ readonly displayName: string }>(caller, 'GET', '/api/v1/me')).body.displayName;
  };
  await pair.promote();
  await eventually('the standby takes writes', async () => {
    const [row] = await queryAt(promoted, 'select pg_is_in_recovery() as standby');
    return row?.['standby'] === false;
  });
  address.moveTo(promoted);
  await writeAtFormer(
    `update principal set status = 'deleted' where id = '${account.id}';
     update principal set display_name = 'There only' where id = '${other.id}'`,
  );
  const before = await joined(promoted);
  // Seen, and remembered, for as long as a lease lasts that was taken before.
  expect(['There only', undefined]).toContain(await nameOfOther());
  const refusal = await refuse(account);
  await eventually('the node joins at the new primary', async () => {
    await endAtFormer(`query ~ 'with renewed as|joined_at'`);
    const now = await joined(promoted);
    return now.length > 0 && !now.some((id) => before.includes(id));
  });
  await endAtFormer('true');
  const { status, body } = await refusal.answer;
  expect({ status, code: body.code }).toEqual({ status: 503, code: 'storage.unavailable' });

  await eventually('it is ready again', isReady);
  expect(await isActive(client, value)).toBe(true);
  expect(await nameOfOther()).toBe('Everywhere');
  expect((await call(client, 'DELETE', accountPath(account))).status).toBe(204);
  expect(await queryAt(promoted, `select status from principal where id = '${account.id}'`)).toEqual([
    { status: 'deleted' },
  ]);
});
