import { type Call, leftSession } from './call.ts';
import type { SignInEvent } from './event.ts';
import { CALLBACK_PATH } from './route.ts';

/** What a call that was not refused has come to; undefined where there is nothing to tell. */
export function completedEvent(path: string, method: string, response: Response, call: Call): SignInEvent | undefined {
  const { session, replaces } = leftSession(call);
  const [ended] = call.ended;
  if (session && !replaces) return { kind: 'signed_in', userId: session.userId, sessionId: session.id, method };
  switch (path) {
    case CALLBACK_PATH:
      // Without an error and without a session it goes on with a second step.
      if (call.made.length > 0) return undefined;
      return { kind: 'refused', userId: call.userId, method, reason: reasonOf(response) };
    case '/sign-out':
      return ended && { kind: 'signed_out', userId: ended.userId, sessionId: ended.id };
    case '/reset-password':
      return call.userId === null ? undefined : { kind: 'password_reset', userId: call.userId };
    case '/change-password':
      return session && { kind: 'password_changed', userId: session.userId, sessionId: session.id };
    case '/two-factor/verify-totp':
      return session && { kind: 'totp_enabled', userId: session.userId, sessionId: session.id };
    case '/two-factor/disable':
      return session && { kind: 'totp_disabled', userId: session.userId, sessionId: session.id };
    default:
      return undefined;
  }
}

/** A provider's sign-in that fails ends in a redirect that says why. */
function reasonOf(response: Response): string {
  const location = URL.parse(response.headers.get('location') ?? '', 'http://localhost');
  return location?.searchParams.get('error')?.slice(0, 100) ?? 'unknown';
}
