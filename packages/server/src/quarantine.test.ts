import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { engines } from '../../storage/test/engines.ts';
import { type Door, openDoor } from '../test/door.ts';
import { joinAndSignIn, ORIGIN, QUICK_PASSWORDS, signIn } from '../test/person.ts';

const URL = '/api/v1/organization';

describe.each(engines)('after a restore on $name', (engine) => {
  let door: Door;
  let cookie: string;
  let incarnation = 1;

  beforeAll(async () => {
    door = await openDoor(engine, { passwords: QUICK_PASSWORDS });
    cookie = await joinAndSignIn(door, 'ada@example.com', 'admin');
  });
  afterAll(() => door.close());

  async function restore(proven: boolean): Promise<void> {
    incarnation += 1;
    await door.server.storage.restore({ revocations: [], incarnation, proven, at: door.server.storage.now() });
  }

  const asPerson = (method: string, url: string) =>
    door.call(method, url, { token: null, headers: { cookie, origin: ORIGIN } });
  const works = async (token = door.admin) => (await door.call('GET', '/api/v1/me', { token })).status === 200;

  test('401 with a code of its own for every token, and sessions are over', async () => {
    const other = await door.createOutsider();
    expect([await works(), await works(other)]).toEqual([true, true]);
    await restore(true);
    for (const token of [door.admin, other]) {
      const answer = await door.call('GET', '/api/v1/me', { token });
      expect([answer.status, answer.body.code]).toEqual([401, 'token.quarantined']);
      expect(answer.headers['www-authenticate']).toContain('error="invalid_token"');
    }
    expect((await asPerson('GET', URL)).status).toBe(401);
    cookie = await signIn(door, 'ada@example.com');
    expect((await asPerson('GET', URL)).body).toMatchObject({ quarantine: 'releasable' });
  });

  test('200 for an admin who has signed in and releases the tokens, of that organization only', async () => {
    const other = await door.createOutsider();
    expect(await works(other)).toBe(true);
    await restore(true);
    cookie = await signIn(door, 'ada@example.com');
    const released = await asPerson('POST', `${URL}/quarantine/release`);
    expect([released.status, released.body.quarantine]).toEqual([200, null]);
    expect(released.headers['postern-receipt']).toBeDefined();
    expect([await works(), await works(other)]).toEqual([true, false]);
    const [event] = await door.listEvents('&action=organization.release');
    expect(event).toMatchObject({ outcome: 'done', actor: { kind: 'member' } });
    // A second time there is nothing to do.
    expect((await asPerson('POST', `${URL}/quarantine/release`)).status).toBe(200);
    expect(await door.listEvents('&action=organization.release')).toHaveLength(1);
    expect((await asPerson('POST', `${URL}/quarantine/delete-tokens`)).body).toMatchObject({ deleted: 0 });
    expect(await works()).toBe(true);
  });

  test('a token that is revoked while it waits stays revoked when it is released', async () => {
    const { value } = await door.createToken(door.adminAccountId);
    await restore(true);
    expect(await works(value)).toBe(false);
    const revoked = await door.call('POST', '/oauth2/revoke', {
      ...{ token: null, raw: `token=${value}` },
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    });
    expect([revoked.status, revoked.headers['postern-receipt']]).toEqual([200, expect.stringContaining('position=')]);
    cookie = await signIn(door, 'ada@example.com');
    await asPerson('POST', `${URL}/quarantine/release`);
    expect([await works(), await works(value)]).toEqual([true, false]);
  });

  test('409 for a release that nobody can prove; then the tokens are deleted', async () => {
    await restore(false);
    cookie = await signIn(door, 'ada@example.com');
    const refused = await asPerson('POST', `${URL}/quarantine/release`);
    expect([refused.status, refused.body.code]).toEqual([409, 'quarantine.delete_only']);
    const deleted = await asPerson('POST', `${URL}/quarantine/delete-tokens`);
    expect(deleted).toMatchObject({ status: 200, body: { deleted: 1 } });
    const answer = await door.call('GET', '/api/v1/me');
    expect([answer.status, answer.body.code]).toEqual([401, 'token.invalid']);
    const eventOf = async (action: string) =>
      (await asPerson('GET', `/api/v1/audit-events?limit=200&action=organization.${action}`)).body.items;
    expect(await eventOf('delete_tokens')).toMatchObject([{ outcome: 'done', details: { tokensDeleted: 1 } }]);
    expect(await eventOf('release')).toContainEqual(
      expect.objectContaining({ outcome: 'refused', code: 'quarantine.delete_only' }),
    );
    expect(await eventOf('restore')).toHaveLength(4);
    expect(await eventOf('restore')).toContainEqual(
      expect.objectContaining({ details: { proven: false, revocationsApplied: 0 } }),
    );
  });
});
