import {
  type Actor,
  type AuditAction,
  type AuditActor,
  type AuditEvent,
  type AuditEventId,
  type AuditEventQuery,
  type AuditTarget,
  type ErrorCode,
  type OrganizationId,
  type Page,
  principalKind,
  type RefusedMutation,
  type SignInAudit,
} from '@postern/core';
import { type Kysely, type Selectable, sql } from 'kysely';
import { type Engine, runWrites, type Write } from './engine.ts';
import { fixedStatement } from './fixed-statement.ts';
import { isStorable, toPage, withinPage } from './page.ts';
import { inParts } from './part.ts';
import type { Reading } from './reading.ts';
import type { AuditEventPrincipalTable, AuditEventTable, Schema } from './schema.ts';

/** The name that the operator bears in audit events and as a creator. */
export const OPERATOR_NAME = 'operator';
const SYSTEM: AuditActor = { kind: 'system', id: null, displayName: 'postern', tokenId: null };

/** Up to so many principals are written by a statement that is put together already. */
const FEW = 4;

/** An event, and the principals that it concerns beside whoever did it and, where it was done, whom it was done to. */
export interface ConcerningEvent extends AuditEvent {
  readonly concerned?: readonly string[];
}

export async function insertAuditEvent(db: Kysely<Schema>, event: ConcerningEvent): Promise<void> {
  await runWrites(db, auditEventWrites(db, event));
}

/** What leaves the event. */
export function auditEventWrites(db: Kysely<Schema>, event: ConcerningEvent): readonly Write[] {
  const principals = principalsOf(event);
  const writes: Write[] = [eventInsert.fill(db, toRow(event))];
  if (principals.length === 0) return writes;
  // Almost always whoever did it, and whom it was done to.
  const few = fewConcernsInsert[principals.length - 1];
  if (!few) return [...writes, ...concernWrites(db, concernsOf(event))];
  const { organizationId, at, id } = event;
  return [...writes, few.fill(db, { ...principals, organizationId, at, eventId: id })];
}

export async function insertAuditEvents(db: Kysely<Schema>, events: readonly ConcerningEvent[]): Promise<void> {
  if (events.length === 0) return;
  await db.insertInto('audit_event').values(events.map(toRow)).execute();
  await runWrites(db, concernWrites(db, events.flatMap(concernsOf)));
}

const eventInsert = fixedStatement((db, row: AuditEventTable) => db.insertInto('audit_event').values(row));

/** For one principal, for two, and so on: `principals` by their index. */
const fewConcernsInsert = Array.from({ length: FEW }, (_, last) =>
  fixedStatement((db, { organizationId, at, eventId, ...principals }: FewConcerns) =>
    db.insertInto('audit_event_principal').values(
      Array.from({ length: last + 1 }, (_, index) => ({
        organization_id: organizationId,
        principal_id: principals[index] as string,
        at,
        event_id: eventId,
      })),
    ),
  ),
);

interface FewConcerns {
  readonly organizationId: string;
  readonly at: number;
  readonly eventId: string;
  readonly [index: number]: string;
}

function concernWrites(db: Kysely<Schema>, rows: readonly AuditEventPrincipalTable[]): readonly Write[] {
  return inParts(rows).map((part) => db.insertInto('audit_event_principal').values(part).compile());
}

function concernsOf(event: ConcerningEvent): readonly AuditEventPrincipalTable[] {
  return principalsOf(event).map((id) => ({
    organization_id: event.organizationId,
    principal_id: id,
    at: event.at,
    event_id: event.id,
  }));
}

function principalsOf({ actor, target, outcome, concerned = [] }: ConcerningEvent): readonly string[] {
  const isPrincipal = (kind: string): boolean => kind === 'service_account' || kind === 'member';
  const ids = new Set(concerned);
  if (actor.id !== null && isPrincipal(actor.kind)) ids.add(actor.id);
  if (target && outcome === 'done' && isPrincipal(target.kind)) ids.add(target.id);
  return [...ids];
}

/** Whom an attempt on this would have concerned, in its own organization: what was refused may name what is another's. */
async function findConcerned(
  db: Kysely<Schema>,
  organizationId: OrganizationId,
  target: AuditTarget | null,
): Promise<readonly string[]> {
  if (!target) return [];
  const rows = await db
    .selectFrom('principal')
    .select('id')
    .where('id', '=', target.id)
    .where('organization_id', '=', organizationId)
    .unionAll(
      db
        .selectFrom('token')
        .select('account_id as id')
        .where('id', '=', target.id)
        .where('organization_id', '=', organizationId),
    )
    .execute();
  return rows.map(({ id }) => id);
}

export function systemEvent(event: Omit<AuditEvent, 'actor' | 'outcome' | 'code'>): AuditEvent {
  return { ...event, actor: SYSTEM, outcome: 'refused', code: null };
}

/** Leaves the event of a mutation that was refused. */
export async function recordRefusedMutation(engine: Engine, refused: RefusedMutation): Promise<void> {
  const { request } = refused;
  await engine.transact(async (db) => {
    await insertAuditEvent(db, {
      id: refused.eventId,
      organizationId: refused.organizationId,
      at: refused.at,
      action: refused.action,
      outcome: 'refused',
      code: refused.code,
      actor: await findAuditActor(db, refused.organizationId, refused.actor),
      target: refused.target,
      details: {},
      concerned: await findConcerned(db, refused.organizationId, refused.target),
      ...request,
    });
    return { value: undefined, changes: [] };
  });
}

