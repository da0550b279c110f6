import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { engines } from '../../storage/test/engines.ts';
import type { Door } from '../test/door.ts';
import { joinAndSignIn, ORIGIN, openDoorOfPeople, signIn } from '../test/person.ts';

const ADA = 'ada@example.com';
const BOB = 'bob@example.com';
const MINUTE_MS = 60_000;

describe.each(engines)('a sign-in of late on $name', (engine) => {
  let door: Door;
  let ada: string;

  beforeEach(async () => {
    door = await openDoorOfPeople(engine, ADA);
    ada = await signIn(door, ADA);
  });
  afterEach(() => door.close());

  const as = (cookie: string, method: string, path: string, body?: unknown, headers: Record<string, string> = {}) =>
    door.call(method, `/api/v1${path}`, {
      token: null,
      headers: { cookie, origin: ORIGIN, ...headers },
      ...(body !== undefined && { body }),
    });

  const waitLong = () => door.database.clock.set(Date.now() + 16 * MINUTE_MS);

  test('changes of weight ask for a sign-in of late', async () => {
    const account = await door.createAccount();
    waitLong();
    const heavy = [
      await as(ada, 'POST', '/service-accounts', { displayName: 'x', organizationRole: 'admin' }),
      await as(ada, 'POST', '/members', { emails: [BOB], organizationRole: 'admin' }),
      await as(ada, 'DELETE', `/service-accounts/${account}/tokens`),
      await as(ada, 'PATCH', '/organization', { tokenPolicy: { creation: 'everyone', requireExpiry: false } }),
    ];
    expect(heavy.map(({ body }) => body.code)).toEqual(Array(4).fill('sign_in.stale'));
    const light = await as(ada, 'POST', '/service-accounts', { displayName: 'x', organizationRole: 'member' });
    expect(light.status).toBe(201);
  });

  test('whoever gets the value of an admin’s token has signed in of late: nothing is passed by through it', async () => {
    const { accountId: admin, tokenId } = await door.createCaller('admin');
    const { id: own } = (await as(ada, 'POST', '/me/tokens', { name: 'own' })).body.token;
    const invited = await as(ada, 'POST', '/members', { emails: [BOB], organizationRole: 'admin' });
    const key = { 'idempotency-key': 'once-0123456789-012345678901' };
    const attempts = [
      ['/me/tokens', { name: 'x' }],
      ['/me/tokens', { name: 'x', restrictions: { permissions: [] } }],
      [`/me/tokens/${own}/refresh`, {}],
      [`/service-accounts/${admin}/tokens`, { name: 'x' }],
      [`/service-accounts/${admin}/tokens/${tokenId}/refresh`, {}],
      [`/members/${invited.body.items[0].invitation.member.id}/resend`, {}],
    ] as const;
    expect((await as(ada, 'POST', '/me/tokens', { name: 'once' }, key)).status).toBe(201);
    waitLong();
    for (const [path, body] of attempts) {
      const { status, body: problem } = await as(ada, 'POST', path, body);
      expect([path, status, problem.code]).toEqual([path, 403, 'sign_in.stale']);
    }
    expect((await as(ada, 'POST', '/me/tokens', { name: 'once' }, key)).body.code).toBe('sign_in.stale');
    expect(await door.listEvents('&action=token.refresh')).toMatchObject([
      { outcome: 'refused', code: 'sign_in.stale' },
      { outcome: 'refused', code: 'sign_in.stale' },
    ]);
    // Who has an admin's token may do all this with it anyway.
    const through = await door.call('POST', `/api/v1/service-accounts/${admin}/tokens`, { body: { name: 'x' } });
    expect(through.status).toBe(201);
  });

  test('other tokens are had without', async () => {
    const bob = await joinAndSignIn(door, BOB, 'member');
    const account = await door.createAccount();
    waitLong();
    const own = await as(bob, 'POST', '/me/tokens', { name: 'own' });
    expect(own.status).toBe(201);
    expect((await as(bob, 'POST', `/me/tokens/${own.body.token.id}/refresh`, {})).status).toBe(200);
    expect((await as(ada, 'POST', `/service-accounts/${account}/tokens`, { name: 'x' })).status).toBe(201);
  });
});
