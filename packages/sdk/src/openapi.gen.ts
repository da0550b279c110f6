// Written by `npm run generate` from openapi.json and the error table. Changes made here are lost.

/** How far a change has reached, when its answer is given */
export interface Receipt {
  /** Position in the organization's change log */
  position: number;
  /** Serving processes that have applied the change */
  confirmed: number;
  /** Serving processes that were waited out and answer nothing from memory any more */
  expired: number;
  /** Milliseconds from the commit to this receipt */
  ms: number;
}

/** Who made a thing, under the name it bore then */
export interface Creator {
  kind: 'service_account' | 'operator';
  id: string | null;
  displayName: string;
}

export interface OrganizationSummary {
  id: string;
  name: string;
  plan: 'community' | 'commercial' | 'enterprise';
}

export interface GroupMembership {
  id: string;
  name: string;
  role: 'member' | 'manager';
}

export interface WorkspaceMembership {
  id: string;
  name: string;
  role: string;
  permissions: string[];
}

/** The token that the call was made with */
export interface PresentedToken {
  id: string;
  name: string;
  /** The first instant at which the presented value is no longer valid */
  expiresAt: string | null;
}

/** Who calls */
export interface Me {
  id: string;
  kind: 'service_account' | 'member';
  displayName: string;
  organization: OrganizationSummary;
  organizationRole: 'member' | 'admin' | 'verifier';
  groups: GroupMembership[];
  workspaces: WorkspaceMembership[];
  token?: PresentedToken | undefined;
}

export interface ServiceAccount {
  id: string;
  displayName: string;
  description: string;
  status: 'active' | 'disabled';
  organizationRole: 'member' | 'admin' | 'verifier';
  /** Member ids */
  owners: string[];
  /** The caller's own unique key */
  externalId: string | null;
  /** Tokens that were not deleted, expired ones included */
  tokenCount: number;
  lastUsedAt: string | null;
  createdAt: string;
  createdBy: Creator;
  updatedAt: string;
}

/** The account, and how far its end has reached */
export interface DisabledServiceAccount {
  id: string;
  displayName: string;
  description: string;
  status: 'active' | 'disabled';
  organizationRole: 'member' | 'admin' | 'verifier';
  /** Member ids */
  owners: string[];
  /** The caller's own unique key */
  externalId: string | null;
  /** Tokens that were not deleted, expired ones included */
  tokenCount: number;
  lastUsedAt: string | null;
  createdAt: string;
  createdBy: Creator;
  updatedAt: string;
  receipt: Receipt;
}

/** One page of the list; `nextCursor` is null on the last one */
export interface ServiceAccountPage {
  items: ServiceAccount[];
  nextCursor: string | null;
}

export interface ServiceAccountInput {
  displayName: string;
  description?: string | undefined;
  organizationRole: 'member' | 'admin' | 'verifier';
  /** Unique in the organization, for declarative tools */
  externalId?: string | null | undefined;
}

/** Fields that are absent stay as they are */
export interface ServiceAccountUpdate {
  displayName?: string | undefined;
  description?: string | undefined;
  organizationRole?: 'member' | 'admin' | 'verifier' | undefined;
  /** Unique in the organization, for declarative tools */
  externalId?: string | null | undefined;
}

/** The old value, while it still works beside the new one */
export interface PreviousValue {
  hint: string;
  validUntil: string;
  lastUsedAt: string | null;
  lastUsedIp: string | null;
  lastUsedUserAgent: string | null;
}

/** A token; never its value */
export interface Token {
  id: string;
  /** The service account that it acts as */
  accountId: string;
  name: string;
  description: string;
  /** The last four characters of the value before its checksum */
  hint: string;
  status: 'active' | 'expired';
  /** The first instant at which it is no longer valid; null = never expires */
  expiresAt: string | null;
  createdAt: string;
  createdBy: Creator;
  refreshedAt: string | null;
  lastUsedAt: string | null;
  lastUsedIp: string | null;
  lastUsedUserAgent: string | null;
  /** Up to when all use is known */
  usageCompleteUntil: string;
  previous?: PreviousValue | undefined;
  /** Of deleted tokens only */
  deletedAt?: string | undefined;
}

/** A token with its new value */
export interface IssuedToken {
  token: Token;
  /** The secret; shown in this answer only */
  value: string;
  receipt?: Receipt | undefined;
}

export interface TokenInput {
  name: string;
  description?: string | undefined;
  /** null or absent = never expires */
  expiresAt?: string | null | undefined;
}

/** Fields that are absent stay as they are */
export interface TokenUpdate {
  name?: string | undefined;
  description?: string | undefined;
  /** Only ever earlier than it is */
  expiresAt?: string | undefined;
}

