import type { RefusedUse } from '@postern/core';
import type { Kysely } from 'kysely';
import { type ConcerningEvent, insertAuditEvents, systemEvent } from './audit-event.ts';
import { inParts, merge } from './part.ts';
import type { Schema } from './schema.ts';

/** Requests of one counted event that can be found by their ids. */
const REQUEST_IDS_PER_EVENT = 20;

interface KnownRefusal extends RefusedUse {
  readonly tokenName: string;
}

/**
 * Counts refused uses of known tokens, deleted ones included. The first of a generation, reason, network and hour leaves an
 * audit event; later ones are counted into it, and found under it by their request ids.
 */
export async function countRefusals(db: Kysely<Schema>, refusals: readonly RefusedUse[]): Promise<void> {
  const known = merge(await ofKnownTokens(db, refusals), keyOf, (one, other) => ({
    ...one,
    calls: one.calls + other.calls,
    firstAt: Math.min(one.firstAt, other.firstAt),
    requestIds: [...one.requestIds, ...other.requestIds],
  }));
  for (const part of inParts(known)) {
    const eventIds = await count(db, part);
    const isNew = (refusal: KnownRefusal): boolean => eventIds.get(nameOf(refusal)) === refusal.eventId;
    await insertAuditEvents(db, part.filter(isNew).map(toAuditEvent));
    await keepRequestIds(db, part, eventIds);
  }
}

async function ofKnownTokens(db: Kysely<Schema>, refusals: readonly RefusedUse[]): Promise<readonly KnownRefusal[]> {
  if (refusals.length === 0) return [];
  const rows = await db
    .selectFrom('token')
    .select(['id', 'organization_id', 'name'])
    .where('id', 'in', [...new Set(refusals.map((refusal) => refusal.tokenId))])
    .execute();
  const tokens = new Map(rows.map((row) => [row.id, row]));
  return refusals.flatMap((refusal) => {
    const token = tokens.get(refusal.tokenId);
    return token?.organization_id === refusal.organizationId ? [{ ...refusal, tokenName: token.name }] : [];
  });
}

/** The event that each refusal is counted into: its own, or the one that is there. */
async function count(db: Kysely<Schema>, refusals: readonly KnownRefusal[]): Promise<ReadonlyMap<string, string>> {
  const rows = await db
    .insertInto('token_refusal')
    .values(
      refusals.map((refusal) => ({
        token_id: refusal.tokenId,
        generation: refusal.generation,
        reason: refusal.reason,
        network: refusal.network,
        hour: refusal.hour,
        event_id: refusal.eventId,
        calls: refusal.calls,
      })),
    )
    .onConflict((conflict) =>
      conflict
        .columns(['token_id', 'generation', 'reason', 'network', 'hour'])
        .doUpdateSet((row) => ({ calls: row('token_refusal.calls', '+', row.ref('excluded.calls')) })),
    )
    .returning(['token_id', 'generation', 'reason', 'network', 'hour', 'event_id'])
    .execute();
  return new Map(rows.map((row) => [nameOf({ ...row, tokenId: row.token_id }), row.event_id]));
}

async function keepRequestIds(
  db: Kysely<Schema>,
  refusals: readonly KnownRefusal[],
  eventIds: ReadonlyMap<string, string>,
): Promise<void> {
  const counts = await db
    .selectFrom('audit_event_request')
    .select((select) => ['event_id', select.fn.countAll<number>().as('count')])
    .where('event_id', 'in', [...eventIds.values()])
    .groupBy('event_id')
    .execute();
  const kept = new Map(counts.map((row) => [row.event_id, row.count]));
  const rows = refusals.flatMap((refusal) => {
    const eventId = eventIds.get(nameOf(refusal)) ?? refusal.eventId;
    const room = Math.max(0, REQUEST_IDS_PER_EVENT - (kept.get(eventId) ?? 0));
    return [...new Set(refusal.requestIds)]
      .slice(0, room)
      .map((requestId) => ({ organization_id: refusal.organizationId, request_id: requestId, event_id: eventId }));
  });
  for (const part of inParts(rows)) {
    await db
      .insertInto('audit_event_request')
      .values(part)
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  }
}

function toAuditEvent(refusal: KnownRefusal): ConcerningEvent {
  const { accountId, generation, reason, network, hour, calls } = refusal;
  const event = systemEvent({
    id: refusal.eventId,
    organizationId: refusal.organizationId,
    at: refusal.firstAt,
    action: 'token.use_refused',
    target: { kind: 'token', id: refusal.tokenId, displayName: refusal.tokenName },
    // The count is that of the first flush: an event never changes. Where it stands now is in the token's usage.
    details: { accountId, generation, reason, network, hour, calls },
    requestId: null,
    address: refusal.address,
    userAgent: refusal.userAgent,
  });
  return { ...event, concerned: [accountId] };
}

type RefusalKey = Pick<RefusedUse, 'generation' | 'network' | 'hour'> & {
  readonly tokenId: string;
  readonly reason: string;
};

function keyOf(refusal: RefusalKey): readonly (string | number)[] {
  return [refusal.tokenId, refusal.generation, refusal.reason, refusal.network, refusal.hour];
}

function nameOf(refusal: RefusalKey): string {
  return JSON.stringify(keyOf(refusal));
}
