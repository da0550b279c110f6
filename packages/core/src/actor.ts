import { requireOrganizationRoleGrantable, requirePermission, type Subject } from './decision.ts';
import { DomainError } from './error.ts';
import type { OrganizationRole } from './organization.ts';
import {
  type AdmittedCaller,
  accessOf,
  admitHolder,
  admitSession,
  admitToken,
  effectiveEnd,
  type OrganizationFacts,
  type PrincipalFacts,
  type SessionRecord,
  subjectOf,
  type TokenFacts,
  type TokenRecord,
} from './principal.ts';
import type { Restrictions } from './restriction.ts';
import { isWithin } from './restriction.ts';
import type { MutationContext } from './storage.ts';

/** Whoever asks for a mutation, as it is under the lock. */
export interface EntitledActor {
  readonly record: AdmittedCaller;
  readonly subject: Subject;
}

/**
 * The check of the actor inside a mutation's transaction, on facts read under the organization's lock: a token or session
 * that was ended a moment ago cannot finish what it began. Operators are not records and pass.
 *
 * Throws `token.invalid` or `permission.missing`.
 */
export function requireActor(record: TokenRecord | SessionRecord | undefined, context: ActorContext): EntitledActor {
  const admitted = record && admit(record, context);
  if (!admitted) throw new DomainError('token.invalid', { internal: 'the actor was revoked meanwhile' });
  const subject = subjectOf(admitted);
  if (context.permission !== null) requirePermission(subject, context.permission, context.place);
  return { record: admitted, subject };
}

type ActorContext = Pick<MutationContext, 'actor' | 'permission' | 'place' | 'at' | 'request'>;

function admit(record: TokenRecord | SessionRecord, { actor, at, request }: ActorContext): AdmittedCaller | undefined {
  if (record.token === null) return admitSession(record);
  if (actor.kind === 'holder') return admitHolder(record, at);
  const admission = admitToken(record, at, request.address);
  return admission.admitted ? admission.record : undefined;
}

/** What a token that is made, refreshed or changed shall reach. */
export interface Reach {
  readonly expiresAt: number | null;
  readonly restrictions: Restrictions | null;
}

/**
 * A token made through a token must not reach further than it: end no later, and be restricted at least as much. `record`
 * is the actor's. Never narrowed in silence. Throws `token.exceeds_credential`.
 */
function requireWithinCredential(record: AdmittedCaller, reach: Reach): void {
  if (record.token === null) return;
  const limit = effectiveEnd(record);
  if (limit !== null && (reach.expiresAt === null || reach.expiresAt > limit)) {
    throw new DomainError('token.exceeds_credential', {
      detail: `The calling token expires at ${new Date(limit).toISOString()}; expiresAt must not be later.`,
    });
  }
  if (!isWithin(reach.restrictions, record.token.restrictions)) {
    throw new DomainError('token.exceeds_credential', {
      detail: 'The calling token is restricted; restrictions must be within its own.',
    });
  }
}

const RECENT_SIGN_IN_MS = 15 * 60_000;

/** Changes of weight ask for a sign-in of late; tokens are as strong as they are. Throws `sign_in.stale`. */
export function requireRecentSignIn({ record }: Pick<EntitledActor, 'record'>, now: number): void {
  if (record.token === null && now - record.session.signedInAt > RECENT_SIGN_IN_MS) {
    throw new DomainError('sign_in.stale');
  }
}

/**
 * Before the actor gets a value, a new one or again that of an earlier answer. The same for the account that the token is
 * for: its organization role within that of the actor's account. What narrows the actor's token narrows the new one too, so
 * the roles are compared without. An admin's token does what is asked for a sign-in of late, so that is asked for it, too.
 * Throws `permission.missing`, `sign_in.stale`, `token.exceeds_credential`.
 */
export function requireMintable(
  actor: Pick<EntitledActor, 'record'>,
  accountRole: OrganizationRole,
  reach: Reach,
  now: number,
): void {
  const { record } = actor;
  requireOrganizationRoleGrantable({ access: accessOf(record), restrictions: null, suspended: null }, accountRole);
  if (accountRole === 'admin') requireRecentSignIn(actor, now);
  requireWithinCredential(record, reach);
}

/** Facts of the actor that a mutation is about to change. */
export interface ChangedFacts {
  readonly token?: Partial<TokenFacts>;
  readonly principal?: Partial<PrincipalFacts>;
  readonly organization?: Partial<OrganizationFacts>;
}

/** Throws `caller.locked_out` when the actor's token would not be admitted with the changed facts; `what` as in `lockedOut`. */
export function requireStillAdmitted(
  record: AdmittedCaller,
  changed: ChangedFacts,
  context: Pick<MutationContext, 'at' | 'request'>,
  what: string,
): void {
  if (record.token === null) return;
  const after: TokenRecord = {
    ...record,
    token: { ...record.token, ...changed.token },
    principal: { ...record.principal, ...changed.principal },
    organization: { ...record.organization, ...changed.organization },
  };
  if (!admitToken(after, context.at, context.request.address).admitted) throw lockedOut(what);
}

/** The error `caller.locked_out`; `what` reads on from "This would". */
export function lockedOut(what: string): DomainError {
  return new DomainError('caller.locked_out', { detail: `This would ${what}.` });
}