/** How many tokens were deleted, and how far that has reached */
export interface DeletedTokens {
  deleted: number;
  receipt: Receipt;
}

export interface RefreshInput {
  /** Absent = the same lifetime again, from now; null = never expires */
  expiresAt?: string | null | undefined;
  /** For how long the old value works beside the new one, never beyond its own expiry */
  overlapSeconds?: number | undefined;
}

/** The token, and how far the end of its old value has reached */
export interface TokenAfterOverlap {
  id: string;
  /** The service account that it acts as */
  accountId: string;
  name: string;
  description: string;
  /** The last four characters of the value before its checksum */
  hint: string;
  status: 'active' | 'expired';
  /** The first instant at which it is no longer valid; null = never expires */
  expiresAt: string | null;
  createdAt: string;
  createdBy: Creator;
  refreshedAt: string | null;
  lastUsedAt: string | null;
  lastUsedIp: string | null;
  lastUsedUserAgent: string | null;
  /** Up to when all use is known */
  usageCompleteUntil: string;
  previous?: PreviousValue | undefined;
  /** Of deleted tokens only */
  deletedAt?: string | undefined;
  receipt: Receipt;
}

/** One page of the list; `nextCursor` is null on the last one */
export interface TokenPage {
  items: Token[];
  nextCursor: string | null;
}

/** Where a value was used from, and by what */
export interface TokenCaller {
  /** null where a verifier did not tell */
  address: string | null;
  userAgent: string | null;
  firstAt: string;
  lastAt: string;
  calls: number;
}

/** One page of the list; `nextCursor` is null on the last one */
export interface TokenCallerPage {
  items: TokenCaller[];
  nextCursor: string | null;
}

export interface TokenUsage {
  /** Start of the hour or day, UTC */
  at: string;
  generation: number;
  outcome: 'allowed' | 'denied' | 'refused';
  calls: number;
}

export interface TokenUsageReport {
  from: string;
  to: string;
  by: 'hour' | 'day';
  items: TokenUsage[];
  nextCursor: string | null;
  /** Up to when all use is known */
  usageCompleteUntil: string;
}

/** At least one condition; tokens that meet all of them */
export interface TokenRevocation {
  /** Tokens of this service account */
  accountId?: string | undefined;
  /** Tokens that this principal created */
  createdBy?: string | undefined;
  createdBefore?: string | undefined;
  /** Not used since then, and made before */
  unusedSince?: string | undefined;
  /** Answer what would be revoked, and do nothing */
  dryRun?: boolean | undefined;
}

export interface RevokedTokens {
  revoked: number;
  /** The first 200 of them, as they were */
  tokens: Token[];
  receipt?: Receipt | undefined;
}

export interface Organization {
  id: string;
  name: string;
  plan: 'community' | 'commercial' | 'enterprise';
  createdAt: string;
}

export interface AuditActor {
  kind: 'service_account' | 'operator' | 'system';
  id: string | null;
  displayName: string;
  /** The token that it was done with */
  tokenId: string | null;
}

export interface AuditTarget {
  kind: 'organization' | 'service_account' | 'token';
  id: string;
  displayName: string | null;
}

export interface AuditEvent {
  id: string;
  at: string;
  /** noun.verb */
  action: string;
  outcome: 'done' | 'refused';
  /** The error that was answered, where it was refused */
  code: string | null;
  actor: AuditActor;
  target: AuditTarget | null;
  details: Record<string, unknown>;
  requestId: string | null;
  address: string | null;
  userAgent: string | null;
}

/** One page of the list; `nextCursor` is null on the last one */
export interface AuditEventPage {
  items: AuditEvent[];
  nextCursor: string | null;
}

export interface VerifyInput {
  /** The value that was presented, without `Bearer` */
  token: string;
  /** What its holder asks to do */
  permission?: string | undefined;
  /** The network address that presented it */
  clientAddress?: string | undefined;
  userAgent?: string | undefined;
}

/** One source of a permission */
export interface Because {
  source: 'organization_role';
  role: string;
}

/** What is not held, and where */
export interface Missing {
  permission: string;
  scope: 'organization';
}

/** Of a token that is not valid: `active` false, and nothing else */
export interface Verification {
  active: boolean;
  principal?: {
    id: string;
    kind: 'service_account' | 'member';
    displayName: string;
    organizationRole: string;
  } | undefined;
  organization?: {
    id: string;
    name: string;
  } | undefined;
  token?: {
    id: string;
    name: string;
    expiresAt: string | null;
    generation: number;
  } | undefined;
  /** Present when a permission was asked about */
  allowed?: boolean | undefined;
  because?: Because[] | undefined;
  missing?: Missing | undefined;
}

