import type { GroupFacts } from './access.ts';
import { DAY_MS } from './clock.ts';
import { DomainError } from './error.ts';
import type { GroupId } from './id.ts';
import { formatTime } from './time.ts';

/** Who may have tokens, and for how long. Acts at verification, on tokens that exist; nothing is deleted. */
export interface TokenPolicy {
  readonly creation: 'everyone' | 'nobody' | { readonly groupIds: readonly GroupId[] };
  /** Whole days from the start of a generation; null = no maximum. */
  readonly maxLifetimeDays: number | null;
  /** Tokens that never expire are denied. */
  readonly requireExpiry: boolean;
}

export const OPEN_POLICY: TokenPolicy = { creation: 'everyone', maxLifetimeDays: null, requireExpiry: false };

export const POLICY_GROUPS_MAX = 100;
export const LIFETIME_DAYS_MAX = 3_650;

/** Whether the policy lets somebody in these groups have tokens. */
export function allowsTokens(policy: TokenPolicy, groups: readonly Pick<GroupFacts, 'id'>[]): boolean {
  if (typeof policy.creation === 'string') return policy.creation === 'everyone';
  const { groupIds } = policy.creation;
  return groups.some((group) => groupIds.includes(group.id));
}

/** What both policies allow. */
export function stricterPolicy(one: TokenPolicy, other: TokenPolicy): TokenPolicy {
  const lifetimes = [one, other].map(({ maxLifetimeDays }) => maxLifetimeDays ?? Number.POSITIVE_INFINITY);
  const shortest = Math.min(...lifetimes);
  return {
    creation: stricterCreation(one.creation, other.creation),
    maxLifetimeDays: Number.isFinite(shortest) ? shortest : null,
    requireExpiry: one.requireExpiry || other.requireExpiry,
  };
}

/** Somebody in a group of each might be in no common one: then it is nobody rather than anybody too many. */
function stricterCreation(one: TokenPolicy['creation'], other: TokenPolicy['creation']): TokenPolicy['creation'] {
  if (one === 'nobody' || other === 'nobody') return 'nobody';
  if (one === 'everyone') return other;
  if (other === 'everyone') return one;
  const common = one.groupIds.filter((id) => other.groupIds.includes(id));
  return common.length === 0 ? 'nobody' : { groupIds: common };
}

/** The latest end of a generation that starts at this time; null = no limit. */
export function latestEnd(policy: TokenPolicy, startedAt: number): number | null {
  return policy.maxLifetimeDays === null ? null : startedAt + policy.maxLifetimeDays * DAY_MS;
}

/**
 * For a generation that somebody in these groups is about to get. Never clamped in silence. Throws
 * `token.policy_forbids`, `token.expiry_not_allowed`.
 */
export function requireTokenPolicy(
  policy: TokenPolicy,
  groups: readonly Pick<GroupFacts, 'id'>[],
  { startedAt, expiresAt }: { readonly startedAt: number; readonly expiresAt: number | null },
): void {
  if (!allowsTokens(policy, groups)) throw new DomainError('token.policy_forbids');
  const latest = latestEnd(policy, startedAt);
  if (latest !== null && (expiresAt === null || expiresAt > latest)) {
    const maxExpiresAt = formatTime(latest);
    throw new DomainError('token.expiry_not_allowed', {
      detail: `Tokens of this organization last at most ${policy.maxLifetimeDays} days: expiresAt must not be later than ${maxExpiresAt}.`,
      maxExpiresAt,
    });
  }
  if (policy.requireExpiry && expiresAt === null) {
    throw new DomainError('token.expiry_not_allowed', { detail: 'Tokens of this organization must expire.' });
  }
}
