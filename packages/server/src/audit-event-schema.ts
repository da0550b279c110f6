import { type AuditEvent, formatTime } from '@postern/core';
import Type from 'typebox';
import { Closed, Nullable, OneOf, PageOf, RefTo, Time } from './schema.ts';

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
export const AuditEventPage = PageOf(AuditEventSchema, 'AuditEventPage');

export const AUDIT_EVENT_SCHEMAS = [AuditActor, AuditTarget, AuditEventSchema, AuditEventPage];

export function representAuditEvent(event: AuditEvent): Type.Static<typeof AuditEventSchema> {
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
