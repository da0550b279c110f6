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
import type { IdempotencyBinding } from './idempotency.ts';
import type { ServingNode } from './node.ts';
import type { Organization, OrganizationRole, Plan } from './organization.ts';
import type { Permission } from './permission.ts';
import type { TokenRecord } from './principal.ts';
import type { ServiceAccount, ServiceAccountStatus } from './service-account.ts';
import type { AccessStorage } from './storage-access.ts';
import type { ChangeStorage } from './storage-change.ts';
import type { MemberStorage } from './storage-member.ts';
import type { OrganizationStorage } from './storage-organization.ts';
import type { StatusStorage } from './storage-status.ts';
import type { NewToken, TokenStorage } from './storage-token.ts';
import type { UsageStorage } from './storage-usage.ts';
import type { TokenDigests } from './token-digest.ts';

/**
 * The very token generation that was presented: as a credential, or by a `holder`, who asks for nothing but its end, which
 * whoever has the value may do wherever they are, and whatever else keeps the token from being used.
 */
export interface TokenActor {
  readonly kind: 'token' | 'holder';
  readonly accountId: PrincipalId;
  readonly tokenId: TokenId;
  readonly generation: number;
}

/**
 * Who asks for a mutation: a token, a person's session, a person who follows an invitation, the operator on the server's
 * machine, or Postern itself, to which a leak was reported.
 */
export type Actor =
  | TokenActor
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
export interface IdempotencyClaim extends IdempotencyBinding {
  /** Where else an earlier answer may be kept; null: nowhere. A new one is kept under the former. */
  readonly previous: IdempotencyBinding | null;
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
    StatusStorage,
    TokenStorage,
    UsageStorage {
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

  listAuditEvents(organizationId: OrganizationId, query: AuditEventQuery): Promise<Page<AuditEvent>>;
  /** Waits, too, until no serving process answers from older memory than what the refusal rests on. */
  recordRefusedMutation(refused: RefusedMutation): Promise<void>;
}
