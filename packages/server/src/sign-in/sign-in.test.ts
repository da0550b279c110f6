import { randomBytes } from 'node:crypto';
import { type AuditEventId, DomainError, type SignInAudit } from '@postern/core';
import { describe, expect, onTestFinished, test } from 'vitest';
import { engines } from '../../../storage/test/engines.ts';
import { EMAIL, openPeople, PASSWORD, type People, sessionCookie } from '../../test/people.ts';
import type { PasswordHash } from './library.ts';
import type { SignInOptions } from './sign-in.ts';

const ENDED: SignInAudit = {
  eventId: 'evt_ended' as AuditEventId,
  userId: '',
  action: 'session.end',
  outcome: 'done',
  details: {},
  request: { requestId: 'req', address: '192.0.2.1', userAgent: '' },
  at: 0,
};
const OTHER_PASSWORD = 'another horse battery';

describe.each(engines)('sign-in on $name', (engine) => {
  async function open(options?: Partial<SignInOptions>): Promise<People> {
    const people = await openPeople(engine, options);
    onTestFinished(() => people.close());
    return people;
  }

  test('200 and a session that is found, with its event', async () => {
    const people = await open({ passwords: undefined });
    const page = await people.signedIn();
    const found = await page.findSession();
    expect(found).toEqual({
      userId: page.userId,
      sessionId: expect.stringMatching(/^ses_/),
      signedInAt: expect.closeTo(Date.now(), -4),
    });
    expect(people.events).toEqual([
      { kind: 'signed_in', userId: page.userId, sessionId: found?.sessionId, method: 'password' },
    ]);
    expect(await people.signIn.listSessions(page.userId)).toEqual([
      expect.objectContaining({ id: found?.sessionId, address: '192.0.2.1', userAgent: 'Browser/1' }),
    ]);
  });

  test('200 whatever case the e-mail is written in', async () => {
    const people = await open();
    await people.signedIn();
    const answer = await people.browser().post('/sign-in/email', { email: EMAIL.toUpperCase(), password: PASSWORD });
    expect(answer.status).toBe(200);
  });

  test('no answer holds the token of a session', async () => {
    const people = await open();
    const page = await people.signedIn();
    const token = decodeURIComponent(sessionCookie(page)).split('.')[0] ?? '';
    expect(token).toHaveLength(32);
    const again = await page.post('/sign-in/email', { email: EMAIL, password: PASSWORD });
    expect(again.text).toBe('{"signedIn":true}');
  });

  test('401 alike for a wrong password and an unknown e-mail, after the same hashing', async () => {
    const calls: string[] = [];
    const passwords: PasswordHash = {
      hash: async (password) => {
        calls.push('scrypt');
        return `hash of ${password}`;
      },
      verify: async ({ hash, password }) => {
        calls.push('scrypt');
        return hash === `hash of ${password}`;
      },
    };
    const people = await open({ passwords });
    await people.signIn.createUser({ email: EMAIL, name: 'Ada', password: PASSWORD });
    await people.signIn.createUser({ email: 'sso@example.com', name: 'Bob', password: null });
    const attempt = async (email: string) => {
      calls.length = 0;
      const answer = await people.browser().post('/sign-in/email', { email, password: 'wrong' });
      return { status: answer.status, text: answer.text, headers: [...answer.headers], calls: [...calls] };
    };
    const wrong = await attempt(EMAIL);
    expect(wrong).toMatchObject({ status: 401, calls: ['scrypt'] });
    expect(wrong.text).toContain('"code":"sign_in.refused"');
    expect(await attempt('nobody@example.com')).toEqual(wrong);
    expect(await attempt('sso@example.com')).toEqual(wrong);
    expect(people.events.map((event) => (event.kind === 'refused' ? event.userId : event.kind))).toEqual([
      expect.stringMatching(/^usr_/),
      null,
      expect.stringMatching(/^usr_/),
    ]);
    expect(await attempt('no..address@example.com')).toMatchObject({ status: 401, text: wrong.text });
  });

  test('404 for sign-up, and for everything else that is not listed', async () => {
    const page = (await open()).browser();
    const body = { email: 'eve@example.com', password: PASSWORD, name: 'Eve' };
    for (const path of ['/sign-up/email', '/update-user', '/delete-user', '/list-sessions', '/revoke-sessions', '/ok'])
      expect([path, (await page.post(path, body)).status]).toEqual([path, 404]);
    for (const path of ['get-session', 'ok', 'error', 'sign-in/email', 'callback/unknown', 'reset-password/x'])
      expect([path, (await page.get(path)).status]).toEqual([path, 404]);
  });

  test('400 for what is not asked for', async () => {
    const page = (await open()).browser();
    for (const body of [
      { email: EMAIL },
      { email: 'no address', password: PASSWORD },
      { email: EMAIL, password: PASSWORD, rememberMe: false },
      { email: EMAIL, password: 'x'.repeat(129) },
      { email: { $ne: '' }, password: PASSWORD },
      [],
      null,
    ])
      expect((await page.post('/sign-in/email', body)).status).toBe(400);
  });

  test('403 without our own Origin, 415 without JSON, though the library would let tests pass', async () => {
    const people = await open();
    const page = await people.signedIn();
    const body = { email: EMAIL, password: PASSWORD };
    for (const origin of [
      null,
      'null',
      'https://evil.example',
      'http://postern.example',
      'https://postern.example:444',
    ])
      expect((await page.post('/sign-in/email', body, { origin })).body).toMatchObject({ code: 'origin.foreign' });
    const form = await page.post('/sign-in/email', body, { contentType: 'application/x-www-form-urlencoded' });
    expect(form.status).toBe(415);
  });

  test('an ended session is dead at once', async () => {
    const people = await open();
    const page = await people.signedIn();
    const other = people.browser();
    await other.post('/sign-in/email', { email: EMAIL, password: PASSWORD });
    const cookies = new Map(page.cookies);
    const session = await page.findSession();
    expect((await page.post('/sign-out')).status).toBe(204);
    expect(page.cookies.size).toBe(0);
    expect(people.events.at(-1)).toEqual({ kind: 'signed_out', userId: page.userId, sessionId: session?.sessionId });
    for (const [name, value] of cookies) page.cookies.set(name, value);
    expect(await page.findSession()).toBeNull();

    const [left, ...more] = await people.signIn.listSessions(page.userId);
    const ended = { ...ENDED, userId: page.userId };
    expect(more).toEqual([]);
    expect(await people.signIn.endSession({ userId: 'usr_other', sessionId: left!.id }, ended)).toBe(false);
    expect(await other.findSession()).not.toBeNull();
    expect(await people.signIn.endSession({ userId: page.userId, sessionId: left!.id }, ended)).toBe(true);
    expect(await other.findSession()).toBeNull();
    expect(await people.signIn.endSession({ userId: page.userId, sessionId: left!.id }, ended)).toBe(false);
  });

  test('endSessions and setPassword leave no session and no reset', async () => {
    const people = await open();
    const page = await people.signedIn();
    await page.post('/request-password-reset', { email: EMAIL });
    await expect.poll(() => people.resets.get(EMAIL)).toBeDefined();
    await people.signIn.endSessions(page.userId);
    expect(await page.findSession()).toBeNull();
    const late = await page.post('/reset-password', { token: people.resets.get(EMAIL), newPassword: OTHER_PASSWORD });
    expect(late.body).toMatchObject({ code: 'sign_in.link_invalid' });

    expect((await page.post('/sign-in/email', { email: EMAIL, password: PASSWORD })).status).toBe(200);
    expect(await people.signIn.setPassword(page.userId, OTHER_PASSWORD)).toBe(true);
    expect(await page.findSession()).toBeNull();
    expect((await page.post('/sign-in/email', { email: EMAIL, password: PASSWORD })).status).toBe(401);
    expect((await page.post('/sign-in/email', { email: EMAIL, password: OTHER_PASSWORD })).status).toBe(200);
    expect(await people.signIn.setPassword('usr_nobody', OTHER_PASSWORD)).toBe(false);
  });

  test('a sign-in that is under way does not outlast what ends all sessions', async () => {
    let meanwhile: (() => Promise<unknown>) | undefined;
    const passwords = {
      hash: async (password: string) => password,
      async verify({ hash, password }: { hash: string; password: string }) {
        await meanwhile?.();
        return hash === password;
      },
    };
    const people = await open({ passwords });
    const page = await people.signedIn();
    const enter = () => people.browser().post('/sign-in/email', { email: EMAIL, password: PASSWORD });
    for (const end of [
      () => people.signIn.endSessions(page.userId),
      () => people.signIn.setPassword(page.userId, PASSWORD),
    ]) {
      meanwhile = end;
      expect((await enter()).body).toMatchObject({ code: 'sign_in.refused' });
      expect(await people.signIn.listSessions(page.userId)).toEqual([]);
      meanwhile = undefined;
      expect((await enter()).status).toBe(200);
    }
    meanwhile = () => people.database.query(`delete from auth_user returning id`);
    expect((await enter()).status).not.toBe(200);
  });

  test('a reset works once, ends every session, and tells nobody whether an e-mail is known', async () => {
    const people = await open();
    const page = await people.signedIn();
    const known = await page.post('/request-password-reset', { email: EMAIL });
    const unknown = await page.post('/request-password-reset', { email: 'nobody@example.com' });
    expect([known.status, known.text, [...known.headers]]).toEqual([204, '', [...unknown.headers]]);
    expect(unknown.status).toBe(204);
    await expect.poll(() => people.events.at(-1)).toEqual({ kind: 'reset_requested', userId: page.userId });
    const token = people.resets.get(EMAIL);
    const weak = await page.post('/reset-password', { token, newPassword: 'short' });
    expect(weak.body.errors).toEqual([{ path: '/newPassword', message: 'must have at least 12 characters' }]);
    const answers = await Promise.all(
      [1, 2].map(() => people.browser().post('/reset-password', { token, newPassword: OTHER_PASSWORD })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([204, 400]);
    expect(people.events.at(-1)).toEqual({ kind: 'password_reset', userId: page.userId });
    expect(await page.findSession()).toBeNull();
    expect((await page.post('/sign-in/email', { email: EMAIL, password: OTHER_PASSWORD })).status).toBe(200);
  });

  test('404 for resets where nothing can send them', async () => {
    const page = (await open({ sendReset: undefined })).browser();
    expect((await page.post('/request-password-reset', { email: EMAIL })).status).toBe(404);
    expect((await page.post('/reset-password', { token: 'x', newPassword: OTHER_PASSWORD })).status).toBe(404);
  });

  test('a changed password leaves the one session that changed it, under a new cookie', async () => {
    const people = await open();
    const page = await people.signedIn();
    const other = people.browser();
    await other.post('/sign-in/email', { email: EMAIL, password: PASSWORD });
    const before = sessionCookie(page);
    const body = { currentPassword: PASSWORD, newPassword: OTHER_PASSWORD };
    const wrong = await page.post('/change-password', { ...body, currentPassword: 'wrong' });
    expect(wrong.body).toMatchObject({ code: 'sign_in.refused' });
    expect((await people.browser().post('/change-password', body)).body).toMatchObject({ code: 'credentials.missing' });
    expect((await page.post('/change-password', body)).status).toBe(204);
    expect(sessionCookie(page)).not.toBe(before);
    expect(await other.findSession()).toBeNull();
    const session = await page.findSession();
    expect(session).toMatchObject({ userId: page.userId });
    expect(people.events.at(-1)).toEqual({
      kind: 'password_changed',
      userId: page.userId,
      sessionId: session?.sessionId,
    });
    expect(await people.signIn.listSessions(page.userId)).toHaveLength(1);
  });

  test('409 for an e-mail that is taken, and nobody half made', async () => {
    const people = await open();
    await people.signIn.createUser({ email: EMAIL, name: 'Ada', password: PASSWORD });
    await expect(
      people.signIn.createUser({ email: 'ADA@example.com', name: 'Eve', password: PASSWORD }),
    ).rejects.toMatchObject({ code: 'user.email_taken' });
    const rows = await people.database.query(
      'select (select count(*) from auth_user) + (select count(*) from auth_account) as n',
    );
    expect(Number(rows[0]?.['n'])).toBe(2);
  });

  test('429 for one address, and for one e-mail wherever from', async () => {
    const passwords = { hash: async () => 'x', verify: async () => false };
    const people = await open({ passwords, monotonic: () => 0 });
    const attempt = (email: string, address: string) =>
      people.browser().post('/sign-in/email', { email, password: 'wrong' }, { address });
    const forOne = await Promise.all(Array.from({ length: 11 }, (_, n) => attempt(EMAIL, `198.51.100.${n}`)));
    expect(forOne.map(({ status }) => status).filter((status) => status === 429)).toHaveLength(1);
    const fromOne = await Promise.all(
      Array.from({ length: 31 }, (_, n) => attempt(`x${n}@example.com`, `2001:db8::${n.toString(16)}`)),
    );
    const limited = fromOne.filter(({ status }) => status === 429);
    expect(limited).toHaveLength(1);
    expect(limited[0]?.headers.get('retry-after')).toBe('6');
  });

  test('whoever gets in is not limited', async () => {
    const passwords = { hash: async () => 'x', verify: async () => true };
    const people = await open({ passwords, monotonic: () => 0 });
    await people.signIn.createUser({ email: EMAIL, name: 'Ada', password: PASSWORD });
    const page = people.browser();
    for (let n = 0; n < 40; n += 1)
      expect((await page.post('/sign-in/email', { email: EMAIL, password: 'any' })).status).toBe(200);
  });

  test('a sign-in whose event cannot be kept is undone', async () => {
    let fails = false;
    const people = await open({
      record: async () => {
        if (fails) throw new DomainError('storage.unavailable');
      },
    });
    const page = await people.signedIn();
    fails = true;
    const other = people.browser();
    expect((await other.post('/sign-in/email', { email: EMAIL, password: PASSWORD })).status).toBe(503);
    expect(other.cookies.size).toBe(0);
    expect(await people.signIn.listSessions(page.userId)).toHaveLength(1);
  });

  test('503, never a guess, when the database cannot be reached', async () => {
    const people = await open();
    const page = await people.signedIn();
    await people.database.storage.close();
    await expect(page.findSession()).rejects.toMatchObject({ code: 'storage.unavailable' });
    for (const [path, body] of [
      ['/sign-in/email', { email: EMAIL, password: PASSWORD }],
      ['/sign-out', {}],
      ['/change-password', { currentPassword: PASSWORD, newPassword: OTHER_PASSWORD }],
    ] as const)
      expect([path, (await page.post(path, body)).status]).toEqual([path, 503]);
  });

  test.each([
    ['https://postern.example', '__Host-postern_session', true],
    ['http://127.0.0.1:7070', 'postern_session', false],
  ])('cookies at %s', async (publicUrl, name, secure) => {
    const people = await open({ publicUrl });
    await people.signIn.createUser({ email: EMAIL, name: 'Ada', password: PASSWORD });
    const answer = await people.browser().post('/sign-in/email', { email: EMAIL, password: PASSWORD });
    const lines = answer.headers.getSetCookie();
    expect(lines.map((line) => line.split('=')[0])).toEqual([name]);
    const [, ...attributes] = (lines[0] ?? '').split('; ');
    expect(attributes.sort()).toEqual([
      'HttpOnly',
      'Max-Age=604800',
      'Path=/',
      'SameSite=Lax',
      ...(secure ? ['Secure'] : []),
    ]);
  });

  test('a session does not outlive its week, whatever is done with it', async () => {
    const people = await open();
    const page = await people.signedIn();
    const read = () => people.database.query('select expires_at, updated_at from auth_session');
    const before = await read();
    await people.database.query(`update auth_session set created_at = '2020-01-01T00:00:00.000Z' returning id`);
    await page.findSession();
    expect(await read()).toEqual(before);
    await people.database.query(`update auth_session set expires_at = '2020-01-08T00:00:00.000Z' returning id`);
    expect(await page.findSession()).toBeNull();
  });

  test('nothing of it depends on the environment', async () => {
    process.env['BETTER_AUTH_SECRET'] = randomBytes(32).toString('hex');
    process.env['BETTER_AUTH_SECRETS'] = `7:${randomBytes(32).toString('hex')}`;
    process.env['BETTER_AUTH_URL'] = 'https://evil.example';
    onTestFinished(() => {
      for (const name of ['BETTER_AUTH_SECRET', 'BETTER_AUTH_SECRETS', 'BETTER_AUTH_URL']) delete process.env[name];
    });
    const people = await open();
    const page = await people.signedIn();
    for (const name of ['BETTER_AUTH_SECRET', 'BETTER_AUTH_SECRETS', 'BETTER_AUTH_URL']) delete process.env[name];
    const again = await openPeople(engine, { storage: people.database.storage.signIn, keys: { current: people.key } });
    onTestFinished(() => again.close());
    const cookie = `__Host-postern_session=${sessionCookie(page)}`;
    expect(await again.signIn.findSession(new Headers({ cookie }))).toMatchObject({ userId: page.userId });
  });
});
