/**
 * The storage port: what the domain asks of a database, as promises. Two engines keep them (packages/storage); one
 * contract suite holds both to them.
 *
 * Every mutation, in one transaction: locks its organization's row first; checks the actor again under that lock
 * (`requireActor`: its token's generation, its account, its permission, as they are then); honours an idempotency claim;
 * writes exactly one audit event and one change-log row; commits; waits until no serving process can answer from older
 * memory; then returns with the receipt. A mutation that changes nothing (disabling twice) writes nothing, but waits all
 * the same: its answer may stand in for a writer that died after its commit.
 *
 * Errors, all DomainError: the loser of a race gets the conflict named at the operation; `precondition.failed` when
 * `ifMatch` is not the version found; `storage.unavailable` when the database cannot be reached or stays locked (nothing
 * was done); `outcome_unknown` when the connection broke during the commit. Arguments and results are plain data that can
 * cross a thread. Of another organization nothing is ever found.
 */
import type { Place } from './access.ts';
import type { AuditAction, AuditEvent, AuditTarget } from './audit-event.ts';
import type { Receipt } from './change.ts';
import type { CleanupStorage } from './cleanup.ts';
import type { ErrorCode } from './error.ts';
import type { AuditEventId, MemberId, OrganizationId, PrincipalId, ServiceAccountId, TokenId } from './id.ts';
import type { ServingNode } from './node.ts';
import type { Organization, OrganizationRole, Plan } from './organization.ts';
import type { Permission } from './permission.ts';
import type { RefusalReason, TokenRecord } from './principal.ts';
import type { Restrictions } from './restriction.ts';
import type { ServiceAccount, ServiceAccountStatus } from './service-account.ts';
import type { AccessStorage } from './storage-access.ts';
import type { ChangeStorage } from './storage-change.ts';
import type { MemberStorage } from './storage-member.ts';
import type { OrganizationStorage } from './storage-organization.ts';
import type { StatusStorage } from './storage-status.ts';
import type { Token, TokenCaller, TokenUsage, UsageOutcome } from './token.ts';
import type { TokenDigest, TokenDigests } from './token-digest.ts';
import type { PermissionUse } from './usage.ts';
import type { UsageCompleteness, UsageReport } from './usage-report.ts';

/**
 * Who asks for a mutation: the very token generation that was presented, a person's session, a person who follows
 * an invitation, the operator on the server's machine, or Postern itself, to which a leak was reported.
 */
export type Actor =
  | {
      readonly kind: 'token';
      readonly accountId: PrincipalId;
      readonly tokenId: TokenId;
      readonly generation: number;
    }
  | { readonly kind: 'session'; readonly memberId: MemberId; readonly sessionId: string }
  | { readonly kind: 'invited'; readonly memberId: MemberId }
  | { readonly kind: 'operator' }
  | { readonly kind: 'system' };

/** Where a request came from; kept with its audit event. */
export interface RequestFacts {
  readonly requestId: string | null;
  readonly address: string | null;
  readonly userAgent: string | null;
}

/** What every mutation carries. */
export interface MutationContext {
  readonly organizationId: OrganizationId;
  readonly actor: Actor;
  /** What the actor must hold, checked again under the lock; null where being who it is suffices (a token ending itself). */
  readonly permission: Permission | null;
  /** Where it must hold it. */
  readonly place: Place;
  readonly request: RequestFacts;
  /** The id of the audit event that this mutation leaves. */
  readonly eventId: AuditEventId;
  /** Now, by the database's clock. */
  readonly at: number;
  /** The version that the resource must have. */
  readonly ifMatch: number | null;
  readonly idempotency: IdempotencyClaim | null;
}

/** Claims an Idempotency-Key for a mutation. Nothing in it reveals the key, or the value without the key. */
export interface IdempotencyClaim {
  readonly rowKey: string;
  readonly fingerprint: string;
  /** The new token value, sealed; null where the answer holds no secret. */
  readonly sealed: string | null;
}

/** What a committed mutation answers. */
export interface Committed<Result> {
  readonly result: Result;
  readonly receipt: Receipt;
  /** False when nothing had to change, and for a replay. */
  readonly changed: boolean;
  /**
   * Present when the idempotency claim found the answer of an earlier, identical request: `result` is that answer, and
   * `sealed` what its claim held. Of a sealed answer the opening is audited in the same transaction.
   */
  readonly replay: { readonly sealed: string | null } | null;
}

export interface Page<Item> {
  readonly items: readonly Item[];
  /** Where the next page starts; null after the last one. */
  readonly next: PagePosition | null;
}

/** The last item of a page: its sort key and its id. */
export interface PagePosition {
  readonly key: string | number;
  readonly id: string;
}

export interface PageQuery {
  /** 1 to 200. */
  readonly limit: number;
  readonly after: PagePosition | null;
}

export interface NewServiceAccount {
  readonly id: ServiceAccountId;
  readonly displayName: string;
  readonly description: string;
  readonly organizationRole: OrganizationRole;
  readonly owners: readonly MemberId[];
  readonly externalId: string | null;
}

/** Fields that are absent stay as they are. */
export interface ServiceAccountChange {
  readonly displayName?: string;
  readonly description?: string;
  readonly organizationRole?: OrganizationRole;
  readonly owners?: readonly MemberId[];
  readonly externalId?: string | null;
}

export interface ServiceAccountQuery extends PageQuery {
  readonly sort: 'name' | 'lastUsedAt' | 'createdAt';
  readonly descending: boolean;
  /** Part of the name, description or externalId, compared by `nameKey`; wildcards are text. */
  readonly search: string | null;
  readonly status: ServiceAccountStatus | null;
  readonly organizationRole: OrganizationRole | null;
  /** Never used, or last used before this time (and created before it). */
  readonly unusedSince: number | null;
}

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
  /** true: only deleted ones; false: only those that were not. */
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

