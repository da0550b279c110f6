import { createHmac, randomBytes } from 'node:crypto';
import { generateSecretKey, keyedHash, parseSecretKey, type SecretKey } from '@postern/core';
import { describe, expect, onTestFinished, test } from 'vitest';
import { engines } from '../../../storage/test/engines.ts';
import { type Browser, EMAIL, openPeople, PASSWORD, type People, sessionCookie, totpCode } from '../../test/people.ts';

const NEW_PASSWORD = 'another horse battery';

describe.each(engines)('a copy of the database on $name', (engine) => {
  async function open(): Promise<People> {
    const people = await openPeople(engine, { passwords: undefined });
    onTestFinished(() => people.close());
    return people;
  }

  const find = (people: People, value: string) =>
    people.signIn.findSession(new Headers({ cookie: `__Host-postern_session=${encodeURIComponent(value)}` }));

  /** As the library signs cookies, under whatever key the thief has. */
  const sign = (value: string, secret: string): string =>
    `${value}.${createHmac('sha256', secret).update(value).digest('base64')}`;

  /** Each thing that whoever has it could use. */
  async function secretsOf(people: People, page: Browser): Promise<Record<string, string>> {
    await page.post('/request-password-reset', { email: EMAIL });
    await expect.poll(() => people.resets.get(EMAIL)).toBeDefined();
    const enabled = await page.post('/two-factor/enable', { password: PASSWORD });
    const uri: string = enabled.body.totpUri;
    const confirmed = await page.post('/two-factor/verify-totp', { code: totpCode(uri) });
    expect([confirmed.status, confirmed.text]).toEqual([200, '{"signedIn":true}']);
    const begun = people.browser();
    await begun.post('/sign-in/email', { email: EMAIL, password: PASSWORD });
    const cookie = decodeURIComponent(sessionCookie(page));
    const second = decodeURIComponent([...begun.cookies.values()].join());
    return {
      cookie,
      token: cookie.split('.')[0] ?? '',
      reset: people.resets.get(EMAIL) ?? '',
      totp: new URL(uri).searchParams.get('secret') ?? '',
      backupCode: enabled.body.backupCodes[0],
      secondStep: second.split('.')[0] ?? '',
      password: PASSWORD,
    };
  }

  test('holds nothing that signs anybody in', async () => {
    const people = await open();
    const page = await people.signedIn();
    const secrets = await secretsOf(people, page);
    const dump = await people.dump();
    expect(dump).toContain(EMAIL);
    for (const [name, secret] of Object.entries(secrets)) {
      expect([name, secret.length >= 8]).toEqual([name, true]);
      expect([name, dump.includes(secret)]).toEqual([name, false]);
    }
  });

  test('gives no session: neither what it holds, nor what is signed with a key of the thief', async () => {
    const people = await open();
    const page = await people.signedIn();
    const [token = ''] = decodeURIComponent(sessionCookie(page)).split('.');
    expect(await find(people, decodeURIComponent(sessionCookie(page)))).not.toBeNull();
    const [row] = await people.database.query('select * from auth_session');
    const mine = randomBytes(32).toString('base64url');
    // The right key, which a thief has not: what is stored is still not what is asked for.
    const right = keyedHash(people.key.subkeys.session, 'library');
    for (const value of [
      String(row?.['token_digest']),
      String(row?.['id']),
      sign(String(row?.['token_digest']), mine),
      sign(token, mine),
      sign(token, ''),
      sign(String(row?.['token_digest']), right),
      token,
    ])
      expect(await find(people, value)).toBeNull();
    expect(await find(people, sign(token, right))).not.toBeNull();
  });

  test('gives no session to whoever can write into it either', async () => {
    const people = await open();
    const page = await people.signedIn();
    const mine = parseSecretKey(generateSecretKey('k1', randomBytes)) as SecretKey;
    const planted = 'p'.repeat(32);
    const digest = keyedHash(mine.subkeys.session, 'stored', 'session', planted);
    await people.database.query(`update auth_session set token_digest = '${digest}' returning id`);
    expect(await find(people, sign(planted, keyedHash(mine.subkeys.session, 'library')))).toBeNull();
    expect(await page.findSession()).toBeNull();
  });

  test('gives no reset: the stored form of a token is no token', async () => {
    const people = await open();
    const page = await people.signedIn();
    await page.post('/request-password-reset', { email: EMAIL });
    await expect.poll(() => people.resets.get(EMAIL)).toBeDefined();
    const rows = await people.database.query('select * from auth_verification');
    expect(rows).toHaveLength(1);
    const stored = rows.flatMap((row) => Object.values(row)).map(String);
    for (const token of [...stored, ...stored.map((value) => `reset-password:${value}`)]) {
      const answer = await people.browser().post('/reset-password', { token, newPassword: NEW_PASSWORD });
      expect(answer.body).toMatchObject({ code: 'sign_in.link_invalid' });
    }
    const token = people.resets.get(EMAIL);
    expect((await page.post('/reset-password', { token, newPassword: NEW_PASSWORD })).status).toBe(204);
  });

  test('with another secret key nobody is in, and codes cannot be read', async () => {
    const people = await open();
    const page = await people.signedIn();
    const other = await openPeople(engine, { storage: people.database.storage.signIn });
    onTestFinished(() => other.close());
    const headers = new Headers({ cookie: `__Host-postern_session=${sessionCookie(page)}` });
    expect(await other.signIn.findSession(headers)).toBeNull();
    expect(await people.signIn.findSession(headers)).not.toBeNull();
  });
});
