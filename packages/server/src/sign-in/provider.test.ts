import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { engines } from '../../../storage/test/engines.ts';
import { CLIENT, type OpenidProvider, startOpenidProvider } from '../../test/openid-provider.ts';
import {
  type Browser,
  EMAIL,
  openPeople,
  PASSWORD,
  type PageAnswer,
  type People,
  PUBLIC_URL,
  sessionCookie,
  totpCode,
} from '../../test/people.ts';
import { SIGN_IN_PATH } from './address.ts';

const CALLBACK = `${PUBLIC_URL}${SIGN_IN_PATH}/callback/acme`;

describe.each(engines)('sign-in with a provider on $name', (engine) => {
  let provider: OpenidProvider;
  beforeAll(async () => {
    provider = await startOpenidProvider(CALLBACK);
  });
  afterAll(() => provider.close());

  async function open(issuer = provider.issuer): Promise<People> {
    const people = await openPeople(engine, { providers: [{ name: 'acme', issuer, ...CLIENT }] });
    onTestFinished(() => people.close());
    return people;
  }

  async function start(page: Browser): Promise<string> {
    const answer = await page.post('/sign-in/social', { provider: 'acme', returnTo: '/home', errorTo: '/sign-in' });
    expect([answer.status, answer.headers.get('location')]).toEqual([200, null]);
    return answer.body.url;
  }

  async function enter(page: Browser, person = provider.person): Promise<PageAnswer> {
    provider.person = person;
    const query = await provider.signIn(await start(page), CALLBACK);
    return page.get(`callback/acme${query}`);
  }

  const ada = { sub: 'ada', email: EMAIL, emailVerified: true };

  test('whoever is known by a verified e-mail is in, and no token of the provider is kept', async () => {
    const people = await open();
    const asked = provider.discoveries();
    const userId = await people.signIn.createUser({ email: EMAIL, name: 'Ada', password: null });
    expect(provider.discoveries()).toBe(asked);
    const page = people.browser();
    const answer = await enter(page, ada);
    expect([answer.status, answer.headers.get('location')]).toEqual([302, '/home']);
    const session = await page.findSession();
    expect(session).toMatchObject({ userId });
    expect(people.events).toEqual([{ kind: 'signed_in', userId, sessionId: session?.sessionId, method: 'acme' }]);

    const again = people.browser();
    await enter(again, ada);
    expect(await again.findSession()).toMatchObject({ userId });
    const dump = await people.dump();
    expect(provider.tokens.length).toBeGreaterThanOrEqual(2);
    for (const token of provider.tokens) expect(dump).not.toContain(token);
    expect(dump).not.toContain('eyJ');
    expect(dump).not.toContain('Ada of the provider');
    const accounts = await people.database.query('select provider_id, account_id, user_id from auth_account');
    expect(accounts).toEqual([{ provider_id: 'acme', account_id: 'ada', user_id: userId }]);
  });

  test('nobody is made by a provider', async () => {
    const people = await open();
    const page = people.browser();
    const answer = await enter(page, { sub: 'eve', email: 'eve@example.com', emailVerified: true });
    expect(answer.headers.get('location')).toBe('/sign-in?error=signup_disabled');
    expect(await page.findSession()).toBeNull();
    expect(await people.database.query('select * from auth_user')).toEqual([]);
    expect(people.events).toEqual([{ kind: 'refused', userId: null, method: 'acme', reason: 'signup_disabled' }]);
  });

  test('whoever has a second step is asked for it, and is not in before', async () => {
    const people = await open();
    const owner = await people.signedIn();
    const { totpUri, backupCodes } = (await owner.post('/two-factor/enable', { password: PASSWORD })).body;
    expect((await owner.post('/two-factor/verify-totp', { code: totpCode(totpUri) })).status).toBe(200);
    people.events.length = 0;
    const page = people.browser();
    const answer = await enter(page, ada);
    const next = '/sign-in?next=totp&to=%2Fhome';
    expect([answer.status, answer.headers.get('location'), answer.text]).toEqual([302, next, '']);
    expect([await page.findSession(), sessionCookie(page), people.events]).toEqual([null, '', []]);
    expect(await people.database.query('select id from auth_session')).toHaveLength(1);
    expect((await page.post('/two-factor/verify-totp', { code: totpCode(totpUri, 50) })).status).toBe(401);
    expect((await page.post('/two-factor/verify-backup-code', { code: backupCodes[0] })).body).toEqual({
      signedIn: true,
    });
    expect(await page.findSession()).toMatchObject({ userId: owner.userId });
    expect(people.events.map(({ kind }) => kind)).toEqual(['refused', 'signed_in']);
  });

  test('whoever says of somebody else, in an ID token that is not signed by the provider, is nobody', async () => {
    const people = await open();
    await people.signIn.createUser({ email: EMAIL, name: 'Ada', password: null });
    provider.forge = true;
    const page = people.browser();
    const answer = await enter(page, ada).finally(() => {
      provider.forge = false;
    });
    expect(answer.headers.get('location')).toMatch(/^\/sign-in\?error=/);
    expect(await page.findSession()).toBeNull();
    expect(await people.database.query("select * from auth_account where provider_id = 'acme'")).toEqual([]);
    // The same without the forgery is in.
    await enter(page, ada);
    expect(await page.findSession()).not.toBeNull();
  });

  test('503 for a provider that does not say by which keys its ID tokens are signed', async () => {
    provider.keyless = true;
    const people = await open();
    const begin = () => people.browser().post('/sign-in/social', { provider: 'acme' });
    const answer = await begin().finally(() => {
      provider.keyless = false;
    });
    expect([answer.status, answer.body.code]).toEqual([503, 'provider.unavailable']);
    expect((await begin()).status).toBe(200);
  });

  test('an account of ours whose e-mail is not known to be its own is not linked', async () => {
    const people = await open();
    const userId = await people.signIn.createUser({ email: EMAIL, name: 'Ada', password: PASSWORD });
    await people.database.query('update auth_user set email_verified = 0 returning id');
    const page = people.browser();
    const answer = await enter(page, ada);
    expect(answer.headers.get('location')).toBe('/sign-in?error=account_not_linked');
    expect(await page.findSession()).toBeNull();
    await people.database.query('update auth_user set email_verified = 1 returning id');
    await enter(page, ada);
    expect(await page.findSession()).toMatchObject({ userId });
  });

  test('an e-mail that the provider has not verified is nobody', async () => {
    const people = await open();
    const userId = await people.signIn.createUser({ email: EMAIL, name: 'Ada', password: PASSWORD });
    const page = people.browser();
    const answer = await enter(page, { sub: 'mallory', email: EMAIL, emailVerified: false });
    expect(answer.headers.get('location')).toBe('/sign-in?error=account_not_linked');
    expect(await page.findSession()).toBeNull();
    expect(people.events).toEqual([{ kind: 'refused', userId, method: 'acme', reason: 'account_not_linked' }]);
  });

  test('a way back works in the browser that began, and once', async () => {
    const people = await open();
    await people.signIn.createUser({ email: EMAIL, name: 'Ada', password: null });
    provider.person = ada;
    const page = people.browser();
    const query = await provider.signIn(await start(page), CALLBACK);
    const other = people.browser();
    const stolen = await other.get(`callback/acme${query}`);
    expect(stolen.headers.get('location')).toBe(`${PUBLIC_URL}/?error=state_mismatch`);
    expect(await other.findSession()).toBeNull();
    const forged = await page.get(`callback/acme${query.replace(/state=[^&]*/, 'state=forged')}`);
    expect(forged.headers.get('location')).toBe('/sign-in?error=state_mismatch');
    expect((await page.get(`callback/acme${query}`)).headers.get('location')).toBe('/home');
    expect((await page.get(`callback/acme${query}`)).headers.get('location')).toContain('error=');
    expect(await page.findSession()).not.toBeNull();
  });

  test('who only begins writes nothing', async () => {
    const people = await open();
    await start(people.browser());
    for (const table of ['auth_verification', 'auth_session', 'auth_account'])
      expect(await people.database.query(`select * from ${table}`)).toEqual([]);
  });

  test('400 for a provider that is not named, a way back elsewhere, or a token in place of a sign-in', async () => {
    const page = (await open()).browser();
    for (const body of [
      { provider: 'google' },
      { provider: 'acme', returnTo: 'https://evil.example/' },
      { provider: 'acme', returnTo: '//evil.example' },
      { provider: 'acme', errorTo: '/\\evil.example' },
      { provider: 'acme', idToken: { token: 'x' } },
      { provider: 'acme', scopes: ['admin'] },
      { provider: 'acme', requestSignUp: true },
    ])
      expect([body, (await page.post('/sign-in/social', body)).status]).toEqual([body, 400]);
  });

  test('a provider that cannot be reached stops nobody else', async () => {
    const people = await open('http://127.0.0.1:1');
    await people.signedIn();
    const answer = await people.browser().post('/sign-in/social', { provider: 'acme' });
    expect(answer.status).toBe(503);
    expect(people.log.join('\n')).toContain('Discovery fetch failed for "acme"');
  });
});
