import {
  type Caller,
  DomainError,
  formatTime,
  type MemberId,
  newId,
  type SessionFacts,
  type SignInAudit,
} from '@postern/core';
import type { FastifyInstance } from 'fastify';
import Type from 'typebox';
import { gone, ok } from './answer.ts';
import { declareRoute } from './route.ts';
import { Closed, RefTo, Time } from './schema.ts';
import type { Server } from './server.ts';

const SessionSchema = Closed(
  {
    id: Type.String(),
    signedInAt: Time(),
    expiresAt: Time(),
    address: Type.String(),
    userAgent: Type.String(),
    current: Type.Boolean({ description: 'The one that this call is made with' }),
  },
  { $id: 'Session' },
);
const SessionList = Closed({ items: Type.Array(RefTo(SessionSchema)) }, { $id: 'SessionList' });

export const ME_SESSION_SCHEMAS = [SessionSchema, SessionList];

const URL = '/api/v1/me/sessions';
const TAG = 'Me';
const REASON = 'A person may always see and end their own sessions.';

export function meSessionRoutes(app: FastifyInstance, server: Server): void {
  declareRoute(app, server, {
    method: 'GET',
    url: URL,
    operation: 'listOwnSessions',
    tag: TAG,
    summary: 'Where am I signed in?',
    permission: null,
    alsoFails: [403],
    reason: REASON,
    answers: { 200: { description: 'Those that have not ended, the newest first', body: SessionList } },
    async act({ caller }) {
      const { userId, session } = await requirePerson(server, caller);
      const signIn = await server.signIn();
      const sessions = (await signIn?.listSessions(userId)) ?? [];
      return ok({
        items: sessions.map(({ id, signedInAt, expiresAt, address, userAgent }) => ({
          id,
          signedInAt: formatTime(signedInAt),
          expiresAt: formatTime(expiresAt),
          address,
          userAgent,
          current: id === session.id,
        })),
      });
    },
  });

  declareRoute(app, server, {
    method: 'DELETE',
    url: `${URL}/:session`,
    operation: 'endOwnSession',
    tag: TAG,
    summary: 'End one of my sessions',
    permission: null,
    reason: REASON,
    audit: { action: 'session.end', target: personTarget },
    answers: { 204: { description: 'It has ended', body: null } },
    async act({ caller, params }) {
      const { userId } = await requirePerson(server, caller);
      const signIn = await server.signIn();
      const at = server.storage.now();
      const event: SignInAudit = {
        eventId: newId('audit_event', { now: () => at }, server.random),
        userId,
        action: 'session.end',
        outcome: 'done',
        details: { sessionId: params.session },
        request: caller.request,
        at,
      };
      const ended = await signIn?.endSession({ userId, sessionId: params.session }, event);
      if (!ended) throw new DomainError('session.not_found');
      return gone();
    },
  });
}

function personTarget(_params: unknown, { record: { principal } }: Caller) {
  return { kind: principal.kind, id: principal.id, displayName: principal.displayName };
}

/** Sessions are managed by whoever is signed in, not through tokens. Throws `member.required`. */
export async function requirePerson(
  { storage }: Server,
  { record }: Caller,
): Promise<{ readonly userId: string; readonly session: SessionFacts }> {
  if (record.token !== null || record.principal.kind !== 'member') throw new DomainError('member.required');
  const member = await storage.findMember(record.organization.id, record.principal.id as MemberId);
  if (!member?.userId) throw new DomainError('session.invalid');
  return { userId: member.userId, session: record.session };
}
