import { type Access, type AccessFacts, compileAccess } from './access.ts';
import type { Subject } from './decision.ts';
import type { OrganizationId, PrincipalId, TokenId } from './id.ts';
import { type OrganizationRole, type Plan, planIncludesServiceAccounts } from './organization.ts';
import { allowsAddress, type Restrictions } from './restriction.ts';
import { allowsTokens, latestEnd, type TokenPolicy } from './token-policy.ts';

/** What a verdict reads of an organization. */
export interface OrganizationFacts {
  readonly id: OrganizationId;
  readonly name: string;
  readonly plan: Plan;
  readonly tokenPolicy: TokenPolicy;
  /** Permission names that it registered for its own APIs. */
  readonly registered: ReadonlySet<string>;
  /** The database was restored, and nobody has said yet what becomes of the tokens. */
  readonly quarantined: boolean;
  readonly version: number;
}

/** What a verdict reads of a principal. */
export interface PrincipalFacts extends Pick<AccessFacts, 'groups' | 'grants'> {
  readonly kind: 'service_account' | 'member';
  readonly id: PrincipalId;
  readonly displayName: string;
  readonly organizationRole: OrganizationRole;
  readonly status: 'invited' | 'active' | 'disabled' | 'deleted';
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
  /** When this generation began. */
  readonly startedAt: number;
  /** The first instant at which this generation's value is no longer valid; null = no end. Policy may end it sooner. */
  readonly validUntil: number | null;
  readonly restrictions: Restrictions | null;
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

/** Why a well-formed value is refused. For the audit log; outside, all of them are the same 401, `quarantine` excepted. */
export type RefusalReason =
  | 'unknown'
  | 'retired'
  | 'token_deleted'
  | 'account_deleted'
  | 'account_disabled'
  | 'plan'
  | 'policy'
  | 'network'
  | 'expired'
  | 'quarantine';

declare const admitted: unique symbol;

/** A record whose token was valid at the instant it was asked. Only `admitToken` makes one. */
export type AdmittedToken = TokenRecord & { readonly [admitted]: true };

export type Admission =
  | { readonly admitted: true; readonly record: AdmittedToken }
  | { readonly admitted: false; readonly reason: Exclude<RefusalReason, 'unknown'> };

/**
 * Whether the token of this record is valid at `now` for a call from `address` (null: not known): strictly before its end,
 * nothing above it switched off, and within the networks that it is restricted to.
 */
export function admitToken(record: TokenRecord, now: number, address: string | null): Admission {
  const reason = refusalReason(record, now, address);
  return reason === undefined ? { admitted: true, record: record as AdmittedToken } : { admitted: false, reason };
}

/** Undefined where the value has ended for good. Else whoever has it may end its token, though it may be refused here and now. */
export function admitHolder({ token, principal, ...rest }: TokenRecord, now: number): AdmittedToken | undefined {
  const isOver = token.deleted || token.state === 'retired' || (token.validUntil !== null && now >= token.validUntil);
  return isOver || principal.status !== 'active' ? undefined : ({ token, principal, ...rest } as AdmittedToken);
}

/** A person's session, once it was found alive. */
export interface SessionFacts {
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly signedInAt: number;
}

/** Whom a session is of, as things are now. */
export interface SessionRecord extends Pick<TokenRecord, 'principal' | 'organization'> {
  readonly session: SessionFacts;
  readonly token: null;
}

/** A session of a member who is one at the instant it was asked. Only `admitSession` makes one. */
export type AdmittedSession = SessionRecord & { readonly [admitted]: true };

/** Whoever calls: with a token, or signed in. */
export type AdmittedCaller = AdmittedToken | AdmittedSession;

/** Undefined unless the person is a member who has joined. */
export function admitSession(record: SessionRecord): AdmittedSession | undefined {
  const { kind, status } = record.principal;
  return kind === 'member' && status === 'active' ? (record as AdmittedSession) : undefined;
}

/** The end of this generation as policy has it now; null = never. */
export function effectiveEnd({ token, organization }: Pick<TokenRecord, 'token' | 'organization'>): number | null {
  const limit = latestEnd(organization.tokenPolicy, token.startedAt);
  if (limit === null) return token.validUntil;
  return token.validUntil === null ? limit : Math.min(limit, token.validUntil);
}

/** The record as the subject of access decisions. Compiled once for as long as the same facts are in memory. */
export function subjectOf(record: AdmittedCaller): Subject {
  return { access: accessOf(record), restrictions: record.token?.restrictions ?? null, suspended: null };
}

/** A principal as the subject of access decisions, whatever credential it may use; `restrictions` of a token asked about. */
export function subjectOfPrincipal(
  record: Pick<TokenRecord, 'principal' | 'organization'>,
  restrictions: Restrictions | null = null,
): Subject {
  const { principal, organization } = record;
  const suspended = principal.status !== 'active' ? 'disabled' : isPaused(principal, organization) ? 'plan' : null;
  return { access: accessOf(record), restrictions, suspended };
}

/** What the principal holds, without a token's restrictions. */
export function accessOf({ principal, organization }: Pick<TokenRecord, 'principal' | 'organization'>): Access {
  const known = compiled.get(principal);
  if (known && known.facts.registered === organization.registered) return known;
  const { organizationRole, groups, grants } = principal;
  const access = compileAccess({ organizationRole, groups, grants, registered: organization.registered });
  compiled.set(principal, access);
  return access;
}

const compiled = new WeakMap<PrincipalFacts, Access>();

/** Service accounts need a plan that includes them; people do not. */
function isPaused({ kind }: PrincipalFacts, { plan }: OrganizationFacts): boolean {
  return kind === 'service_account' && !planIncludesServiceAccounts(plan);
}

function refusalReason(
  record: TokenRecord,
  now: number,
  address: string | null,
): Exclude<RefusalReason, 'unknown'> | undefined {
  const { token, principal, organization } = record;
  if (principal.status === 'deleted') return 'account_deleted';
  if (principal.status !== 'active') return 'account_disabled';
  if (token.deleted) return 'token_deleted';
  if (token.state === 'retired') return 'retired';
  const end = effectiveEnd(record);
  if (end !== null && now >= end) return 'expired';
  if (isPaused(principal, organization)) return 'plan';
  const { tokenPolicy } = organization;
  if (!allowsTokens(tokenPolicy, principal.groups)) return 'policy';
  if (tokenPolicy.requireExpiry && token.validUntil === null) return 'policy';
  if (!allowsAddress(token.restrictions, address)) return 'network';
  // Last: only a token that would be good is told that it waits.
  if (organization.quarantined) return 'quarantine';
  return undefined;
}
