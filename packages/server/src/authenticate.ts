import {
  authorize,
  type Caller,
  DomainError,
  decide,
  formatTime,
  type Permission,
  subjectOf,
  type Verdict,
} from '@postern/core';
import type { FastifyRequest, onRequestHookHandler, preHandlerHookHandler } from 'fastify';
import { readUserAgent } from './client.ts';
import { type Credential, parseCredential } from './credential.ts';
import { type PlaceParams, placeInMemory } from './place.ts';
import type { Server } from './server.ts';
import { findSessionCaller } from './session.ts';

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

/** What of a request says who calls, and what authentication leaves on it. */
export type Presented = Pick<
  FastifyRequest,
  'id' | 'method' | 'headers' | 'address' | 'decisive' | 'caller' | 'stamp' | 'refusal'
> & { readonly params?: unknown };

/**
 * The first step of a route, before the body is read: who calls? Leaves the caller on the request; or says why not. A warm
 * token is recognized without waiting for anything.
 *
 * Throws, or answers, `request.credentials_ambiguous`, `credentials.missing`, `token.malformed`, `token.invalid` or
 * `rate.limited`; `storage.unavailable` rather than a guess.
 */
export function authenticate(
  server: Server,
  request: Presented,
  options: AuthenticateOptions,
): DomainError | undefined | Promise<DomainError | undefined> {
  request.stamp = server.verifier.stamp();
  const credential = credentialOf(request);
  if (credential.scheme === 'session') return admitSession(server, request);
  const verdict = verify(server, credential, request.address, options);
  if (verdict instanceof Promise)
    return verdict.then((settled) => admit(server, request, credential, settled, options));
  return verdict && admit(server, request, credential, verdict, options);
}

/**
 * The same question once the body has been read, however long that took: a caller that was revoked meanwhile is not
 * answered, and one whose role changed is judged by the new one. Mutations need no such step; they ask again under the
 * organization's lock.
 */
export function authenticateAgain(
  server: Server,
  request: Presented,
  options: AuthenticateOptions,
): DomainError | undefined | Promise<DomainError | undefined> {
  const { caller, stamp } = request;
  if (caller && stamp && server.verifier.reaffirm(caller.record, stamp, request.address)) return undefined;
  const credential = credentialOf(request);
  if (credential.scheme === 'session') return admitSession(server, request);
  const verdict = verify(server, credential, request.address, options);
  if (verdict instanceof Promise) return verdict.then((settled) => admitAgain(server, request, settled));
  return verdict && admitAgain(server, request, verdict);
}

/**
 * Whether the credential of a long answer would be let in now, and with the same permission. Rejects where that cannot be
 * found out.
 */
export async function isStillValid(server: Server, request: Presented, options: AuthenticateOptions): Promise<boolean> {
  const stamp = server.verifier.stamp();
  try {
    const refused = await authenticateAgain(server, request, options);
    if (refused || !request.caller) return false;
    authorize(request.caller, options.permission);
  } catch (error) {
    if (error instanceof DomainError && error.kind !== 'unavailable') return false;
    throw error;
  }
  request.stamp = stamp;
  return true;
}

export function createAuthenticate(server: Server, options: AuthenticateOptions): onRequestHookHandler {
  return (request, reply, done) => {
    request.pattern = options.pattern;
    settle(
      () => authenticate(server, request, options),
      (error) => {
        const retiring = retiringHeader(request.caller);
        if (retiring) reply.header('postern-token', retiring);
        done(error);
      },
    );
  };
}

export function createAuthenticateAgain(server: Server, options: AuthenticateOptions): preHandlerHookHandler {
  return (request, _reply, done) => settle(() => authenticateAgain(server, request, options), done);
}

/** Runs a step and hands on what it says, at once where it can. */
function settle(
  step: () => DomainError | undefined | Promise<DomainError | undefined>,
  done: (error?: Error) => void,
): void {
  let said: ReturnType<typeof step>;
  try {
    said = step();
  } catch (error) {
    done(error as Error);
    return;
  }
  if (said instanceof Promise) said.then(done, done);
  else done(said);
}

