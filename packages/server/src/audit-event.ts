import { type AuditEvent, formatTime, parseTime } from '@postern/core';
import type { FastifyInstance } from 'fastify';
import Type from 'typebox';
import { ok } from './answer.ts';
import { parsePageQuery, representPage } from './page.ts';
import { declareRoute } from './route.ts';
import { Closed, IdText, LIST_FIELDS, Nullable, OneOf, PageOf, RefTo, Time } from './schema.ts';
import type { Server } from './server.ts';

const AuditActor = Closed(
  {
    kind: OneOf(['service_account', 'member', 'operator', 'system']),
    id: Nullable(Type.String()),
    displayName: Type.String(),
    tokenId: Nullable(Type.String({ description: 'The token that it was done with' })),
  },
  { $id: 'AuditActor' },
);
const AuditTarget = Closed(
  {
    kind: OneOf(['organization', 'service_account', 'member', 'token', 'group', 'workspace', 'role', 'permission']),
    id: Type.String(),
    displayName: Nullable(Type.String()),
  },
  { $id: 'AuditTarget' },
);
const AuditEventSchema = Closed(
  {
    id: Type.String(),
    at: Time(),
    action: Type.String({ description: 'noun.verb' }),
    outcome: OneOf(['done', 'refused']),
    code: Nullable(Type.String({ description: 'The error that was answered, where it was refused' })),
    actor: RefTo(AuditActor),
    target: Nullable(RefTo(AuditTarget)),
    details: Type.Record(Type.String(), Type.Unknown()),
    requestId: Nullable(Type.String()),
    address: Nullable(Type.String()),
    userAgent: Nullable(Type.String()),
  },
  { $id: 'AuditEvent' },
);
const AuditEventPage = PageOf(AuditEventSchema, 'AuditEventPage');

export const AUDIT_EVENT_SCHEMAS = [AuditActor, AuditTarget, AuditEventSchema, AuditEventPage];

export function auditEventRoutes(app: FastifyInstance, server: Server): void {
  declareRoute(app, server, {
    method: 'GET',
    url: '/api/v1/audit-events',
    operation: 'listAuditEvents',
    tag: 'Audit log',
    summary: 'What was done, and what was refused; newest first',
    permission: 'audit.read',
    query: Closed({
      ...LIST_FIELDS,
      actorId: Type.Optional(IdText()),
      targetId: Type.Optional(IdText()),
      action: Type.Optional(Type.String({ minLength: 1, maxLength: 64 })),
      requestId: Type.Optional(IdText({ description: 'The X-Request-Id of an answer, refused credentials included' })),
      from: Type.Optional(Time()),
      to: Type.Optional(Time()),
    }),
    answers: { 200: { description: 'A page of events', body: AuditEventPage } },
    async act({ caller, query }) {
      const scope = { organizationId: caller.record.organization.id, list: 'audit-events' };
      const page = await server.storage.listAuditEvents(scope.organizationId, {
        ...parsePageQuery(query, scope, server.keys),
        actorId: query.actorId ?? null,
        targetId: query.targetId ?? null,
        action: query.action ?? null,
        requestId: query.requestId ?? null,
        from: query.from === undefined ? null : parseTime(query.from, '/from'),
        to: query.to === undefined ? null : parseTime(query.to, '/to'),
      });
      return ok(representPage(page, representAuditEvent, query, scope, server.keys));
    },
  });
}

function representAuditEvent(event: AuditEvent): Type.Static<typeof AuditEventSchema> {
  const { actor, target } = event;
  return {
    id: event.id,
    at: formatTime(event.at),
    action: event.action,
    outcome: event.outcome,
    code: event.code,
    actor: { kind: actor.kind, id: actor.id, displayName: actor.displayName, tokenId: actor.tokenId },
    target: target && { kind: target.kind, id: target.id, displayName: target.displayName },
    details: event.details,
    requestId: event.requestId,
    address: event.address,
    userAgent: event.userAgent,
  };
}