export interface TokenCallerQuery extends TokenAddress {
  readonly generation: number;
}

export interface TokenUsageQuery extends TokenAddress {
  readonly from: number;
  readonly to: number;
  readonly by: 'hour' | 'day';
}

export interface AuditEventQuery extends PageQuery {
  readonly actorId: string | null;
  readonly targetId: string | null;
  /** What concerns this service account or member: done by it, or to it, to one of its tokens or to a role of it. */
  readonly principalId: string | null;
  readonly action: string | null;
  /** Finds the event of that request, and the counted event that a refused use with that request id went into. */
  readonly requestId: string | null;
  readonly from: number | null;
  readonly to: number | null;
}

/** A mutation that an authenticated caller was refused. */
export interface RefusedMutation {
  readonly eventId: AuditEventId;
  readonly organizationId: OrganizationId;
  readonly actor: Actor;
  readonly action: AuditAction;
  readonly target: AuditTarget | null;
  readonly code: ErrorCode;
  readonly request: RequestFacts;
  readonly at: number;
}

/** What an organization begins with, all of it or nothing. */
export interface Bootstrap {
  /** Of organization, account and token. */
  readonly eventIds: readonly [AuditEventId, AuditEventId, AuditEventId];
  readonly organization: { readonly id: OrganizationId; readonly name: string; readonly plan: Plan };
  /** Absent: an organization that nobody is in yet. */
  readonly admin: FirstAdmin | null;
  readonly at: number;
}

/** The service account that an organization begins with, and its token. */
export interface FirstAdmin {
  readonly account: NewServiceAccount;
  readonly token: NewToken;
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

export interface SecretKeyUse {
  readonly kid: string;
  /** Values that still work and are stored under this key only. */
  readonly liveValues: number;
}

/** Reading for the verification path. Never waits for a writer. */
export interface VerificationStorage {
  /**
   * Called before the cache is read. Applies to the cache, synchronously, all that must be applied first. False: memory
   * must not be trusted now, and the database has to be asked.
   */
  catchUp(): boolean;
  /** Called after the last cache read: whether the verdict may still be given from memory. */
  holds(): boolean;
  /**
   * One indexed read in a snapshot begun after the call; undefined for an unknown digest. Synchronous on the embedded
   * engine. `storage.unavailable` when the database cannot be reached.
   */
  findRecord(digests: TokenDigests): TokenRecord | undefined | Promise<TokenRecord | undefined>;
}

export interface Storage
  extends AccessStorage,
    ChangeStorage,
    CleanupStorage,
    MemberStorage,
    OrganizationStorage,
    StatusStorage {
  readonly engine: 'sqlite' | 'postgres';
  readonly verification: VerificationStorage;

  /** Resolves when the database answers and this process may serve; otherwise `NotReady`, which is `storage.unavailable`. */
  ping(): Promise<void>;
  /** The database's time, in milliseconds, from memory. */
  now(): number;
  /** Ends threads and connections; further calls are `storage.unavailable`. */
  close(): Promise<void>;

  /** Makes organization and admin, unless a first start ever happened: then false, and nothing is written. */
  bootstrap(input: Bootstrap): Promise<boolean>;
  hasBootstrapped(): Promise<boolean>;
  listSecretKeyChecks(): Promise<readonly { readonly kid: string; readonly check: string }[]>;
  addSecretKeyCheck(kid: string, check: string): Promise<void>;
  listSecretKeyUse(now: number): Promise<readonly SecretKeyUse[]>;

  /** Every serving process on this database, the longest there first. */
  listNodes(organizationId: OrganizationId): Promise<readonly ServingNode[]>;

  findOrganization(organizationId: OrganizationId): Promise<Organization | undefined>;

  /** `service_account.external_id_taken`; `request.invalid` for an owner who is no member who has joined. */
  createServiceAccount(context: MutationContext, account: NewServiceAccount): Promise<Committed<ServiceAccount>>;
  findServiceAccount(organizationId: OrganizationId, id: ServiceAccountId): Promise<ServiceAccount | undefined>;
  listServiceAccounts(organizationId: OrganizationId, query: ServiceAccountQuery): Promise<Page<ServiceAccount>>;
  /** `service_account.not_found`, `service_account.external_id_taken`; `permission.missing` for a role beyond the actor's own; `caller.locked_out`. */
  updateServiceAccount(
    context: MutationContext,
    id: ServiceAccountId,
    change: ServiceAccountChange,
  ): Promise<Committed<ServiceAccount>>;
  /** Deletes all its tokens for good and keeps the account. `service_account.not_found`, `caller.locked_out`. */
  disableServiceAccount(context: MutationContext, id: ServiceAccountId): Promise<Committed<ServiceAccount>>;
  /** Brings the account back, none of its tokens. `service_account.not_found`. */
  enableServiceAccount(context: MutationContext, id: ServiceAccountId): Promise<Committed<ServiceAccount>>;
  /** Deletes the account and all its tokens for good. `service_account.not_found`, `caller.locked_out`. */
  deleteServiceAccount(context: MutationContext, id: ServiceAccountId): Promise<Committed<null>>;

  /** `service_account.not_found`, `service_account.disabled`, `token.exceeds_credential`, `plan.required`. */
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
   * leave one audit event per generation, reason, hour and network. Not a mutation: no change-log row.
   */
  recordUsage(batch: UsageBatch): Promise<void>;

  listAuditEvents(organizationId: OrganizationId, query: AuditEventQuery): Promise<Page<AuditEvent>>;
  recordRefusedMutation(refused: RefusedMutation): Promise<void>;
}
