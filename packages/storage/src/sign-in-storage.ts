import { SECOND_MS, type SignInAudit, type Storage } from '@postern/core';
import type { Kysely } from 'kysely';
import type { Backend } from './backend.ts';
import type { EndedSession, NewSession, NewSignInUser, SignInSession } from './sign-in.ts';
import { createSignInDatabase } from './sign-in-database.ts';
import type { SignInSchema } from './sign-in-schema.ts';

/** Where sign-in keeps people and their sessions. Whatever has been answered as ended is found by no later query. */
export interface SignInStorage {
  /** For the sign-in library: one statement at a time. `onFailure` hears of each that fails, whoever swallows it then. */
  openDatabase(onFailure: (error: unknown) => void): Kysely<SignInSchema>;
  /** Makes the person and the password, both or neither. Throws `user.email_taken`. */
  createUser(user: NewSignInUser): Promise<void>;
  /** Replaces the password and ends every session. False when there is no such person. */
  setPassword(userId: string, passwordHash: string): Promise<boolean>;
  /** The person with this e-mail, in lower case. */
  findUser(email: string): Promise<{ readonly id: string } | undefined>;
  /** Whether the person is asked for a second step. */
  hasSecondStep(userId: string): Promise<boolean>;
  removeSecondStep(userId: string): Promise<void>;
  /** Those that have not ended, the newest first. */
  listSessions(userId: string): Promise<readonly SignInSession[]>;
  /** False when the person has no such session. The event, if there is one, is left in the same transaction. */
  endSession(session: EndedSession, event: SignInAudit | null): Promise<boolean>;
  /** Ends every session of the person, but for that one, and every sign-in and reset that was begun. */
  endSessions(userId: string, exceptSessionId?: string): Promise<void>;
  /** To be read before a sign-in looks at anything. */
  findEpoch(): Promise<number>;
  /** False, and it is ended, when the person's sessions were ended together after that epoch. */
  admitSession(session: NewSession): Promise<boolean>;
  /** Takes a code, by its keyed hash, that works once within the next seconds: true for one caller only. */
  claimCode(digest: string, seconds: number): Promise<boolean>;
}

/** The port, and beside it what only sign-in uses. */
export interface DatabaseStorage extends Storage {
  readonly signIn: SignInStorage;
}

export function createSignInStorage(backend: Backend): SignInStorage {
  const { call, now } = backend;
  return {
    openDatabase: (onFailure) => createSignInDatabase(backend, onFailure),
    async createUser(user) {
      await call({ kind: 'recording', name: 'createSignInUser', args: [user, now()] });
    },
    setPassword: (userId, passwordHash) =>
      call({
        kind: 'recording',
        name: 'setSignInPassword',
        args: [userId, passwordHash, now()],
      }) as Promise<boolean>,
    findUser: (email) =>
      call({ kind: 'reading', name: 'findSignInUser', now: now(), args: [email] }) as Promise<
        { readonly id: string } | undefined
      >,
    hasSecondStep: (userId) =>
      call({ kind: 'reading', name: 'hasSecondStep', now: now(), args: [userId] }) as Promise<boolean>,
    async removeSecondStep(userId) {
      await call({ kind: 'recording', name: 'removeSecondStep', args: [userId] });
    },
    listSessions: (userId) =>
      call({ kind: 'reading', name: 'listSignInSessions', now: now(), args: [userId] }) as Promise<
        readonly SignInSession[]
      >,
    endSession: (session, event) =>
      call({ kind: 'recording', name: 'endSignInSession', args: [session, event] }) as Promise<boolean>,
    async endSessions(userId, exceptSessionId) {
      await call({ kind: 'recording', name: 'endSignInSessions', args: [userId, exceptSessionId ?? null] });
    },
    findEpoch: () => call({ kind: 'reading', name: 'findSignInEpoch', now: now(), args: [] }) as Promise<number>,
    admitSession: (session) =>
      call({ kind: 'recording', name: 'admitSignInSession', args: [session, now()] }) as Promise<boolean>,
    claimCode: (digest, seconds) =>
      call({
        kind: 'recording',
        name: 'claimSignInCode',
        args: [digest, now() + seconds * SECOND_MS, now()],
      }) as Promise<boolean>,
  };
}
