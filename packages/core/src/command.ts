import { ORGANIZATION, type Place } from './access.ts';
import type { AuditAction, AuditTarget } from './audit-event.ts';
import type { RandomBytes } from './clock.ts';
import { requirePermission } from './decision.ts';
import { DomainError, type ErrorKind } from './error.ts';
import { type MemberId, newId, type OrganizationId } from './id.ts';
import { type BoundIdempotencyKey, bindIdempotencyKey, type IdempotentRequest } from './idempotency.ts';
import type { Permission } from './permission.ts';
import { type AdmittedCaller, subjectOf } from './principal.ts';
import type { SecretKeys } from './secret-key.ts';
import type { Actor, IdempotencyClaim, MutationContext, RequestFacts, Storage } from './storage.ts';

/** What commands and queries of the domain work with. */
export interface Domain {
  readonly storage: Storage;
  readonly keys: SecretKeys;
  readonly random: RandomBytes;
}

/** Somebody whose token or session was valid when the request was read. */
export interface Caller {
  readonly record: AdmittedCaller;
  readonly request: RequestFacts;
}

/** A caller who holds this permission (null: being who it is suffices). Only `authorize` makes one; commands ask for theirs by type. */
export interface Authorized<Needed extends Permission | null> extends Caller {
  readonly permission: Needed;
  readonly place: Place;
}

/** Throws `permission.missing`. */
export function authorize<Needed extends Permission | null>(
  caller: Caller,
  permission: Needed,
  place: Place = ORGANIZATION,
): Authorized<Needed> {
  if (permission !== null) requirePermission(subjectOf(caller.record), permission, place);
  return { ...caller, permission, place };
}

/** What a mutation may carry besides its input. */
export interface MutationOptions {
  /** The version that If-Match names. */
  readonly ifMatch?: number | null;
  readonly idempotent?: IdempotentRequest | null;
}

export function actorOf(caller: Caller): Actor {
  const { record } = caller;
  if (record.token === null)
    return { kind: 'session', memberId: record.principal.id as MemberId, sessionId: record.session.id };
  const { principal, token } = record;
  return { kind: 'token', accountId: principal.id, tokenId: token.id, generation: token.generation };
}

/** What the storage needs to know of a mutation that `authorize` let through; `at` is given where something was reckoned from it. */
export function mutationContext(
  domain: Pick<Domain, 'storage' | 'random'>,
  caller: Authorized<Permission | null>,
  options: {
    readonly ifMatch?: number | null;
    readonly idempotency?: IdempotencyClaim | null;
    readonly at?: number;
  } = {},
): MutationContext {
  const { at = domain.storage.now() } = options;
  return {
    organizationId: caller.record.organization.id,
    actor: actorOf(caller),
    permission: caller.permission,
    place: caller.place,
    request: caller.request,
    eventId: newId('audit_event', { now: () => at }, domain.random),
    at,
    ifMatch: options.ifMatch ?? null,
    idempotency: options.idempotency ?? null,
  };
}

/** Where a request came from that came from nowhere: the operator's, on the server's machine. */
export const NO_REQUEST: RequestFacts = { requestId: null, address: null, userAgent: null };

/** The context of a mutation by somebody of whom no permission is asked: being who it is suffices. */
export function plainContext(
  { storage, random }: Pick<Domain, 'storage' | 'random'>,
  organizationId: OrganizationId,
  actor: Actor,
  request: RequestFacts = NO_REQUEST,
): MutationContext {
  const at = storage.now();
  return {
    organizationId,
    actor,
    permission: null,
    place: ORGANIZATION,
    request,
    eventId: newId('audit_event', { now: () => at }, random),
    at,
    ifMatch: null,
    idempotency: null,
  };
}

/** The Idempotency-Key of this request, bound to who calls; null when it has none. */
export function boundKey(
  domain: Pick<Domain, 'keys'>,
  caller: Caller,
  options: MutationOptions,
): BoundIdempotencyKey | null {
  if (!options.idempotent) return null;
  const { organization, principal } = caller.record;
  return bindIdempotencyKey(
    options.idempotent,
    { organizationId: organization.id, principalId: principal.id },
    domain.keys,
  );
}

/** The claim of an answer whose secret is sealed so; null where it holds none. */
export function toClaim(
  { rowKey, fingerprint, previous }: BoundIdempotencyKey,
  sealed: string | null,
): IdempotencyClaim {
  return { rowKey, fingerprint, previous, sealed };
}

/** The claim of an answer that holds no secret. */
export function plainClaim(bound: BoundIdempotencyKey | null): IdempotencyClaim | null {
  return bound && toClaim(bound, null);
}

/** Kinds of error that mean: understood, and refused. A request that could not be understood asked for nothing. */
const REFUSALS: ReadonlySet<ErrorKind> = new Set([
  'unauthenticated',
  'forbidden',
  'not_found',
  'conflict',
  'precondition_failed',
]);

/** Runs a mutation; when it is refused, leaves the audit event of that before the refusal goes on its way. */
export async function leavingRefusal<Result>(
  domain: Pick<Domain, 'storage' | 'random'>,
  caller: Caller,
  attempt: Attempt,
  run: () => Promise<Result>,
): Promise<Result> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof DomainError && REFUSALS.has(error.kind)) await recordRefusal(domain, caller, attempt, error);
    throw error;
  }
}

/** What was tried. */
export interface Attempt {
  readonly action: AuditAction;
  readonly target: AuditTarget | null;
}

/** Leaves the audit event of a mutation that was refused. */
export async function recordRefusal(
  domain: Pick<Domain, 'storage' | 'random'>,
  caller: Caller,
  attempt: Attempt,
  { code }: DomainError,
): Promise<void> {
  const at = domain.storage.now();
  await domain.storage.recordRefusedMutation({
    eventId: newId('audit_event', { now: () => at }, domain.random),
    organizationId: caller.record.organization.id,
    actor: actorOf(caller),
    ...attempt,
    code,
    request: caller.request,
    at,
  });
}
