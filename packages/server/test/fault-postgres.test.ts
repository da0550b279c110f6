import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Postern, startPostern } from '../../../testing/postern-process.ts';
import { createDatabase, type PostgresServer, startPostgres } from '../../../testing/postgres.ts';
import {
  ACCOUNTS,
  type Answer,
  accountPath,
  type Client,
  call,
  callExpecting,
  createAccount,
  createToken,
  eventually,
  type IssuedToken,
  isActive,
  listAll,
  listEvents,
  type ServiceAccount,
  type Token,
  tokenPath,
  type Verification,
} from './api.ts';

/** What happens to those who are being answered while PostgreSQL goes away and comes back. */

/** For so long at most may a process answer from memory after it has last heard of its database. */
const LEASE_MS = 2_000;

let postgres: PostgresServer;
let postern: Postern;
let admin: Client;

beforeAll(async () => {
  postgres = await startPostgres({ durable: true });
  const { url } = await createDatabase(postgres.url);
  postern = await startPostern({ databaseUrl: url });
  admin = { url: postern.url, token: postern.adminToken };
});
afterAll(async () => {
  await postern?.remove();
  await postgres?.stop();
});

interface Seen {
  readonly sentAt: number;
  readonly answeredAt: number;
  readonly what: string;
}

test('503 while PostgreSQL is down, verdicts from memory for a lease at most, and all is well when it is back', async () => {
  const account = await createAccount(admin);
  const live = await createToken(admin, account);
  const dead = await createToken(admin, account);
  await callExpecting(204, admin, 'DELETE', tokenPath(account, dead.token));
  const target = await createAccount(admin);

  const verdicts: Seen[] = [];
  const wrong: string[] = [];
  let running = true;

  /** What an answer says, and whether the one who gave it could know. */
  async function observe(
    expected: string,
    send: () => Promise<Answer<Verification & { code?: string }>>,
  ): Promise<void> {
    while (running) {
      const sentAt = performance.now();
      const { status, body, headers, text } = await send();
      const answeredAt = performance.now();
      const what = status === 200 ? `${status} ${body?.active ?? 'known'}` : `${status} ${body?.code}`;
      if (status === 503 && !(Number(headers.get('retry-after')) >= 1)) wrong.push('503 without Retry-After');
      if (![expected, '503 storage.unavailable'].includes(what)) wrong.push(`${what}, not ${expected}: ${text}`);
      verdicts.push({ sentAt, answeredAt, what });
      // Nobody asks faster than that while there is nothing to hear.
      if (status === 503) await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
  const verify = (token: string) => () =>
    call<Verification>(admin, 'POST', '/api/v1/tokens/verify', { body: { token } });
  const me = (token: string) => () => call<Verification>({ url: postern.url, token }, 'GET', '/api/v1/me');
  const { body: organization } = await callExpecting<{ id: string }>(200, admin, 'GET', '/api/v1/organization');
  const forward = (token: string) => () =>
    call<Verification>({ url: postern.url, token }, 'GET', `/forward-auth?organization=${organization.id}`);

  const acknowledged = new Set<string>();
  const refused = new Set<string>();
  const unsure = new Map<string, string>();
  let number = 0;
  async function keepCreating(): Promise<void> {
    while (running) {
      number += 1;
      const name = `token ${number}`;
      const key = randomBytes(32).toString('base64url');
      const { status, body, headers, text } = await createOnce(name, key);
      if (status === 201) acknowledged.add(name);
      else if (status === 503 && body.code === 'storage.unavailable') refused.add(name);
      else if (status === 503 && body.code === 'outcome_unknown') unsure.set(name, key);
      else wrong.push(`${status} ${text}`);
      if (status === 503 && !(Number(headers.get('retry-after')) >= 1)) wrong.push('503 without Retry-After');
      if (status === 503) await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
  const createOnce = (name: string, key: string) =>
    call<IssuedToken & { code?: string }>(admin, 'POST', accountPath(target, '/tokens'), {
      body: { name },
      headers: { 'idempotency-key': key },
    });

  const lanes = Promise.all([
    observe('200 true', verify(live.value)),
    observe('200 known', me(live.value)),
    observe('200 known', forward(live.value)),
    observe('200 false', verify(dead.value)),
    keepCreating(),
    keepCreating(),
    keepCreating(),
  ]);
  await eventually('all are under way', () => acknowledged.size >= 30 && verdicts.length >= 100);

  const downtimes: [number, number][] = [];
  for (let round = 0; round < 2; round += 1) {
    const before = acknowledged.size;
    await postgres.halt();
    const downAt = performance.now();
    await eventually('everything is refused', () => {
      const late = verdicts.filter(({ sentAt }) => sentAt > downAt + LEASE_MS);
      return late.length >= 30;
    });
    expect((await call(admin, 'GET', '/healthz')).status).toBe(200);
    expect((await call(admin, 'GET', '/readyz')).status).toBe(503);
    downtimes.push([downAt, performance.now()]);
    await postgres.resume();
    await eventually('mutations work again', () => acknowledged.size > before + 20);
    await eventually('it is ready again', async () => (await call(admin, 'GET', '/readyz')).status === 200);
  }
  running = false;
  await lanes;
  expect(wrong).toEqual([]);

  for (const [downAt, upAt] of downtimes) {
    const during = verdicts.filter(({ sentAt, answeredAt }) => sentAt > downAt && answeredAt < upAt);
    // A miss cannot be answered at all; what is warm may be, under the lease, and not a moment longer.
    const answered = during.filter(({ what }) => what !== '503 storage.unavailable');
    for (const { sentAt, what } of answered) {
      expect(what).not.toBe('200 false');
      expect(sentAt - downAt).toBeLessThanOrEqual(LEASE_MS);
    }
    expect(during.length - answered.length).toBeGreaterThanOrEqual(30);
  }

  // Nothing that was acknowledged is lost, nothing that was refused was done, nothing is half done.
  const names = (await listAll<Token>(admin, accountPath(target, '/tokens'))).map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  expect([...acknowledged].filter((name) => !names.includes(name))).toEqual([]);
  expect([...refused].filter((name) => names.includes(name))).toEqual([]);
  const created = (await listEvents(admin)).filter(
    ({ action, outcome }) => action === 'token.create' && outcome === 'done',
  );
  // Besides those of the bootstrap and of the account above.
  expect(created.length).toBe(names.length + 3);

  // What was sent again under its key is there once, with a value that works.
  for (const [name, key] of unsure) {
    const again = await createOnce(name, key);
    expect(again.status).toBe(201);
    expect(await isActive(admin, again.body.value)).toBe(true);
  }
  const after = (await listAll<Token>(admin, accountPath(target, '/tokens'))).map(({ name }) => name);
  for (const name of unsure.keys()) expect(after.filter((each) => each === name)).toEqual([name]);
  const read = (await callExpecting<ServiceAccount>(200, admin, 'GET', `${ACCOUNTS}/${target.id}`)).body;
  expect(read.tokenCount).toBe(after.length);
});

test('503 and no guess for what was revoked just before PostgreSQL went down', async () => {
  const account = await createAccount(admin);
  const { token, value } = await createToken(admin, account);
  expect(await isActive(admin, value)).toBe(true);
  await callExpecting(204, admin, 'DELETE', tokenPath(account, token));
  await postgres.halt();
  try {
    const until = performance.now() + LEASE_MS;
    while (performance.now() < until) {
      const answer = await call({ url: postern.url, token: value }, 'GET', '/api/v1/me');
      expect([401, 503]).toContain(answer.status);
    }
  } finally {
    await postgres.resume();
  }
  await eventually('it is ready again', async () => (await call(admin, 'GET', '/readyz')).status === 200);
  expect(await isActive(admin, value)).toBe(false);
});

test('it stops in good order while PostgreSQL is down', async () => {
  await postgres.halt();
  try {
    expect(await postern.stop()).toBe(0);
  } finally {
    await postgres.resume();
  }
});