/** Every operation of the API, by method and path. */
export interface Operations {
  /** Who am I? */
  'GET /api/v1/me': {
    path: undefined;
    query: undefined;
    body: undefined;
    answer: Me;
  };
  /** End the token that this call is made with */
  'DELETE /api/v1/me/token': {
    path: undefined;
    query: undefined;
    body: undefined;
    answer: undefined;
  };
  /** List service accounts */
  'GET /api/v1/service-accounts': {
    path: undefined;
    query: {
      /** How many items at most */
      limit?: number | undefined;
      /** `nextCursor` of the page before, with the same filters */
      cursor?: string | undefined;
      /** Part of a name or description, in any case; wildcards are text */
      search?: string | undefined;
      status?: 'active' | 'disabled' | undefined;
      organizationRole?: 'member' | 'admin' | 'verifier' | undefined;
      /** Not used since then, and made before */
      unusedSince?: string | undefined;
      /** What to sort by; `-` reverses */
      sort?: 'name' | '-name' | 'lastUsedAt' | '-lastUsedAt' | 'createdAt' | '-createdAt' | undefined;
    };
    body: undefined;
    answer: ServiceAccountPage;
  };
  /** Create a service account */
  'POST /api/v1/service-accounts': {
    path: undefined;
    query: undefined;
    body: ServiceAccountInput;
    answer: ServiceAccount;
  };
  /** Read a service account */
  'GET /api/v1/service-accounts/{id}': {
    path: {
      id: string;
    };
    query: undefined;
    body: undefined;
    answer: ServiceAccount;
  };
  /** Change a service account */
  'PATCH /api/v1/service-accounts/{id}': {
    path: {
      id: string;
    };
    query: undefined;
    body: ServiceAccountUpdate;
    answer: ServiceAccount;
  };
  /** Delete a service account and all its tokens for good */
  'DELETE /api/v1/service-accounts/{id}': {
    path: {
      id: string;
    };
    query: undefined;
    body: undefined;
    answer: undefined;
  };
  /** Disable a service account */
  'POST /api/v1/service-accounts/{id}/disable': {
    path: {
      id: string;
    };
    query: undefined;
    body: undefined;
    answer: DisabledServiceAccount;
  };
  /** Enable a service account */
  'POST /api/v1/service-accounts/{id}/enable': {
    path: {
      id: string;
    };
    query: undefined;
    body: undefined;
    answer: ServiceAccount;
  };
  /** List the tokens of a service account */
  'GET /api/v1/service-accounts/{id}/tokens': {
    path: {
      id: string;
    };
    query: {
      /** How many items at most */
      limit?: number | undefined;
      /** `nextCursor` of the page before, with the same filters */
      cursor?: string | undefined;
      /** Part of a name or description, in any case; wildcards are text */
      search?: string | undefined;
      status?: 'active' | 'expired' | undefined;
      /** The hint of the value, or its beginning */
      hint?: string | undefined;
      expiresBefore?: string | undefined;
      /** Not used since then, and made before */
      unusedSince?: string | undefined;
      /** true: only tokens whose old value still works */
      overlap?: boolean | undefined;
      /** What to sort by; `-` reverses */
      sort?: 'name' | '-name' | 'lastUsedAt' | '-lastUsedAt' | 'createdAt' | '-createdAt' | 'expiresAt' | '-expiresAt' | undefined;
      /** true: only tokens that were deleted */
      deleted?: boolean | undefined;
    };
    body: undefined;
    answer: TokenPage;
  };
  /** Create a token; the only answer that holds its value */
  'POST /api/v1/service-accounts/{id}/tokens': {
    path: {
      id: string;
    };
    query: undefined;
    body: TokenInput;
    answer: IssuedToken;
  };
  /** Delete all tokens of a service account for good */
  'DELETE /api/v1/service-accounts/{id}/tokens': {
    path: {
      id: string;
    };
    query: undefined;
    body: undefined;
    answer: DeletedTokens;
  };
  /** Read a token */
  'GET /api/v1/service-accounts/{id}/tokens/{tokenId}': {
    path: {
      id: string;
      tokenId: string;
    };
    query: undefined;
    body: undefined;
    answer: Token;
  };
  /** Rename a token, or shorten its life */
  'PATCH /api/v1/service-accounts/{id}/tokens/{tokenId}': {
    path: {
      id: string;
      tokenId: string;
    };
    query: undefined;
    body: TokenUpdate;
    answer: Token;
  };
  /** Delete a token for good */
  'DELETE /api/v1/service-accounts/{id}/tokens/{tokenId}': {
    path: {
      id: string;
      tokenId: string;
    };
    query: undefined;
    body: undefined;
    answer: undefined;
  };
  /** Give a token a new value */
  'POST /api/v1/service-accounts/{id}/tokens/{tokenId}/refresh': {
    path: {
      id: string;
      tokenId: string;
    };
    query: undefined;
    body: RefreshInput | undefined;
    answer: IssuedToken;
  };
  /** End the overlap: the old value dies now */
  'POST /api/v1/service-accounts/{id}/tokens/{tokenId}/end-overlap': {
    path: {
      id: string;
      tokenId: string;
    };
    query: undefined;
    body: undefined;
    answer: TokenAfterOverlap;
  };
  /** Who uses a value of this token */
  'GET /api/v1/service-accounts/{id}/tokens/{tokenId}/callers': {
    path: {
      id: string;
      tokenId: string;
    };
    query: {
      generation?: 'current' | 'previous' | undefined;
    };
    body: undefined;
    answer: TokenCallerPage;
  };
  /** Calls of a token by hour or day, generation and outcome */
  'GET /api/v1/service-accounts/{id}/tokens/{tokenId}/usage': {
    path: {
      id: string;
      tokenId: string;
    };
    query: {
      /** 30 days before `to`, if absent */
      from?: string | undefined;
      /** Now, if absent */
      to?: string | undefined;
      by?: 'hour' | 'day' | undefined;
    };
    body: undefined;
    answer: TokenUsageReport;
  };
  /** List all tokens of the organization */
  'GET /api/v1/tokens': {
    path: undefined;
    query: {
      /** How many items at most */
      limit?: number | undefined;
      /** `nextCursor` of the page before, with the same filters */
      cursor?: string | undefined;
      /** Part of a name or description, in any case; wildcards are text */
      search?: string | undefined;
      status?: 'active' | 'expired' | undefined;
      /** The hint of the value, or its beginning */
      hint?: string | undefined;
      expiresBefore?: string | undefined;
      /** Not used since then, and made before */
      unusedSince?: string | undefined;
      /** true: only tokens whose old value still works */
      overlap?: boolean | undefined;
      /** What to sort by; `-` reverses */
      sort?: 'name' | '-name' | 'lastUsedAt' | '-lastUsedAt' | 'createdAt' | '-createdAt' | 'expiresAt' | '-expiresAt' | undefined;
    };
    body: undefined;
    answer: TokenPage;
  };
  /** Revoke every token that meets the conditions */
  'POST /api/v1/tokens/revoke': {
    path: undefined;
    query: undefined;
    body: TokenRevocation;
    answer: RevokedTokens;
  };
  /** Read the caller's organization */
  'GET /api/v1/organization': {
    path: undefined;
    query: undefined;
    body: undefined;
    answer: Organization;
  };
  /** What was done, and what was refused; newest first */
  'GET /api/v1/audit-events': {
    path: undefined;
    query: {
      /** How many items at most */
      limit?: number | undefined;
      /** `nextCursor` of the page before, with the same filters */
      cursor?: string | undefined;
      actorId?: string | undefined;
      targetId?: string | undefined;
      action?: string | undefined;
      /** The X-Request-Id of an answer, refused credentials included */
      requestId?: string | undefined;
      from?: string | undefined;
      to?: string | undefined;
    };
    body: undefined;
    answer: AuditEventPage;
  };
  /** Who presents this token, and may they do that? */
  'POST /api/v1/tokens/verify': {
    path: undefined;
    query: undefined;
    body: VerifyInput;
    answer: Verification;
  };
}

/** The closed list of codes that the server answers errors with. */
export type ErrorCode =
  | 'request.malformed'
  | 'request.invalid'
  | 'request.credentials_ambiguous'
  | 'request.credentials_misplaced'
  | 'idempotency.key_invalid'
  | 'credentials.missing'
  | 'token.malformed'
  | 'token.invalid'
  | 'permission.missing'
  | 'token.exceeds_credential'
  | 'plan.required'
  | 'route.not_found'
  | 'service_account.not_found'
  | 'token.not_found'
  | 'request.method_not_allowed'
  | 'request.timeout'
  | 'service_account.disabled'
  | 'service_account.external_id_taken'
  | 'token.refresh_conflict'
  | 'token.overlap_in_progress'
  | 'caller.locked_out'
  | 'idempotency.mismatch'
  | 'idempotency.superseded'
  | 'precondition.failed'
  | 'request.too_large'
  | 'request.media_type'
  | 'rate.limited'
  | 'request.headers_too_large'
  | 'internal'
  | 'storage.unavailable'
  | 'outcome_unknown';
