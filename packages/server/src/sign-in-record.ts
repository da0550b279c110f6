import { type Domain, newId, type SignInAudit } from '@postern/core';
import type { RecordSignIn, SignInEvent } from './sign-in/event.ts';

/** What sign-in tells, as events of the audit log of the person's organization. */
export function createSignInRecord({ storage, random }: Pick<Domain, 'storage' | 'random'>): RecordSignIn {
  return async (event, { address, requestId }) => {
    // Whether an e-mail is known is not told to an organization that it is not of.
    if (event.userId === null) return;
    const at = storage.now();
    await storage.recordSignIn({
      eventId: newId('audit_event', { now: () => at }, random),
      userId: event.userId,
      ...toAudit(event),
      request: { requestId, address, userAgent: null },
      at,
    });
  };
}

const ACTIONS: Readonly<Record<Exclude<SignInEvent['kind'], 'change_refused'>, SignInAudit['action']>> = {
  signed_in: 'session.create',
  signed_out: 'session.end',
  refused: 'session.refuse',
  password_changed: 'password.change',
  password_reset: 'password.reset',
  reset_requested: 'password.reset_request',
  totp_enabled: 'totp.enable',
  totp_disabled: 'totp.disable',
};

function toAudit(event: SignInEvent): Pick<SignInAudit, 'action' | 'outcome' | 'code' | 'details'> {
  if (event.kind === 'change_refused') {
    return { action: ACTIONS[event.change], outcome: 'refused', code: event.code, details: {} };
  }
  const action = ACTIONS[event.kind];
  switch (event.kind) {
    case 'signed_in':
      return { action, outcome: 'done', details: { method: event.method, sessionId: event.sessionId } };
    case 'refused':
      return { action, outcome: 'refused', details: { method: event.method, reason: event.reason } };
    default:
      return { action, outcome: 'done', details: {} };
  }
}
