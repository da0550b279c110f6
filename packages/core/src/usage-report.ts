import type { OrganizationId, PrincipalId, TokenId } from './id.ts';
import type { PermissionName } from './permission.ts';
import type { UsageCaller } from './usage.ts';

/** What a verifier outside answered from its own memory, of one kind. */
export interface ReportedUse extends UsageCaller {
  readonly tokenId: TokenId;
  readonly generation: number;
  readonly permission: PermissionName | null;
  readonly outcome: 'allowed' | 'denied';
  readonly count: number;
  readonly lastAt: number;
}

/** A verifier outside, as it calls itself. */
export interface ReportingVerifier {
  readonly id: string;
  /** Everything that it answered before this time has been reported; null: that is not known yet. */
  readonly completeUntil: number | null;
  /** It ends, and will answer nothing any more. */
  readonly closing: boolean;
}

export interface UsageReport {
  readonly organizationId: OrganizationId;
  /** Who reports. */
  readonly principalId: PrincipalId;
  /** The same report again changes nothing. Remembered for a day. */
  readonly reportId: string;
  readonly verifier: ReportingVerifier | null;
  readonly items: readonly ReportedUse[];
  readonly at: number;
}

/** How far the use of an organization's tokens is known. */
export interface UsageCompleteness {
  /** Up to here, every serving process and every verifier has told what it answered. */
  readonly until: number;
  /** How many of them have told nothing for `silentAfterMs`. */
  readonly silent: number;
}

export const USAGE_REPORT_LIMITS = {
  items: 100,
  count: 1_000_000_000,
  /** How long a report's id is remembered. */
  rememberedMs: 86_400_000,
  /** Who has told nothing for so long is called silent; even without any use they report every minute. */
  silentAfterMs: 150_000,
  /** How long a verifier that says nothing is waited for. */
  silenceMs: 86_400_000,
  /** Verifiers of one organization that are waited for: those that reported last. */
  verifiers: 1_000,
} as const;
