import { describe, expect, onTestFinished, test } from 'vitest';
import { engines } from '../../../storage/test/engines.ts';
import { EMAIL, openPeople, PASSWORD, type People } from '../../test/people.ts';
import type { PeopleStorage, SignInOptions } from './sign-in.ts';

const OTHER_PASSWORD = 'another horse battery';

describe.each(engines)('who guesses on $name', (engine) => {
  async function open(options?: Partial<SignInOptions>): Promise<People> {
    const people = await openPeople(engine, options);
    onTestFinished(() => people.close());
    return people;
  }

  test.each([
    ['/change-password', 'password_changed', (currentPassword: string) => ({ currentPassword, newPassword: PASSWORD })],
    ['/two-factor/enable', 'totp_enabled', (password: string) => ({ password })],
    ['/two-factor/disable', 'totp_disabled', (password: string) => ({ password })],
  ])('the password in %s, wherever from, has ten attempts, each with its event', async (path, change, bodyOf) => {
    const people = await open({ monotonic: () => 0 });
    const page = await people.signedIn();
    const statuses: number[] = [];
    for (let n = 0; n < 11; n += 1) {
      statuses.push((await page.post(path, bodyOf('wrong'), { address: `198.51.100.${n}` })).status);
    }
    expect(statuses).toEqual([...Array(10).fill(401), 429]);
    const refused = { kind: 'change_refused', userId: page.userId, change, code: 'sign_in.refused' };
    expect(people.events.slice(1)).toEqual(Array(10).fill(refused));
    // The person comes in elsewhere, and may end that session.
    const elsewhere = await people.browser().post('/sign-in/email', { email: EMAIL, password: PASSWORD });
    expect(elsewhere.status).toBe(200);
  });

  test('the right password counts against nobody', async () => {
    const people = await open({ monotonic: () => 0 });
    const page = await people.signedIn();
    const passwords = [PASSWORD, OTHER_PASSWORD];
    for (let n = 0; n < 12; n += 1) {
      const [currentPassword, newPassword] = n % 2 === 0 ? passwords : passwords.toReversed();
      expect((await page.post('/change-password', { currentPassword, newPassword })).status).toBe(204);
    }
  });

  test('who is signed in signs in again, however many have guessed at the e-mail', async () => {
    const people = await open({ monotonic: () => 0 });
    const page = await people.signedIn();
    await people.signIn.createUser({ email: 'eve@example.com', name: 'Eve', password: PASSWORD });
    const eve = people.browser();
    await eve.post('/sign-in/email', { email: 'eve@example.com', password: PASSWORD });
    const wrong = { email: EMAIL, password: 'wrong' };
    for (let n = 0; n < 10; n += 1) await people.browser().post('/sign-in/email', wrong);
    const right = { email: EMAIL, password: PASSWORD };
    expect((await people.browser().post('/sign-in/email', right)).status).toBe(429);
    expect((await eve.post('/sign-in/email', right)).status).toBe(429);
    for (let n = 0; n < 9; n += 1) expect((await page.post('/sign-in/email', wrong)).status).toBe(401);
    expect((await page.post('/sign-in/email', right)).status).toBe(200);
  });

  test('an e-mail hears nothing of whether it is known from how much is done before the answer', async () => {
    const { promise: isKept, resolve: keep } = Promise.withResolvers<void>();
    const kept: (string | null)[] = [];
    const calls: string[] = [];
    const made = await open();
    const userId = await made.signIn.createUser({ email: EMAIL, name: 'Ada', password: PASSWORD });
    const people = await open({
      storage: counted(made.database.storage.signIn, calls),
      async record({ userId }) {
        await isKept;
        kept.push(userId);
      },
    });
    const refusal = async (email: string) => {
      calls.length = 0;
      expect((await people.browser().post('/sign-in/email', { email, password: 'wrong' })).status).toBe(401);
      return [...calls];
    };
    expect(await refusal(EMAIL)).toEqual(['epoch', 'SelectQueryNode', 'SelectQueryNode']);
    expect(await refusal('nobody@example.com')).toEqual(['epoch', 'SelectQueryNode', 'SelectQueryNode']);
    expect(kept).toEqual([]);
    const settled = people.signIn.settled();
    keep();
    await settled;
    expect(kept).toEqual([userId, null]);
  });

  test('an event of a refusal that cannot be kept is said in the log', async () => {
    const people = await open({
      async record() {
        throw new Error('no room');
      },
    });
    const answer = await people.browser().post('/sign-in/email', { email: EMAIL, password: PASSWORD });
    expect(answer.status).toBe(401);
    await people.signIn.settled();
    expect(people.log).toContain('a refused sign-in was not recorded: no room');
  });
});

/** Notes every statement, and that the epoch was read. */
function counted(storage: People['database']['storage']['signIn'], calls: string[]): PeopleStorage {
  return {
    ...storage,
    async findEpoch() {
      calls.push('epoch');
      return storage.findEpoch();
    },
    openDatabase: (onFailure) =>
      storage.openDatabase(onFailure).withPlugin({
        transformQuery({ node }) {
          calls.push(node.kind);
          return node;
        },
        transformResult: async ({ result }) => result,
      }),
  };
}
