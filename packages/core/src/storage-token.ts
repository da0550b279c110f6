/** The part of the storage port that tokens hang on. The promises at the head of storage.ts hold for these mutations too. */

import type { OrganizationId, PrincipalId, TokenId } from './id.ts';
import type { Restrictions } from './restriction.ts';
import type { Committed, MutationContext, Page, PageQuery } from './storage.ts';
import type { Token } from './token.ts';
import type { TokenDigest } from './token-digest.ts';

/** A new secret generation. */
export interface NewGeneration {
  readonly digest: TokenDigest;
  readonly hint: string;
  readonly expiresAt: number | null;
}

export interface NewToken extends NewGeneration {
  readonly restrictions: Restrictions | null;
  readonly id: TokenId;
  readonly accountId: PrincipalId;
  readonly name: string;
  readonly description: string;
}

export interface TokenChange {
  readonly name?: string;
  readonly description?: string;
  /** Only ever earlier than before, and never later than now allows; the engine checks it under the lock. */
  readonly expiresAt?: number;
  /** Only ever narrower than before; the engine checks it under the lock. */
  readonly restrictions?: Restrictions;
}

export interface TokenAddress {
  readonly accountId: PrincipalId;
  readonly tokenId: TokenId;
}

/** The generation whose value was reported. */
export interface LeakedToken extends TokenAddress {
  readonly generation: number;
}

export interface TokenRefresh extends TokenAddress {
  /** The generation that the request found; another one found under the lock is `token.refresh_conflict`. */
  readonly generation: number;
  readonly next: NewGeneration;
  /** When the old value dies; null = at once. Never later than its own expiry or the new one, which the engine sees to. */
  readonly overlapUntil: number | null;
}

export interface TokenListQuery extends PageQuery {
  readonly sort: 'name' | 'lastUsedAt' | 'createdAt' | 'expiresAt';
  readonly descending: boolean;
  readonly search: string | null;
  /** null: tokens of the whole organization. */
  readonly accountId: PrincipalId | null;
  /** true: only deleted ones, of an account that ended with very many some of them a minute later; false: only those that were not. */
  readonly deleted: boolean;
  readonly status: 'active' | 'expired' | null;
  readonly hint: string | null;
  readonly expiresBefore: number | null;
  readonly unusedSince: number | null;
  /** true: only tokens with a retiring value that still works. */
  readonly overlap: boolean;
  readonly now: number;
}

/** Which tokens to revoke: those that meet every condition that is not null. */
export interface TokenRevocation {
  readonly accountId: PrincipalId | null;
  /** Id of the principal that created the token. */
  readonly createdBy: string | null;
  readonly createdBefore: number | null;
  readonly unusedSince: number | null;
}

export interface RevokedTokens {
  readonly revoked: number;
  /** The first 200 of them, as they were. */
  readonly tokens: readonly Token[];
}

export interface TokenStorage {
  /**
   * `service_account.not_found`, `service_account.disabled`, `token.exceeds_credential`, `plan.required`; of an admin's
   * `sign_in.stale`, as of its refresh.
   */
  createToken(context: MutationContext, token: NewToken): Promise<Committed<Token>>;
  findToken(organizationId: OrganizationId, address: TokenAddress): Promise<Token | undefined>;
  listTokens(organizationId: OrganizationId, query: TokenListQuery): Promise<Page<Token>>;
  /** `token.not_found`; `request.invalid` at `/expiresAt` for a later expiry than before. */
  updateToken(context: MutationContext, address: TokenAddress, change: TokenChange): Promise<Committed<Token>>;
  /**
   * Gives the token a new generation, if it still has the one that the request found; ends every earlier one at once, or
   * the last one when its overlap ends. `token.not_found`, `token.refresh_conflict`, `token.overlap_in_progress`,
   * `token.exceeds_credential`.
   */
  refreshToken(context: MutationContext, refresh: TokenRefresh): Promise<Committed<Token>>;
  /** Ends the retiring generation now. `token.not_found`. */
  endTokenOverlap(context: MutationContext, address: TokenAddress): Promise<Committed<Token>>;
  /** Deletes the token for good. `token.not_found`, `caller.locked_out` unless the token ends itself (`permission` null). */
  deleteToken(context: MutationContext, address: TokenAddress): Promise<Committed<null>>;
  /**
   * The value of this generation has leaked. Under the organization's `leakResponse` the token ends, or of a retiring
   * generation its overlap; or it is noted, once an hour. Nothing where the generation is not valid any more. `token.not_found`.
   */
  reportLeakedToken(context: MutationContext, leaked: LeakedToken): Promise<Committed<null>>;
  /** Deletes all tokens of the account for good; the result is how many. `service_account.not_found`, `caller.locked_out`. */
  deleteTokens(context: MutationContext, accountId: PrincipalId): Promise<Committed<number>>;
  /** Deletes every token that meets the conditions. `caller.locked_out` when the caller's own is among them. */
  revokeTokens(context: MutationContext, revocation: TokenRevocation): Promise<Committed<RevokedTokens>>;
  /** What `revokeTokens` would revoke. */
  listRevocableTokens(organizationId: OrganizationId, revocation: TokenRevocation): Promise<RevokedTokens>;
}
