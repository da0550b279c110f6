import type { GroupId, OrganizationId, PrincipalId, RoleId, TokenId, WorkspaceId } from './id.ts';
import type { Plan } from './organization.ts';
import type { TokenPolicy } from './token-policy.ts';

/**
 * What a revocation took away, by ids: enough to take it away again from an older copy of the database. Where ids cannot
 * say what is left (narrower restrictions, fewer permissions of a role), a restored copy takes all of it.
 */
export type Ended =
  | { readonly kind: 'token'; readonly id: TokenId }
  /** This generation and every earlier one: at `until`, or (null) at once. */
  | { readonly kind: 'generation'; readonly id: TokenId; readonly generation: number; readonly until: number | null }
  | { readonly kind: 'expiry'; readonly id: TokenId; readonly until: number }
  /** All tokens that the principal had. */
  | { readonly kind: 'tokens'; readonly id: PrincipalId }
  | { readonly kind: 'principal'; readonly id: PrincipalId; readonly status: 'disabled' | 'deleted' }
  | { readonly kind: 'organization_role'; readonly id: PrincipalId }
  | { readonly kind: 'group_member'; readonly id: GroupId; readonly principalId: PrincipalId }
  | { readonly kind: 'workspace_member'; readonly id: WorkspaceId; readonly principalId: PrincipalId }
  | { readonly kind: 'workspace_group'; readonly id: WorkspaceId; readonly groupId: GroupId }
  | { readonly kind: 'group'; readonly id: GroupId }
  | { readonly kind: 'workspace'; readonly id: WorkspaceId }
  | { readonly kind: 'role'; readonly id: RoleId }
  | { readonly kind: 'permission'; readonly id: string }
  | { readonly kind: 'policy'; readonly policy: TokenPolicy }
  | { readonly kind: 'plan'; readonly plan: Plan };

/** One committed mutation that took something away. */
export interface Revocation {
  readonly organizationId: OrganizationId;
  /** Its position in the organization's own change log, and the nonce of that row. */
  readonly position: number;
  readonly nonce: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly ended: readonly Ended[];
}

/** A revocation as the journal has it. */
export interface JournaledRevocation extends Revocation {
  /** The life of the database that it was committed in: one more with each restore. */
  readonly incarnation: number;
}

/** How an organization's tokens stand after a restore; null: as always. */
export type Quarantine = 'releasable' | 'delete_only' | null;

/** What a restored database is made of, beside the copy itself. */
export interface Restoration {
  /** Of the journals, in any order; those that the copy has already are left out. */
  readonly revocations: readonly JournaledRevocation[];
  /** The incarnation that begins. */
  readonly incarnation: number;
  /** Whether the journals tell of everything since the copy was made: if not, tokens can only be deleted. */
  readonly proven: boolean;
  readonly at: number;
}

/** What identifies a database, and this life of it. */
export interface Installation {
  readonly instance: string;
  readonly incarnation: number;
  /** Everything that was committed before this time is in this copy. */
  readonly completeUntil: number;
}

/** What a restore did. */
export interface RestoreSummary {
  readonly organizations: number;
  /** Revocations that the copy did not have. */
  readonly applied: number;
}
