import { createFirstMember, openSetup, renewSetup } from '@postern/core';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { engines } from '../../storage/test/engines.ts';
import { type Door, openDoor } from '../test/door.ts';
import { cookieOf, ORIGIN, PASSWORD, QUICK_PASSWORDS } from '../test/person.ts';

const HOUR_MS = 3_600_000;
const UNKNOWN = 'x'.repeat(43);
const INVALID = [409, 'setup.link_invalid'];

describe.each(engines)('setting up on $name', (engine) => {
  let door: Door;

  beforeEach(async () => {
    door = await openDoor(engine, { issuer: () => ORIGIN, passwords: QUICK_PASSWORDS, monotonic: () => 0 });
  });
  afterEach(() => door.close());

  const newCode = async (): Promise<string> => (await renewSetup(door.server))?.reveal() ?? '';
  const inspect = (code: string) => door.call('POST', '/api/v1/setup/inspect', { token: null, body: { code } });
  const complete = (code: string, fields: Record<string, unknown> = {}, headers: Record<string, string> = {}) =>
    door.call('POST', '/api/v1/setup', {
      token: null,
      headers: { origin: ORIGIN, ...headers },
      body: {
        ...{ code, organizationName: 'Globex', displayName: 'Ada', email: ' Ada@Example.com ', password: PASSWORD },
        ...fields,
      },
    });
  const failure = ({ status, body }: { status: number; body: { code: string } }) => [status, body.code];
  const people = () => door.database.query(`select id from principal where kind = 'member'`);

  test('200: whoever holds the link is the first admin, has named the organization, and is signed in', async () => {
    const code = await newCode();
    expect((await inspect(code)).body).toEqual({
      organization: { name: 'Acme' },
      expiresAt: new Date(door.database.clock.now() + HOUR_MS).toISOString(),
    });
    const done = await complete(code);
    expect([done.status, done.body]).toEqual([
      200,
      { id: expect.stringMatching(/^mem_/), email: 'ada@example.com', signedIn: true },
    ]);
    const me = await door.call('GET', '/api/v1/me', { token: null, headers: { cookie: cookieOf(done) } });
    expect(me.body).toMatchObject({
      id: done.body.id,
      displayName: 'Ada',
      organizationRole: 'admin',
      organization: { name: 'Globex' },
    });
    // Neither the code nor the password is anywhere.
    for (const secret of [code, PASSWORD]) expect(done.text + JSON.stringify(door.log)).not.toContain(secret);
    expect(await door.listEvents('&action=session.create')).toMatchObject([{ actor: { id: done.body.id } }]);
    expect(await door.listEvents('&action=organization.setup')).toMatchObject([
      {
        outcome: 'done',
        actor: { kind: 'member', id: done.body.id, displayName: 'Ada' },
        target: { kind: 'organization', displayName: 'Globex' },
        details: { member: { id: done.body.id } },
      },
    ]);
  });

  test('what is already known of the organization in memory is read anew: its new name is verified', async () => {
    const verify = () => door.call('POST', '/api/v1/tokens/verify', { body: { token: door.admin } });
    expect((await verify()).body.organization.name).toBe('Acme');
    await complete(await newCode());
    expect((await verify()).body.organization.name).toBe('Globex');
  });

  test('409 for a used, an expired and an unknown link alike', async () => {
    const used = await newCode();
    const other = (await renewSetup(door.server))?.reveal() ?? '';
    // A new one ends the one before.
    expect(failure(await inspect(used))).toEqual(INVALID);
    door.database.clock.advance(HOUR_MS);
    for (const code of [other, UNKNOWN, 'short']) {
      const answers = [await inspect(code), await complete(code)];
      expect(answers.map(failure)).toEqual([INVALID, INVALID]);
      expect(answers[0]?.body.title).toBe(answers[1]?.body.title);
    }
    const code = await newCode();
    expect((await complete(code)).status).toBe(200);
    expect(failure(await inspect(code))).toEqual(INVALID);
    expect(failure(await complete(code))).toEqual(INVALID);
  });

  test('409 for all but one of several at once', async () => {
    const code = await newCode();
    const emails = ['a@example.com', 'b@example.com', 'c@example.com', 'd@example.com'];
    const answers = await Promise.all(emails.map((email) => complete(code, { email })));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409, 409, 409]);
    expect(await people()).toHaveLength(1);
    expect(await door.listEvents('&action=organization.setup')).toHaveLength(1);
  });

  test('400 for bad fields, 403 for a page of another site, and the link stays good', async () => {
    const code = await newCode();
    const bad: readonly [string, unknown][] = [
      ['organizationName', ' '],
      ['displayName', ''],
      ['email', 'nobody'],
      ['password', 'short'],
    ];
    for (const [field, value] of bad) {
      const refused = await complete(code, { [field]: value });
      expect([refused.status, refused.body.errors[0].path], field).toEqual([400, `/${field}`]);
    }
    expect((await complete(code, { organizationRole: 'member' })).status).toBe(400);
    const foreign = { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' };
    expect(failure(await complete(code, {}, foreign))).toEqual([403, 'origin.foreign']);
    expect(await people()).toEqual([]);
    expect((await complete(code)).status).toBe(200);
  });

  test('429 for who guesses, after as many guesses as of any other credential', async () => {
    const statuses = new Set<number>();
    for (let guess = 0; guess <= 100; guess += 1) statuses.add((await inspect(UNKNOWN)).status);
    expect([...statuses]).toEqual([409, 429]);
  });

  test('a start makes a link only while nobody is there, and several starts do not end the links of each other', async () => {
    // The service account of the first start is there.
    expect(await openSetup(door.server)).toBeUndefined();
    await door.database.query('delete from token_digest returning token_id');
    await door.database.query('delete from token returning id');
    await door.database.query('delete from principal returning id');
    const links = [await openSetup(door.server), await openSetup(door.server)];
    for (const link of links) {
      const found = await door.call('POST', '/api/v1/setup/inspect', { token: null, body: { code: link?.reveal() } });
      expect(found.status).toBe(200);
    }
    expect((await complete(links[0]?.reveal() ?? '')).status).toBe(200);
    expect(failure(await inspect(links[1]?.reveal() ?? ''))).toEqual(INVALID);
    expect(await openSetup(door.server)).toBeUndefined();
    expect(await renewSetup(door.server)).toBeUndefined();
  });

  test('a link is over once a person is there by another way', async () => {
    const code = await newCode();
    await createFirstMember(door.server, { id: 'usr_1', name: 'Eve', email: 'eve@example.com', passwordHash: 'x' });
    expect(failure(await inspect(code))).toEqual(INVALID);
    expect(failure(await complete(code))).toEqual(INVALID);
    expect(await people()).toHaveLength(1);
  });
});
