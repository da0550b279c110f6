import { randomBytes } from 'node:crypto';
import { generateSecretKey, parseSecretKey, type SecretKey } from '@postern/core';
import { describe, expect, onTestFinished, test } from 'vitest';
import { engines } from '../../../storage/test/engines.ts';
import { type Browser, EMAIL, openPeople, PASSWORD, type People, sessionCookie, totpCode } from '../../test/people.ts';
import type { SignInOptions } from './sign-in.ts';

const CREDENTIALS = { email: EMAIL, password: PASSWORD };

describe.each(engines)('two steps on $name', (engine) => {
  async function open(options?: Partial<SignInOptions>): Promise<People> {
    const people = await openPeople(engine, options);
    onTestFinished(() => people.close());
    return people;
  }

  async function enabled(people: People): Promise<{ page: Browser; userId: string; uri: string; codes: string[] }> {
    const page = await people.signedIn();
    const answer = await page.post('/two-factor/enable', { password: PASSWORD });
    const { totpUri: uri, backupCodes: codes } = answer.body;
    expect((await page.post('/two-factor/verify-totp', { code: totpCode(uri) })).status).toBe(200);
    return { page, userId: page.userId, uri, codes };
  }

  test('are asked for once they are confirmed, not before', async () => {
    const people = await open();
    const page = await people.signedIn();
    expect((await page.post('/two-factor/enable', { password: 'wrong' })).status).toBe(401);
    const { totpUri } = (await page.post('/two-factor/enable', { password: PASSWORD })).body;
    expect((await people.browser().post('/sign-in/email', CREDENTIALS)).body).toEqual({ signedIn: true });
    const before = sessionCookie(page);
    expect((await page.post('/two-factor/verify-totp', { code: '000000' })).status).toBe(401);
    expect((await page.post('/two-factor/verify-totp', { code: totpCode(totpUri) })).status).toBe(200);
    expect(sessionCookie(page)).not.toBe(before);
    const session = await page.findSession();
    expect(people.events.at(-1)).toEqual({
      kind: 'totp_enabled',
      userId: page.userId,
      sessionId: session?.sessionId,
    });
    expect((await page.post('/two-factor/enable', { password: PASSWORD })).body).toMatchObject({
      code: 'totp.enabled',
    });
    expect((await people.browser().post('/sign-in/email', CREDENTIALS)).body).toEqual({
      signedIn: false,
      next: 'totp',
    });
  });

  test('the password alone gives no session, the code completes it', async () => {
    const people = await open();
    const { userId, uri } = await enabled(people);
    people.events.length = 0;
    const page = people.browser();
    const first = await page.post('/sign-in/email', CREDENTIALS);
    expect([first.status, first.text]).toEqual([200, '{"signedIn":false,"next":"totp"}']);
    expect(await page.findSession()).toBeNull();
    expect(sessionCookie(page)).toBe('');
    expect(people.events).toEqual([]);
    const wrong = await page.post('/two-factor/verify-totp', { code: totpCode(uri, 50) });
    expect(wrong.body).toMatchObject({ code: 'sign_in.refused' });
    expect((await page.post('/two-factor/verify-totp', { code: totpCode(uri, 1) })).body).toEqual({ signedIn: true });
    const session = await page.findSession();
    expect(people.events).toEqual([
      { kind: 'refused', userId, method: 'totp', reason: 'sign_in.refused' },
      { kind: 'signed_in', userId, sessionId: session?.sessionId, method: 'totp' },
    ]);
  });

  test('a code works once, whoever saw it', async () => {
    const people = await open();
    const { userId, uri } = await enabled(people);
    const code = totpCode(uri, 1);
    const enter = async () => {
      const page = people.browser();
      await page.post('/sign-in/email', CREDENTIALS);
      return { page, answer: await page.post('/two-factor/verify-totp', { code }) };
    };
    const [first, second] = [await enter(), await enter()];
    expect([first.answer.status, second.answer.body.code]).toEqual([200, 'sign_in.refused']);
    expect(await second.page.findSession()).toBeNull();
    expect(people.events.at(-1)).toEqual({ kind: 'refused', userId, method: 'totp', reason: 'code_used' });
    expect(await people.signIn.listSessions(userId)).toHaveLength(2);
  });

  test('a code without a first step is 401', async () => {
    const people = await open();
    const { uri } = await enabled(people);
    const answer = await people.browser().post('/two-factor/verify-totp', { code: totpCode(uri, 1) });
    expect(answer.body).toMatchObject({ status: 401, code: 'sign_in.expired' });
  });

  test('five wrong codes end the second step', async () => {
    const people = await open();
    const { uri } = await enabled(people);
    const page = people.browser();
    await page.post('/sign-in/email', CREDENTIALS);
    const code = totpCode(uri, 50);
    for (let n = 0; n < 5; n += 1) expect((await page.post('/two-factor/verify-totp', { code })).status).toBe(401);
    const late = await page.post('/two-factor/verify-totp', { code: totpCode(uri, 1) });
    expect(late.body).toMatchObject({ code: 'sign_in.expired' });
  });

  test('a backup code works once', async () => {
    const people = await open();
    const { codes } = await enabled(people);
    const enter = async () => {
      const page = people.browser();
      await page.post('/sign-in/email', CREDENTIALS);
      return page.post('/two-factor/verify-backup-code', { code: codes[0] });
    };
    expect((await enter()).body).toEqual({ signedIn: true });
    expect(people.events.at(-1)).toMatchObject({ kind: 'signed_in', method: 'backup_code' });
    expect((await enter()).body).toMatchObject({ code: 'sign_in.refused' });
  });

  test('are no longer asked for once they are switched off', async () => {
    const people = await open();
    const { page, userId } = await enabled(people);
    expect((await page.post('/two-factor/disable', { password: 'wrong' })).status).toBe(401);
    expect((await page.post('/two-factor/disable', { password: PASSWORD })).status).toBe(204);
    const session = await page.findSession();
    expect(people.events.at(-1)).toEqual({ kind: 'totp_disabled', userId, sessionId: session?.sessionId });
    expect((await people.browser().post('/sign-in/email', CREDENTIALS)).body).toEqual({ signedIn: true });
  });

  test('codes are read under the previous secret key too, sessions are not', async () => {
    const people = await open();
    const { page, uri } = await enabled(people);
    const next = parseSecretKey(generateSecretKey('k2', randomBytes)) as SecretKey;
    const rotated = await openPeople(engine, {
      storage: people.database.storage.signIn,
      keys: { current: next, previous: people.key },
    });
    onTestFinished(() => rotated.close());
    const cookie = `__Host-postern_session=${sessionCookie(page)}`;
    expect(await rotated.signIn.findSession(new Headers({ cookie }))).toBeNull();
    const again = rotated.browser();
    await again.post('/sign-in/email', CREDENTIALS);
    expect((await again.post('/two-factor/verify-totp', { code: totpCode(uri, 1) })).body).toEqual({ signedIn: true });
  });
});
