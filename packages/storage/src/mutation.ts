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
  requireMintable,
  type SessionRecord,
  STRUCTURAL_CHANGES,
  type Token,
  type TokenId,
  type TokenRecord,
} from '@postern/core';
import type { Kysely } from 'kysely';
import { auditEventWrites, findAuditActor, OPERATOR_NAME } from './audit-event.ts';
import type { Engine, NewChange, Work, Write } from './engine.ts';
import { fixedStatement } from './fixed-statement.ts';
import { answerWrites, findEarlierAnswer, type IssuedGeneration } from './idempotency.ts';
import type { JsonRows } from './json-text.ts';
import {
  type LockedOrganization,
  type LockedOrganizationRow,
  organizationLock,
  toLockedOrganization,
} from './organization.ts';
import { revocationWrite } from './revocation.ts';
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
  /** As the engine has it. */
  readonly locksRows: boolean;
  /** What the actor is now, and may; undefined for the operator, for Postern itself and for whoever follows an invitation. */
  readonly actor: EntitledActor | undefined;
  /**
   * Leaves this to be written with the commit, after whatever else this mutation does: nothing that it reads shows it. For
   * a database that is far away, that spares a wait under the lock.
   */
  writeLast(...writes: readonly Write[]): void;
}

/** Reads something that a mutation needs in any case, once its organization is locked. */
export type ReadFirst<Found> = (of: Pick<Mutation, 'db' | 'context'>) => Promise<Found>;

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
  scope: MutationScope,
  context: MutationContext,
  body: (mutation: Mutation) => Promise<Effect<Result>>,
): Promise<Commit<Result>> {
  return mutateWith(scope, context, nothing, body);
}

/** The same for one that needs what is `found` there, whatever else it is about: it is read together with its actor. */
export function mutateWith<Found, Result>(
  { engine, nonce, journaled }: MutationScope,
  context: MutationContext,
  read: ReadFirst<Found>,
  body: (mutation: Mutation, found: Found) => Promise<Effect<Result>>,
): Promise<Commit<Result>> {
  const { organizationId, idempotency: claim } = context;
  const lock = organizationLock(engine, organizationId);
  return engine.transact(async (db, locked): Promise<Work<Commit<Result>>> => {
    const writes: Write[] = [];
    // All of them are asked for at once, and none is answered before the lock is had. Refusals have an order of their own.
    const acting = findActor(db, engine.jsonRows, context);
    const earlierOne = claim && findEarlierAnswer(db, claim, context);
    const finding = read({ db, context });
    await Promise.allSettled([locked, acting, earlierOne, finding]);
    const organization = requireLocked(context, await locked);
    const actor = needsNobody(context) ? undefined : requireActor(await acting, context);
    const mutation: Mutation = {
      ...{ db, context, organization, actor },
      ...{ jsonRows: engine.jsonRows, locksRows: engine.locksRows },
      writeLast: (...more) => void writes.push(...more),
    };
    const { changePosition } = organization;
    const earlier = await earlierOne;
    if (earlier) {
      // A token that gave itself a new value may be asked with the one before: of it there is no more than itself.
      if (earlier.issued && actor && actor.record.token?.id !== earlier.issued.tokenId) {
        requireMintable(actor, earlier.issued.ownerRole, earlier.result as Token, context.at);
      }
      if (earlier.issued) writes.push(...(await auditReplay(mutation, earlier.issued)));
      const replay = { sealed: earlier.sealed };
      return done(
        { result: earlier.result as Result, changed: false, replay, position: changePosition, revocation: null },
        { writes },
      );
    }
    const effect = await body(mutation, await finding);
    const issued = (effect.changed && effect.issued) || null;
    if (claim) writes.push(...(await answerWrites(db, claim, context, effect.result, issued)));
    if (!effect.changed) {
      return done(
        { result: effect.result, changed: false, replay: null, position: changePosition, revocation: null },
        { writes },
      );
    }
    writes.push(...(await auditWrites(mutation, effect.audit)));
    const position = changePosition + 1;
    // What many principals' access may hang on makes all facts of the organization newer.
    const step = STRUCTURAL_CHANGES.has(effect.change.kind) ? 1 : 0;
    writes.push(organizationChanged.fill(db, { id: organizationId, position, step }));
    const change: NewChange = {
      nonce,
      organizationId: context.organizationId,
      organizationPosition: position,
      ...effect.change,
    };
    const revocation = revocationOf(context, effect.revokes, { position, nonce });
    const kept = journaled ? revocation : null;
    if (kept) writes.push(revocationWrite(db, kept));
    return done(
      { result: effect.result, changed: true, replay: null, position, revocation: kept },
      { writes, changes: [change] },
    );
  }, lock);
}

const nothing: ReadFirst<undefined> = async () => undefined;

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

function done<Value>(
  value: Value,
  { writes, changes = [] }: Pick<Work<Value>, 'writes'> & Partial<Pick<Work<Value>, 'changes'>>,
): Work<Value> {
  return { value, changes, ...(writes && { writes }) };
}

/** Whether nobody has to be let in for it: the operator asks, Postern itself, or whoever follows an invitation. */
function needsNobody({ actor }: MutationContext): boolean {
  return actor.kind === 'operator' || actor.kind === 'system' || actor.kind === 'invited';
}

function requireLocked(context: MutationContext, rows: readonly LockedOrganizationRow[]): LockedOrganization {
  const { organizationId } = context;
  const [row] = rows;
  if (row) return toLockedOrganization(organizationId, row);
  if (needsNobody(context)) throw new DomainError('internal', { internal: `no organization ${organizationId}` });
  throw new DomainError('token.invalid');
}

async function findActor(
  db: Kysely<Schema>,
  jsonRows: JsonRows,
  { organizationId, actor, at }: MutationContext,
): Promise<TokenRecord | SessionRecord | undefined> {
  if (actor.kind === 'token' || actor.kind === 'holder') return findActorRecord(db, jsonRows, organizationId, actor);
  if (actor.kind === 'session') return findSessionRecord(db, jsonRows, organizationId, actor, at);
  return undefined;
}

function auditReplay(mutation: Mutation, issued: IssuedGeneration): Promise<readonly Write[]> {
  return auditWrites(mutation, {
    action: 'token.value_replayed',
    target: { kind: 'token', id: issued.tokenId, displayName: null },
    details: { generation: issued.generation },
    concerned: [issued.accountId],
  });
}

async function auditWrites(
  mutation: Mutation,
  what: Extract<Effect<unknown>, { readonly changed: true }>['audit'],
): Promise<readonly Write[]> {
  const { db, context } = mutation;
  return auditEventWrites(db, {
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
