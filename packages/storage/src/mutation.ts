import {
  type AuditAction,
  type AuditActor,
  type AuditTarget,
  type ChangeKind,
  type Creator,
  DomainError,
  type Ended,
  type EntitledActor,
  lockedOut,
  type MutationContext,
  planIncludesServiceAccounts,
  type Revocation,
  type RoleFacts,
  requireActor,
  type SessionRecord,
  STRUCTURAL_CHANGES,
  type TokenId,
  type TokenRecord,
} from '@postern/core';
import type { Kysely } from 'kysely';
import { findAuditActor, insertAuditEvent, OPERATOR_NAME } from './audit-event.ts';
import type { Engine, NewChange, Work } from './engine.ts';
import { fixedStatement } from './fixed-statement.ts';
import { findEarlierAnswer, type IssuedGeneration, keepAnswer } from './idempotency.ts';
import type { JsonRows } from './json-text.ts';
import { type LockedOrganization, lockOrganization } from './organization.ts';
import { keepRevocation } from './revocation.ts';
import type { Schema } from './schema.ts';
import { findSessionRecord } from './session.ts';
import { findActorRecord } from './token-record.ts';

/** What a mutation runs with. */
export interface MutationScope {
  readonly engine: Engine;
  /** Random; marks the rows that this mutation appends to the change log. */
  readonly nonce: string;
  /** Whether there is a journal that has to know what is revoked. */
  readonly journaled: boolean;
}

/** A mutation's transaction, once its organization is locked and its actor was found to be entitled. */
export interface Mutation {
  readonly db: Kysely<Schema>;
  readonly context: MutationContext;
  readonly organization: LockedOrganization;
  readonly jsonRows: JsonRows;
  /** What the actor is now, and may; undefined for the operator, for Postern itself and for whoever follows an invitation. */
  readonly actor: EntitledActor | undefined;
}

/** What a mutation did, or, where there was nothing to do, `unchanged`. */
export type Effect<Result> =
  | { readonly changed: false; readonly result: Result }
  | {
      readonly changed: true;
      readonly result: Result;
      readonly audit: {
        readonly action: AuditAction;
        readonly target: AuditTarget;
        readonly details: Readonly<Record<string, unknown>>;
        /** Principals that it concerns beside its actor and its target: of a token whose it is, of a role whose; absent = none. */
        readonly concerned?: readonly string[];
      };
      readonly change: { readonly kind: ChangeKind; readonly subjectId: string };
      /** What it takes away; absent = nothing. */
      readonly revokes?: readonly Ended[];
      /** The generation whose value the answer holds, if it holds one. */
      readonly issued?: IssuedGeneration;
    };

/** A committed mutation, before it is known who has applied it. */
export interface Commit<Result> {
  readonly result: Result;
  readonly changed: boolean;
  readonly replay: { readonly sealed: string | null } | null;
  /** The organization's own position after it. */
  readonly position: number;
  /** What the journal must have before the answer is given. */
  readonly revocation: Revocation | null;
}

export function unchanged<Result>(result: Result): Effect<Result> {
  return { changed: false, result };
}

/** The effect, which takes this away. */
export function revoking<Result>(effect: Effect<Result>, ...ended: readonly Ended[]): Effect<Result> {
  return effect.changed ? { ...effect, revokes: ended } : effect;
}

/** The effect, which concerns these principals as well. */
export function concerning<Result>(effect: Effect<Result>, ids: readonly string[]): Effect<Result> {
  return effect.changed ? { ...effect, audit: { ...effect.audit, concerned: ids } } : effect;
}

/** Whether the new role leaves out anything that the one before holds. */
export function takesAway(before: RoleFacts | undefined, after: RoleFacts): boolean {
  if (before === undefined || after.permissions === 'all') return false;
  const { permissions } = after;
  return before.permissions === 'all' || before.permissions.some((permission) => !permissions.includes(permission));
}

/**
 * The one transaction that every mutation is: lock the organization, check the actor again under the lock, look for an
 * earlier answer, do it, leave one audit event and one change.
 */
export function mutate<Result>(
  { engine, nonce, journaled }: MutationScope,
  context: MutationContext,
  body: (mutation: Mutation) => Promise<Effect<Result>>,
): Promise<Commit<Result>> {
  return engine.transact<Commit<Result>>(async (db) => {
    const mutation = await begin(engine, db, context);
    const { changePosition } = mutation.organization;
    const claim = context.idempotency;
    const earlier = claim && (await findEarlierAnswer(db, claim, context));
    if (earlier) {
      if (earlier.issued) await auditReplay(mutation, earlier.issued);
      const replay = { sealed: earlier.sealed };
      return done(
        { result: earlier.result as Result, changed: false, replay, position: changePosition, revocation: null },
        [],
      );
    }
    const effect = await body(mutation);
    if (claim) await keepAnswer(db, claim, context, effect.result, (effect.changed && effect.issued) || null);
    if (!effect.changed) {
      return done(
        { result: effect.result, changed: false, replay: null, position: changePosition, revocation: null },
        [],
      );
    }
    await audit(mutation, effect.audit);
    const position = changePosition + 1;
    // What many principals' access may hang on makes all facts of the organization newer.
    const step = STRUCTURAL_CHANGES.has(effect.change.kind) ? 1 : 0;
    await organizationChanged(db, { id: context.organizationId, position, step });
    const change: NewChange = {
      nonce,
      organizationId: context.organizationId,
      organizationPosition: position,
      ...effect.change,
    };
    const revocation = revocationOf(context, effect.revokes, { position, nonce });
    const kept = journaled ? revocation : null;
    if (kept) await keepRevocation(db, kept);
    return done({ result: effect.result, changed: true, replay: null, position, revocation: kept }, [change]);
  });
}

