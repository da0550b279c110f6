import type { OrganizationId } from './id.ts';

/** What kind of thing a change is about. Every mutation that changes what a verdict reads names one. */
export type ChangeKind =
  | 'organization'
  | 'service_account'
  | 'member'
  | 'token'
  | 'group'
  | 'workspace'
  | 'role'
  | 'permission';

/** Kinds that many principals' access may hang on: the whole organization is read anew. */
export const STRUCTURAL_CHANGES: ReadonlySet<ChangeKind> = new Set([
  'organization',
  'group',
  'workspace',
  'role',
  'permission',
]);

/** One row of the change log, as every process that holds a cache reads it. */
export interface Change {
  /** The global position: dense, in commit order. Never shown to callers. */
  readonly position: number;
  /** Random; a row at the same position with another nonce means another history. */
  readonly nonce: string;
  readonly organizationId: OrganizationId;
  readonly kind: ChangeKind;
  /** Id of what changed; of a membership, the principal's. */
  readonly subjectId: string;
}

/** The newest position and its nonce. `{ position: 0, nonce: '' }` for an empty log. */
export interface Head {
  readonly position: number;
  readonly nonce: string;
}

/** How far a committed mutation has reached, counted when its answer is given. */
export interface Receipt {
  /** Position within the organization's own change log. */
  readonly position: number;
  /** Serving processes that have applied it. */
  readonly confirmed: number;
  /** Serving processes that did not answer within their lease and were fenced: they answer nothing from memory any more. */
  readonly expired: number;
  /** Milliseconds from the commit to this receipt. */
  readonly ms: number;
}
