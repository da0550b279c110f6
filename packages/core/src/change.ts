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
  /** The organization's own position: dense too, and the only one that callers see. */
  readonly organizationPosition: number;
  readonly kind: ChangeKind;
  /** Id of what changed; of a membership, the principal's. */
  readonly subjectId: string;
}

/** A change as those who follow one organization's log see it. */
export type LoggedChange = Pick<Change, 'organizationPosition' | 'nonce' | 'kind' | 'subjectId'>;

/** How many changes are told one by one; whoever is further behind forgets all it knows. */
export const CHANGES_TOLD_MAX = 500;

/** What became of one organization since a position of its log. */
export interface ChangePage {
  /** The newest position, and the nonce of its row. `{ position: 0, nonce: '' }` where nothing was changed yet. */
  readonly head: Head;
  /**
   * All changes since, oldest first. Undefined where they cannot be told: there are too many, or the log does not have
   * the row that was asked about (trimmed, restored), or no row was named.
   */
  readonly changes: readonly LoggedChange[] | undefined;
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