const organizationChanged = fixedStatement((db, of: { id: string; position: number; step: number }) =>
  db
    .updateTable('organization')
    .set((organization) => ({ change_position: of.position, version: organization('version', '+', of.step) }))
    .where('id', '=', of.id),
);

function revocationOf(
  { organizationId, at }: MutationContext,
  ended: readonly Ended[] = [],
  change: Pick<Revocation, 'position' | 'nonce'>,
): Revocation | null {
  return ended.length === 0 ? null : { organizationId, ...change, at, ended };
}

/** Throws `precondition.failed` unless the version is the one that the caller has seen. */
export function requireVersion({ ifMatch }: MutationContext, version: number): void {
  if (ifMatch !== null && ifMatch !== version) throw new DomainError('precondition.failed');
}

/** Throws `plan.required`. */
export function requirePlan({ organization }: Mutation): void {
  if (!planIncludesServiceAccounts(organization.plan)) throw new DomainError('plan.required');
}

/**
 * After the change, before the commit: whoever asked must still be let in, and may still ask for this. Throws
 * `caller.locked_out`, which undoes the change.
 */
export async function requireStillEntitled({ db, jsonRows, context, actor }: Mutation): Promise<void> {
  if (!actor) return;
  const record = await findActor(db, jsonRows, context);
  try {
    requireActor(record, context);
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    throw lockedOut(
      error.code === 'permission.missing'
        ? `take the permission ${context.permission} there from whoever asks for it`
        : 'stop the token that asks for it: its account would no longer be in a group that may have tokens',
    );
  }
}

export function creatorOf({ actor }: Mutation): Creator {
  return actor
    ? {
        kind: actor.record.principal.kind,
        id: actor.record.principal.id,
        displayName: actor.record.principal.displayName,
      }
    : { kind: 'operator', id: null, displayName: OPERATOR_NAME };
}

export function mintingTokenOf({ actor }: Mutation): TokenId | null {
  return actor?.record.token?.id ?? null;
}

function done<Value>(value: Value, changes: readonly NewChange[]): Work<Value> {
  return { value, changes };
}

async function begin(engine: Engine, db: Kysely<Schema>, context: MutationContext): Promise<Mutation> {
  const { organizationId, actor: asks } = context;
  const organization = await lockOrganization(engine, db, organizationId);
  const { jsonRows } = engine;
  if (asks.kind === 'operator' || asks.kind === 'system' || asks.kind === 'invited') {
    if (!organization) throw new DomainError('internal', { internal: `no organization ${organizationId}` });
    return { db, context, organization, jsonRows, actor: undefined };
  }
  if (!organization) throw new DomainError('token.invalid');
  const record = await findActor(db, jsonRows, context);
  return { db, context, organization, jsonRows, actor: requireActor(record, context) };
}

async function findActor(
  db: Kysely<Schema>,
  jsonRows: JsonRows,
  { organizationId, actor, at }: MutationContext,
): Promise<TokenRecord | SessionRecord | undefined> {
  if (actor.kind === 'token') return findActorRecord(db, jsonRows, organizationId, actor);
  if (actor.kind === 'session') return findSessionRecord(db, jsonRows, organizationId, actor, at);
  return undefined;
}

function auditReplay(mutation: Mutation, issued: IssuedGeneration): Promise<void> {
  return audit(mutation, {
    action: 'token.value_replayed',
    target: { kind: 'token', id: issued.tokenId, displayName: null },
    details: { generation: issued.generation },
    concerned: [issued.accountId],
  });
}

async function audit(
  mutation: Mutation,
  what: Extract<Effect<unknown>, { readonly changed: true }>['audit'],
): Promise<void> {
  const { db, context } = mutation;
  await insertAuditEvent(db, {
    id: context.eventId,
    organizationId: context.organizationId,
    at: context.at,
    outcome: 'done',
    code: null,
    actor: await auditActorOf(mutation),
    ...what,
    ...context.request,
  });
}

async function auditActorOf({ actor, context, db }: Mutation): Promise<AuditActor> {
  if (!actor) return findAuditActor(db, context.organizationId, context.actor);
  const { principal, token } = actor.record;
  return { kind: principal.kind, id: principal.id, displayName: principal.displayName, tokenId: token?.id ?? null };
}
