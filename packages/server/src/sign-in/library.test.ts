import { randomBytes } from 'node:crypto';
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { engines } from '../../../storage/test/engines.ts';
import { EMAIL, openPeople, PASSWORD, PUBLIC_URL, sessionCookie } from '../../test/people.ts';
import { SIGN_IN_PATH } from './address.ts';
import { createLibrary } from './library.ts';

/** What the library must refuse even where a route would let something through to it. */

const [sqlite] = engines;
const providers = [{ name: 'acme', issuer: 'http://127.0.0.1:1', clientId: 'postern', clientSecret: 'secret' }];

describe('the library itself', () => {
  afterEach(() => vi.restoreAllMocks());

  async function open() {
    const people = await openPeople(sqlite!, { passwords: undefined });
    onTestFinished(() => people.close());
    const library = createLibrary({
      openDatabase: people.database.storage.signIn.openDatabase,
      keys: { current: people.key },
      random: randomBytes,
      publicUrl: PUBLIC_URL,
      providers,
      sendReset: async () => undefined,
      log: () => undefined,
    });
    return { people, library };
  }

  test('makes nobody who asks for it', async () => {
    const { people, library } = await open();
    const body = { email: 'eve@example.com', password: PASSWORD, name: 'Eve' };
    await expect(library.api.signUpEmail({ body })).rejects.toMatchObject({ status: 'BAD_REQUEST' });
    expect(await people.database.query('select * from auth_user')).toEqual([]);
  });

  test('reads sessions from their cookie only', async () => {
    const { people, library } = await open();
    const page = await people.signedIn();
    const cookie = decodeURIComponent(sessionCookie(page));
    for (const value of [cookie, cookie.split('.')[0]]) {
      const headers = new Headers({ authorization: `Bearer ${value}` });
      expect(await library.api.getSession({ headers })).toBeNull();
    }
    const headers = new Headers({ cookie: `__Host-postern_session=${encodeURIComponent(cookie)}` });
    expect(await library.api.getSession({ headers })).not.toBeNull();
  });

  test('refuses foreign origins and ways back, under test too', async () => {
    const { people, library } = await open();
    const page = await people.signedIn();
    const post = async (path: string, origin: string, body: unknown) => {
      const headers = {
        origin,
        'content-type': 'application/json',
        cookie: `__Host-postern_session=${sessionCookie(page)}`,
      };
      const url = `${PUBLIC_URL}${SIGN_IN_PATH}${path}`;
      return (await library.handler(new Request(url, { method: 'POST', headers, body: JSON.stringify(body) }))).status;
    };
    const credentials = { email: EMAIL, password: PASSWORD };
    expect(await post('/sign-in/email', 'https://evil.example', credentials)).toBe(403);
    expect(await post('/sign-in/email', PUBLIC_URL, { ...credentials, callbackURL: 'https://evil.example' })).toBe(403);
    expect(await post('/sign-in/email', PUBLIC_URL, credentials)).toBe(200);
  });

  test('asks nobody on the network until somebody signs in with a provider', async () => {
    const fetched = vi.spyOn(globalThis, 'fetch');
    const { people, library } = await open();
    await library.$context;
    await people.signedIn();
    expect(fetched).not.toHaveBeenCalled();
  });

  test('does not lengthen a session that it looks up for its own ends', async () => {
    const { people } = await open();
    const page = await people.signedIn();
    const soon = new Date(Date.now() + 60_000).toISOString();
    await people.database.query(`update auth_session set expires_at = '${soon}' returning id`);
    expect((await page.post('/two-factor/enable', { password: 'wrong' })).status).toBe(401);
    expect(await people.database.query('select expires_at from auth_session')).toEqual([{ expires_at: soon }]);
  });

  test('writes nothing to the console, whatever happens', async () => {
    const spies = (['log', 'info', 'warn', 'error', 'debug'] as const).map((name) => vi.spyOn(console, name));
    const { people } = await open();
    const page = await people.signedIn();
    await page.post('/sign-in/email', { email: EMAIL, password: 'wrong' });
    await people.browser().get(`callback/acme?state=x&code=y`);
    await people.database.storage.close();
    expect((await page.post('/sign-in/email', { email: EMAIL, password: PASSWORD })).status).toBe(503);
    await expect(page.findSession()).rejects.toMatchObject({ code: 'storage.unavailable' });
    for (const spy of spies) expect(spy).not.toHaveBeenCalled();
  });
});