/** What a call with an old value is told; undefined for every other. */
export function retiringHeader(caller: Caller | null): string | undefined {
  const token = caller?.record.token;
  if (token?.state !== 'retiring') return undefined;
  const { validUntil } = token;
  return validUntil === null ? 'retiring' : `retiring; until=${formatTime(validUntil)}`;
}

/** Leaves the person who has signed in on the request; throws where nobody has, any more. */
async function admitSession(server: Server, request: Presented): Promise<undefined> {
  try {
    request.caller = await findSessionCaller(server, request);
  } catch (error) {
    if (error instanceof DomainError) request.refusal = error.code;
    throw error;
  }
}

function admitAgain(server: Server, request: Presented, verdict: Verdict): DomainError | undefined {
  if (verdict.outcome !== 'active') return refuse(server, request, verdict);
  if (request.caller) request.caller = { ...request.caller, record: verdict.record };
  return undefined;
}

function credentialOf(request: Presented): Credential {
  return parseCredential(request.decisive ?? { authorization: [], hosts: 0, sessionCookie: false });
}

const MALFORMED: Verdict = { outcome: 'malformed' };
const NO_PARAMS: PlaceParams = {};

function verify(
  server: Server,
  credential: Credential,
  address: string,
  { basic, optional }: AuthenticateOptions,
): Verdict | Promise<Verdict> | undefined {
  if (credential.scheme === 'bearer') return server.verifier.verify(credential.token, address);
  if (credential.scheme === 'basic' && basic) return server.verifier.verify(credential.password, address);
  if (credential.scheme !== 'none') return MALFORMED;
  if (optional) return undefined;
  throw new DomainError('credentials.missing');
}

/** Notes the use and leaves the caller on the request; or says why not. */
function admit(
  server: Server,
  request: Presented,
  credential: Credential,
  verdict: Verdict,
  { permission }: AuthenticateOptions,
): DomainError | undefined {
  if (verdict.outcome !== 'active') return refuse(server, request, verdict);
  const { record } = verdict;
  if (credential.scheme === 'basic' && credential.user !== record.principal.id) {
    return refuseAs(server, request, 'another_account');
  }
  const userAgent = readUserAgent(request.headers['user-agent']);
  const place = placeInMemory(record, (request.params ?? NO_PARAMS) as PlaceParams);
  const outcome = permission === null || decide(subjectOf(record), permission, place).allowed ? 'allowed' : 'denied';
  server.usage.record(record, outcome, { address: request.address, userAgent }, permission);
  request.caller = { record, request: { requestId: request.id, address: request.address, userAgent } };
  return undefined;
}

/** The refusal of a credential, one and the same outside whatever the reason; the reason is for the log and the audit log. */
export function refuse(
  server: Server,
  request: Presented,
  verdict: Exclude<Verdict, { outcome: 'active' }>,
): DomainError {
  if (verdict.outcome === 'malformed') {
    request.refusal = 'malformed';
    return throttled(server, request) ?? new DomainError('token.malformed');
  }
  if (verdict.record) {
    const caller = { address: request.address, userAgent: readUserAgent(request.headers['user-agent']) };
    server.usage.recordRefusal(verdict.record, verdict.reason, caller, request.id);
  }
  // Good in all but that: it waits, and is no guess that has to be slowed down.
  if (verdict.reason === 'quarantine') {
    request.refusal = verdict.reason;
    return new DomainError('token.quarantined');
  }
  return refuseAs(server, request, verdict.reason);
}

/** The same refusal for a reason that the log alone is told. */
export function refuseAs(server: Server, request: Presented, reason: string): DomainError {
  request.refusal = reason;
  return throttled(server, request) ?? new DomainError('token.invalid');
}

function throttled(server: Server, request: Presented): DomainError | undefined {
  const retryAfterSeconds = server.throttle.noteFailure(request.address);
  return retryAfterSeconds === undefined ? undefined : new DomainError('rate.limited', { retryAfterSeconds });
}
