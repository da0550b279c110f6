import { createFirstMember } from '@postern/core';
import { expect } from 'vitest';
import type { TestEngine } from '../../storage/test/engines.ts';
import type { PasswordHash } from '../src/sign-in/library.ts';
import { type Answer, type Door, openDoor } from './door.ts';

/** People who join by invitation and sign in, over HTTP. */

export const ORIGIN = 'https://postern.test';
export const PASSWORD = 'correct horse battery staple';
/** For tests that are not about hashing. */
export const QUICK_PASSWORDS: PasswordHash = {
  hash: async (password) => `quick:${password}`,
  verify: async ({ hash, password }) => hash === `quick:${password}`,
};

/** A door whose first person, an admin, has this e-mail. */
export async function openDoorOfPeople(engine: TestEngine, email: string): Promise<Door> {
  const door = await openDoor(engine, { issuer: () => ORIGIN, passwords: QUICK_PASSWORDS });
  const people = await door.server.signIn();
  const user = await people?.prepareUser({ name: 'Ada', password: PASSWORD });
  if (user) await createFirstMember(door.server, { ...user, email });
  return door;
}

/** The cookie of the new session. */
export async function signIn(door: Door, email: string, password = PASSWORD): Promise<string> {
  const answer = await door.call('POST', '/api/v1/auth/sign-in/email', {
    token: null,
    headers: { origin: ORIGIN },
    body: { email, password },
  });
  expect(answer.status, answer.text).toBe(200);
  return cookieOf(answer);
}

/** Invited by the first admin. */
export async function joinAndSignIn(door: Door, email: string, organizationRole: 'member' | 'admin'): Promise<string> {
  const invited = await door.call('POST', '/api/v1/members', { body: { emails: [email], organizationRole } });
  const invitation = invited.body.items[0].invitation.link.split('#')[1];
  const body = { invitation, name: email, password: PASSWORD };
  const joined = await door.call('POST', '/api/v1/invitations/accept', { token: null, body });
  expect(joined.status, joined.text).toBe(200);
  return signIn(door, email);
}

/** What a browser would send after this answer. */
export function cookieOf({ headers }: Answer): string {
  const lines = [headers['set-cookie'] ?? []].flat() as readonly string[];
  return lines.map((line) => line.split(';')[0]).join('; ');
}