/** Leaves what sign-in has to tell, in the organization of the member; nothing where the user is none. */
export async function recordSignIn(engine: Engine, event: SignInAudit): Promise<void> {
  await engine.transact(async (db) => {
    await insertSignInEvent(db, event);
    return { value: undefined, changes: [] };
  });
}

/** The same within a transaction. */
export async function insertSignInEvent(db: Kysely<Schema>, event: SignInAudit): Promise<void> {
  const member = await db
    .selectFrom('principal')
    .select(['id', 'organization_id', 'display_name'])
    .where('user_id', '=', event.userId)
    .executeTakeFirst();
  if (!member) return;
  const { eventId: id, at, action, outcome, code = null, details, request } = event;
  const { id: memberId, display_name: displayName } = member;
  await insertAuditEvent(db, {
    id,
    organizationId: member.organization_id as OrganizationId,
    at,
    action,
    outcome,
    code,
    actor: { kind: 'member', id: memberId, displayName, tokenId: null },
    target: { kind: 'member', id: memberId, displayName },
    details,
    ...request,
  });
}

/** Newest first. */
export async function listAuditEvents(
  { db }: Reading,
  organizationId: OrganizationId,
  query: AuditEventQuery,
): Promise<Page<AuditEvent>> {
  const { actorId, targetId, principalId, action, requestId, from, to } = query;
  if (!isStorable(actorId, targetId, principalId, action, requestId)) return { items: [], next: null };
  let events = db
    .selectFrom('audit_event as event')
    .$if(principalId !== null, (all) =>
      all.innerJoin('audit_event_principal as concern', 'concern.event_id', 'event.id'),
    )
    .selectAll('event');
  if (principalId === null) events = events.where('event.organization_id', '=', organizationId);
  else {
    // The order in which these are stored is the order of the list.
    events = events
      .where(sql.ref('concern.organization_id'), '=', organizationId)
      .where(sql.ref('concern.principal_id'), '=', principalId);
  }
  if (actorId !== null) events = events.where('actor_id', '=', actorId);
  if (targetId !== null) events = events.where('target_id', '=', targetId);
  if (action !== null) events = events.where('action', '=', action);
  const [at, id] = principalId === null ? ['event.at', 'event.id'] : ['concern.at', 'concern.event_id'];
  if (from !== null) events = events.where(sql.ref(at), '>=', from);
  if (to !== null) events = events.where(sql.ref(at), '<', to);
  if (requestId !== null) {
    events = events.where('event.id', 'in', (where) =>
      where
        .selectFrom('audit_event')
        .select('id')
        .where('organization_id', '=', organizationId)
        .where('request_id', '=', requestId)
        .unionAll(
          where
            .selectFrom('audit_event_request')
            .select('event_id as id')
            .where('organization_id', '=', organizationId)
            .where('request_id', '=', requestId),
        ),
    );
  }
  const order = { key: sql.ref(at), id, descending: true };
  const rows = await withinPage(events, order, query).execute();
  return toPage(rows, query, (row) => ({ key: row.at, id: row.id }), toAuditEvent);
}

/** Whoever asked, under the name that it has now. */
export async function findAuditActor(
  db: Kysely<Schema>,
  organizationId: OrganizationId,
  actor: Actor,
): Promise<AuditActor> {
  if (actor.kind === 'operator') return { kind: 'operator', id: null, displayName: OPERATOR_NAME, tokenId: null };
  if (actor.kind === 'system') return SYSTEM;
  const id = 'accountId' in actor ? actor.accountId : actor.memberId;
  const principal = await db
    .selectFrom('principal')
    .select('display_name')
    .where('id', '=', id)
    .where('organization_id', '=', organizationId)
    .executeTakeFirst();
  const displayName = principal?.display_name ?? id;
  return { kind: principalKind(id), id, displayName, tokenId: 'tokenId' in actor ? actor.tokenId : null };
}

function toRow(event: AuditEvent): AuditEventTable {
  return {
    id: event.id,
    organization_id: event.organizationId,
    at: event.at,
    action: event.action,
    outcome: event.outcome,
    code: event.code,
    actor_kind: event.actor.kind,
    actor_id: event.actor.id,
    actor_name: event.actor.displayName,
    actor_token_id: event.actor.tokenId,
    target_kind: event.target?.kind ?? null,
    target_id: event.target?.id ?? null,
    target_name: event.target?.displayName ?? null,
    details: JSON.stringify(event.details),
    request_id: event.requestId,
    address: event.address,
    user_agent: event.userAgent,
  };
}

function toAuditEvent(row: Selectable<AuditEventTable>): AuditEvent {
  return {
    id: row.id as AuditEventId,
    organizationId: row.organization_id as OrganizationId,
    at: row.at,
    action: row.action as AuditAction,
    outcome: row.outcome,
    code: row.code as ErrorCode | null,
    actor: { kind: row.actor_kind, id: row.actor_id, displayName: row.actor_name, tokenId: row.actor_token_id },
    target: toTarget(row),
    details: JSON.parse(row.details),
    requestId: row.request_id,
    address: row.address,
    userAgent: row.user_agent,
  };
}

function toTarget(row: AuditEventTable): AuditTarget | null {
  if (row.target_kind === null || row.target_id === null) return null;
  return { kind: row.target_kind, id: row.target_id, displayName: row.target_name };
}
