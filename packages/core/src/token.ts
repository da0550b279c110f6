import type { OrganizationId, PrincipalId, TokenId } from './id.ts';
import type { Restrictions } from './restriction.ts';
import type { Creator } from './service-account.ts';

/** The longest time that an old value may work beside the new one. */
export const OVERLAP_MAX_SECONDS = 604_800;
/** Retired digests that are remembered per token, so that their use is noticed. */
export const RETIRED_DIGESTS_PER_TOKEN = 8;

/** The old value while it still works beside the new one. */
export interface RetiringGeneration {
  readonly generation: number;
  readonly hint: string;
  readonly validUntil: number;
  readonly lastUsedAt: number | null;
  readonly lastUsedIp: string | null;
  readonly lastUsedUserAgent: string | null;
}

export interface Token {
  readonly id: TokenId;
  readonly organizationId: OrganizationId;
  readonly accountId: PrincipalId;
  readonly name: string;
  readonly description: string;
  /** The last four characters of the value before its checksum. */
  readonly hint: string;
  /** The current secret generation; 1 at creation, one more with each refresh. */
  readonly generation: number;
  /** null = never expires. Valid strictly before it. */
  readonly expiresAt: number | null;
  readonly restrictions: Restrictions | null;
  readonly createdAt: number;
  readonly createdBy: Creator;
  /** The token through which this one was made, if it was made through one. */
  readonly mintedBy: TokenId | null;
  readonly refreshedAt: number | null;
  readonly lastUsedAt: number | null;
  readonly lastUsedIp: string | null;
  readonly lastUsedUserAgent: string | null;
  /** The retiring generation, until its overlap ends. */
  readonly previous: RetiringGeneration | null;
  readonly deletedAt: number | null;
  /** Grows by one with each change by an admin (not with use); the ETag. */
  readonly version: number;
}

/** Whether the current value has passed its expiry. */
export function tokenStatus(token: Pick<Token, 'expiresAt'>, now: number): 'active' | 'expired' {
  return token.expiresAt !== null && now >= token.expiresAt ? 'expired' : 'active';
}

/** Which network address and client used a generation, and how often. */
export interface TokenCaller {
  readonly address: string;
  readonly userAgent: string;
  readonly firstAt: number;
  readonly lastAt: number;
  readonly calls: number;
}

/** Calls in one hour or day (UTC), by generation and outcome. */
export interface TokenUsage {
  /** Start of the hour or day. */
  readonly at: number;
  readonly generation: number;
  readonly outcome: UsageOutcome;
  readonly calls: number;
}

/** `allowed`: the token was valid (and held what was asked); `denied`: valid, but a permission was missing; `refused`: not valid any more. */
export type UsageOutcome = 'allowed' | 'denied' | 'refused';
