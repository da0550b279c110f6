import { PosternError } from '@postern/sdk';
import { useSyncExternalStore } from 'react';

/**
 * Why somebody who has been working here is asked to sign in: the session is over, or too long ago for what was asked.
 * null: nothing is asked.
 */
export type SessionState = 'over' | 'stale' | null;

/** A wrong password is answered 401, too, and ends no session. */
const SESSION_OVER: ReadonlySet<string> = new Set(['session.invalid', 'credentials.missing']);

/** Why whoever was refused with this error has to sign in; null: that would change nothing. */
export function signInAskedBy(error: unknown): SessionState {
  if (!(error instanceof PosternError)) return null;
  if (SESSION_OVER.has(error.code)) return 'over';
  return error.code === 'sign_in.stale' ? 'stale' : null;
}

let state: SessionState = null;
/** Before the first answer there is nobody whose session could be over: that is the sign-in page's business. */
let known = false;
const listeners = new Set<() => void>();

function set(next: SessionState): void {
  state = next;
  for (const listener of listeners) listener();
}

export function endSession(why: 'over' | 'stale'): void {
  if (known && state !== why) set(why);
}

/** Somebody is signed in. */
export function beginSession(): void {
  known = true;
  if (state !== null) set(null);
}

/** The session is good again: somebody has signed in elsewhere in this browser. */
export function resumeSession(): void {
  if (state === 'over') set(null);
}

/** Whether somebody works here; also while they are asked to sign in again. */
export function isSession(): boolean {
  return known;
}

/** Signed out on purpose. */
export function leaveSession(): void {
  known = false;
  set(null);
}

/** The person would rather not sign in again for what was asked. */
export function keepSession(): void {
  if (state === 'stale') set(null);
}

export function useSessionState(): SessionState {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => state,
  );
}
