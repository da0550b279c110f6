import type { OrganizationId, ServiceAccountId, TokenId } from './id.ts';
import { type OrganizationRole, type Plan, planIncludesServiceAccounts } from './organization.ts';

/** What a verdict reads of an organization. */
export interface OrganizationFacts {
  readonly id: OrganizationId;
  readonly name: string;
  readonly plan: Plan;
  readonly version: number;
}

/** What a verdict reads of a principal. */
export interface PrincipalFacts {
  readonly kind: 'service_account';
  readonly id: ServiceAccountId;
  readonly displayName: string;
  readonly organizationRole: OrganizationRole;
  readonly status: 'active' | 'disabled' | 'deleted';
  readonly version: number;
}

/** The life of one secret generation: it is the token's value, or still works beside the newer one, or is over for good. */
export type GenerationState = 'current' | 'retiring' | 'retired';

/** What a verdict reads of a token, in the generation whose value was presented. */
export interface TokenFacts {
  readonly id: TokenId;
  readonly name: string;
  readonly generation: number;
  readonly state: GenerationState;
  /** The first instant at which this generation's value is no longer valid; null = no end. */
  readonly validUntil: number | null;
  readonly deleted: boolean;
}

/** All that one indexed read finds for a digest: the facts as they are now, good or bad. */
export interface TokenRecord {
  readonly token: TokenFacts;
  readonly principal: PrincipalFacts;
  readonly organization: OrganizationFacts;
  /** The digest key under which the value was found. */
  readonly keyId: string;
}

/** Why a well-formed value is refused. For the audit log; outside, all of them are the same 401. */
export type RefusalReason =
  | 'unknown'
  | 'retired'
  | 'token_deleted'
  | 'account_deleted'
  | 'account_disabled'
  | 'plan'
  | 'expired';

declare const admitted: unique symbol;

/** A record whose token was valid at the instant it was asked. Only `admitToken` makes one. */
export type AdmittedToken = TokenRecord & { readonly [admitted]: true };

export type Admission =
  | { readonly admitted: true; readonly record: AdmittedToken }
  | { readonly admitted: false; readonly reason: Exclude<RefusalReason, 'unknown'> };

/** Whether the token of this record is valid at `now`: strictly before its end, and nothing above it switched off. */
export function admitToken(record: TokenRecord, now: number): Admission {
  const reason = refusalReason(record, now);
  return reason === undefined ? { admitted: true, record: record as AdmittedToken } : { admitted: false, reason };
}

function refusalReason(record: TokenRecord, now: number): Exclude<RefusalReason, 'unknown'> | undefined {
  const { token, principal, organization } = record;
  if (principal.status === 'deleted') return 'account_deleted';
  if (principal.status === 'disabled') return 'account_disabled';
  if (token.deleted) return 'token_deleted';
  if (token.state === 'retired') return 'retired';
  if (token.validUntil !== null && now >= token.validUntil) return 'expired';
  if (!planIncludesServiceAccounts(organization.plan)) return 'plan';
  return undefined;
}
