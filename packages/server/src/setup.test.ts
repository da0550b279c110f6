import { createFirstMember, offerSetup } from '@postern/core';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { engines } from '../../storage/test/engines.ts';
import { type Door, openDoor } from '../test/door.ts';
import { ORIGIN, PASSWORD, QUICK_PASSWORDS, signIn } from '../test/person.ts';

const ADA = 'ada@example.com';
const HOUR_MS = 3_600_000;

describe.each(engines)('the set-up link on $name', (engine) => {
  let door: Door;
  let code: string;

  beforeEach(async () => {
    door = await openDoor(engine, { issuer: () => ORIGIN, passwords: QUICK_PASSWORDS });
    code = await offer();
  });
  afterEach(() => door.close());

  async function offer(renew = true): Promise<string> {
    return (await offerSetup(door.server, { renew }))?.reveal() ?? '';
  }

  const inspect = (text: string) => door.call('POST', '/api/v1/setup/inspect', { token: null, body: { code: text } });
  const complete = (text: string, fields: Record<string, unknown> = {}) =>
    door.call('POST', '/api/v1/setup', {
      token: null,
      body: { code: text, organizationName: 'Harbour', name: 'Ada', email: ADA, password: PASSWORD, ...fields },
    });
  const people = async () => (await door.call('GET', '/api/v1/members')).body.items.length;

  test('lets the first person in, as an admin, and names the organization', async () => {
    expect((await inspect(code)).body).toMatchObject({ organization: 'Acme' });
    expect((await complete(code)).body).toEqual({ id: expect.stringMatching(/^mem_/), email: ADA });
    const cookie = await signIn(door, ADA);
    const me = await door.call('GET', '/api/v1/me', { token: null, headers: { cookie } });
    expect(me.body).toMatchObject({ displayName: 'Ada', organizationRole: 'admin', organization: { name: 'Harbour' } });
    expect(await door.listEvents('&action=setup.complete')).toMatchObject([{ outcome: 'done' }]);
    expect(await door.listEvents('&action=setup.offer')).toHaveLength(1);
  });

  test('400 when it was used, is unknown, is no code, or is older than an hour', async () => {
    await complete(code);
    for (const text of [code, 'A'.repeat(43), 'x']) {
      expect((await inspect(text)).body.code).toBe('setup.invalid');
      expect((await complete(text, { email: 'eve@example.com' })).body.code).toBe('setup.invalid');
    }
    expect(await people()).toBe(1);
  });

  test('works strictly within its hour', async () => {
    door.database.clock.advance(HOUR_MS - 1);
    expect((await inspect(code)).status).toBe(200);
    door.database.clock.advance(1);
    expect((await complete(code)).body.code).toBe('setup.invalid');
    expect(await people()).toBe(0);
  });

  test('a newer link ends it; without renewing, one that is good stays', async () => {
    expect(await offer(false)).toBe('');
    expect((await inspect(code)).status).toBe(200);
    const newer = await offer();
    expect((await inspect(code)).body.code).toBe('setup.invalid');
    expect((await inspect(newer)).status).toBe(200);
  });

  test('ends, and is not offered again, once a person has been let in by other means', async () => {
    const user = await (await door.server.signIn())?.prepareUser({ name: 'Bob', password: PASSWORD });
    if (user) await createFirstMember(door.server, { ...user, email: 'bob@example.com' });
    expect((await inspect(code)).body.code).toBe('setup.invalid');
    expect((await complete(code)).body.code).toBe('setup.invalid');
    expect(await offer()).toBe('');
    expect(await people()).toBe(1);
  });

  test('of two at once one is let in', async () => {
    const answers = await Promise.all([complete(code), complete(code, { email: 'eve@example.com', name: 'Eve' })]);
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 400]);
    expect(await people()).toBe(1);
  });

  test('400 names the fields that are wrong, and the link stays good', async () => {
    const answer = await complete(code, { email: 'nobody', password: 'short' });
    expect(answer.status).toBe(400);
    expect(answer.text).not.toContain(code);
    expect((await complete(code, { password: 'short' })).body.errors).toMatchObject([{ path: '/password' }]);
    expect((await complete(code, { organizationName: ' ' })).status).toBe(400);
    expect((await complete(code)).status).toBe(200);
  });

  test('the database holds no code', async () => {
    const rows = await door.database.query('select * from setup');
    expect(rows).toHaveLength(1);
    expect(JSON.stringify(rows)).not.toContain(code);
  });
});
