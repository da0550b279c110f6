import { type AdmittedToken, DomainError, decide, formatTime, type Permission, type Verdict } from '@postern/core';
import type { FastifyReply, FastifyRequest, onRequestHookHandler, preHandlerHookHandler } from 'fastify';
import { type Credential, parseCredential } from './credential.ts';
import type { Server } from './server.ts';

export interface AuthenticateOptions {
  /** The route's path, for the log. */
  readonly pattern: string;
  /** What the route needs: whether the caller holds it is noted with the use of its token, and judged later. */
  readonly permission: Permission | null;
  /** HTTP Basic (account id, token) is understood too. */
  readonly basic?: boolean;
  /** A request without any credential passes, with no caller. */
  readonly optional?: boolean;
}

/**
 * The first step of a route, before the body is read: who calls? Leaves the caller on the request. A warm token is
 * recognized without waiting for anything.
 *
 * Throws `request.credentials_ambiguous`, `credentials.missing`, `token.malformed`, `token.invalid` or `rate.limited`;
 * `storage.unavailable` rather than a guess.
 */
export function createAuthenticate(server: Server, options: AuthenticateOptions): onRequestHookHandler {
  return function authenticate(request, reply, done) {
    request.pattern = options.pattern;
    request.stamp = server.verifier.stamp();
    let verdict: Verdict | Promise<Verdict> | undefined;
    let credential: Credential;
    try {
      credential = credentialOf(request);
      verdict = verify(server, credential, options);
    } catch (error) {
      done(error as Error);
      return;
    }
    if (verdict instanceof Promise) {
      verdict.then(
        (settled) => done(admit(server, request, reply, credential, settled, options)),
        (error) => done(error),
      );
    } else {
      done(verdict && admit(server, request, reply, credential, verdict, options));
    }
  };
}

/**
 * The same question once the body has been read, however long that took: a caller that was revoked meanwhile is not
 * answered, and one whose role changed is judged by the new one. Mutations need no such step; they ask again under the
 * organization's lock.
 */
export function createAuthenticateAgain(server: Server, options: AuthenticateOptions): preHandlerHookHandler {
  return function authenticateAgain(request, _reply, done) {
    const { caller, stamp } = request;
    if (caller && stamp && server.verifier.reaffirm(caller.record, stamp)) {
      done();
      return;
    }
    let verdict: Verdict | Promise<Verdict> | undefined;
    try {
      verdict = verify(server, credentialOf(request), options);
    } catch (error) {
      done(error as Error);
      return;
    }
    const settle = (settled: Verdict | undefined) => done(settled && admitAgain(server, request, settled));
    if (verdict instanceof Promise) verdict.then(settle, (error) => done(error));
    else settle(verdict);
  };
}

function admitAgain(server: Server, request: FastifyRequest, verdict: Verdict): DomainError | undefined {
  if (verdict.outcome !== 'active') return refuse(server, request, verdict);
  if (request.caller) request.caller = { ...request.caller, record: verdict.record };
  return undefined;
}

function credentialOf(request: FastifyRequest): Credential {
  return parseCredential(request.decisive ?? { authorization: [], hosts: 0, sessionCookie: false });
}

const MALFORMED: Verdict = { outcome: 'malformed' };

function verify(
  server: Server,
  credential: Credential,
  { basic, optional }: AuthenticateOptions,
): Verdict | Promise<Verdict> | undefined {
  if (credential.scheme === 'bearer') return server.verifier.verify(credential.token);
  if (credential.scheme === 'basic' && basic) return server.verifier.verify(credential.password);
  if (credential.scheme !== 'none') return MALFORMED;
  if (optional) return undefined;
  throw new DomainError('credentials.missing');
}

/** Notes the use and leaves the caller on the request; or says why not. */
function admit(
  server: Server,
  request: FastifyRequest,
  reply: FastifyReply,
  credential: Credential,
  verdict: Verdict,
  { permission }: AuthenticateOptions,
): DomainError | undefined {
  if (verdict.outcome !== 'active') return refuse(server, request, verdict);
  const { record } = verdict;
  if (credential.scheme === 'basic' && credential.user !== record.principal.id) {
    request.refusal = 'another_account';
    return throttled(server, request) ?? new DomainError('token.invalid');
  }
  const userAgent = request.headers['user-agent'] ?? '';
  const outcome = permission === null || decide(record.principal, permission).allowed ? 'allowed' : 'denied';
  server.usage.record(record, outcome, { address: request.address, userAgent });
  request.caller = { record, request: { requestId: request.id, address: request.address, userAgent } };
  if (record.token.state === 'retiring') reply.header('postern-token', retiringHeader(record));
  return undefined;
}

/** The refusal of a credential, one and the same outside whatever the reason; the reason is for the log and the audit log. */
function refuse(
  server: Server,
  request: FastifyRequest,
  verdict: Exclude<Verdict, { outcome: 'active' }>,
): DomainError {
  if (verdict.outcome === 'malformed') {
    request.refusal = 'malformed';
    return throttled(server, request) ?? new DomainError('token.malformed');
  }
  request.refusal = verdict.reason;
  if (verdict.record) {
    const caller = { address: request.address, userAgent: request.headers['user-agent'] ?? '' };
    server.usage.recordRefusal(verdict.record, verdict.reason, caller, request.id);
  }
  return throttled(server, request) ?? new DomainError('token.invalid');
}

function throttled(server: Server, request: FastifyRequest): DomainError | undefined {
  const retryAfterSeconds = server.throttle.noteFailure(request.address);
  return retryAfterSeconds === undefined ? undefined : new DomainError('rate.limited', { retryAfterSeconds });
}

function retiringHeader({ token }: AdmittedToken): string {
  return token.validUntil === null ? 'retiring' : `retiring; until=${formatTime(token.validUntil)}`;
}
