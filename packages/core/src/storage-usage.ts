/** The part of the storage port that tells who uses what. None of it is a mutation: no change-log row. */

import type { AuditEventId, OrganizationId, PrincipalId, TokenId } from './id.ts';
import type { RefusalReason } from './principal.ts';
import type { TokenAddress } from './storage-token.ts';
import type { TokenCaller, TokenUsage, UsageOutcome } from './token.ts';
import type { TokenDigest } from './token-digest.ts';
import type { PermissionUse } from './usage.ts';
import type { UsageCompleteness, UsageReport } from './usage-report.ts';

export interface TokenCallerQuery extends TokenAddress {
  readonly generation: number;
}

export interface TokenUsageQuery extends TokenAddress {
  readonly from: number;
  readonly to: number;
  readonly by: 'hour' | 'day';
}

/** What one generation was used for since the last batch. */
export interface GenerationUse {
  readonly organizationId: OrganizationId;
  readonly accountId: PrincipalId;
  readonly tokenId: TokenId;
  readonly generation: number;
  readonly lastAt: number;
  readonly lastAddress: string;
  readonly lastUserAgent: string;
  readonly hours: readonly { readonly hour: number; readonly outcome: UsageOutcome; readonly calls: number }[];
  readonly callers: readonly TokenCaller[];
  /** What was asked about and allowed. */
  readonly permissions: readonly PermissionUse[];
}

/** Uses of a known token that were refused for one reason, from one network, in one hour. */
export interface RefusedUse {
  /** Id of the audit event, should these be the first of their hour. */
  readonly eventId: AuditEventId;
  readonly organizationId: OrganizationId;
  readonly accountId: PrincipalId;
  readonly tokenId: TokenId;
  readonly generation: number;
  readonly reason: Exclude<RefusalReason, 'unknown'>;
  /** The /24 or /48 that the calls came from. */
  readonly network: string;
  /** Start of the hour. */
  readonly hour: number;
  readonly calls: number;
  readonly firstAt: number;
  readonly address: string;
  readonly userAgent: string;
  /** Of the first ones; bounded. */
  readonly requestIds: readonly string[];
}

/** A value that was found under the previous digest key, with its digest under the current one. */
export interface Redigest {
  readonly from: TokenDigest;
  readonly to: TokenDigest;
}

export interface UsageBatch {
  /** Everything that this process answered before this time is in this batch or an earlier one. */
  readonly completeUntil: number;
  readonly uses: readonly GenerationUse[];
  readonly refusals: readonly RefusedUse[];
  readonly redigests: readonly Redigest[];
}

export interface UsageStorage {
  /** Most recent first; at most 200. */
  listTokenCallers(organizationId: OrganizationId, query: TokenCallerQuery): Promise<readonly TokenCaller[]>;
  listTokenUsage(organizationId: OrganizationId, query: TokenUsageQuery): Promise<readonly TokenUsage[]>;
  /** Up to when every serving process, and every verifier of the organization, has reported what it answered; who is behind. */
  findUsageCompleteness(organizationId: OrganizationId): Promise<UsageCompleteness>;
  /**
   * What a verifier outside answered, counted like our own use. Tokens that are not the organization's, or not there any more,
   * and generations that never were, are skipped without a word. A report that is known by its id is not counted again.
   */
  recordUsageReport(report: UsageReport): Promise<void>;
  /**
   * Adds to counts and moves last-used times, only ever forwards. Unknown and deleted tokens are skipped. Refused uses
   * leave one audit event per generation, reason, hour and network.
   */
  recordUsage(batch: UsageBatch): Promise<void>;
}
