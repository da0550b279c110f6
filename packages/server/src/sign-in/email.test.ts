import { DomainError, parseEmail } from '@postern/core';
import { expect, onTestFinished, test } from 'vitest';
import { engines } from '../../../storage/test/engines.ts';
import { openPeople, PASSWORD } from '../../test/people.ts';

const [sqlite] = engines;
const LONG = 'a'.repeat(63);

/** Whether the address is one that people can be invited under. */
const WRITTEN: readonly (readonly [email: string, taken: boolean])[] = [
  ['ada@example.com', true],
  [' Ada@Example.COM ', true],
  ["o'neil+post_ern-1@x-y.example", true],
  ['a.b.c@1.2.example', true],
  [`${LONG}@${LONG}.example`, true],
  ["'a@example.com", true],
  ['r&d@example.com', false],
  ['a!b@example.com', false],
  ['a..b@example.com', false],
  ['.a@example.com', false],
  ['a.@example.com', false],
  ["a'@example.com", false],
  ['a@localhost', false],
  ['a@example.c', false],
  ['a@example.c0m', false],
  ['a@-example.com', false],
  ['a@example-.com', false],
  [`a@${LONG}a.com`, false],
  ['a b@example.com', false],
  ['ä@example.com', false],
];

test('whoever can be invited can sign in', async () => {
  const people = await openPeople(sqlite!);
  onTestFinished(() => people.close());
  for (const [written, taken] of WRITTEN) {
    expect([written, accepts(written)]).toEqual([written, taken]);
    if (!taken) continue;
    const email = parseEmail(written, '/email');
    await people.signIn.createUser({ email: written, name: 'Ada', password: PASSWORD }).catch((error: unknown) => {
      if (!(error instanceof DomainError && error.code === 'user.email_taken')) throw error;
    });
    const answer = await people.browser().post('/sign-in/email', { email, password: PASSWORD });
    expect([email, answer.status]).toEqual([email, 200]);
    expect((await people.browser().post('/request-password-reset', { email })).status).toBe(204);
    await people.signIn.settled();
    expect([...people.resets.keys()]).toContain(email);
  }
});

function accepts(text: string): boolean {
  try {
    parseEmail(text, '/email');
    return true;
  } catch {
    return false;
  }
}
