import { requirePermission } from './decision.ts';
import { DomainError } from './error.ts';
import { admitToken, type TokenRecord } from './principal.ts';
import type { MutationContext } from './storage.ts';

/**
 * The check of the actor inside a mutation's transaction, on facts read under the organization's lock: a token that was
 * revoked a moment ago cannot finish what it began. Operators are not records and pass.
 *
 * Throws `token.invalid` or `permission.missing`.
 */
export function requireActor(
  record: TokenRecord | undefined,
  context: Pick<MutationContext, 'permission' | 'at'>,
): void {
  const admission = record && admitToken(record, context.at);
  if (!admission?.admitted) throw new DomainError('token.invalid', { internal: 'the actor was revoked meanwhile' });
  if (context.permission !== null) requirePermission(admission.record.principal, context.permission);
}

/**
 * A token made through a token must end no later than it: `record` is the actor's, `expiresAt` what is asked for. Never
 * narrowed in silence. Throws `token.exceeds_credential`.
 */
export function requireWithinCredential(record: TokenRecord, expiresAt: number | null): void {
  const limit = record.token.validUntil;
  if (limit !== null && (expiresAt === null || expiresAt > limit)) {
    throw new DomainError('token.exceeds_credential', {
      detail: `The calling token expires at ${new Date(limit).toISOString()}; expiresAt must not be later.`,
    });
  }
}

/** Throws `caller.locked_out`; `what` reads on from "This would". */
export function lockedOut(what: string): DomainError {
  return new DomainError('caller.locked_out', { detail: `This would ${what}.` });
}
