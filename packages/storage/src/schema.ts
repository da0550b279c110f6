import type {
  AuditTarget,
  ChangeKind,
  GenerationState,
  LeakResponse,
  OrganizationRole,
  Plan,
  Quarantine,
  UsageOutcome,
} from '@postern/core';
import type { Generated } from 'kysely';
import type { AccessSchema } from './schema-access.ts';
import type { SignInSchema } from './sign-in-schema.ts';

/**
 * The tables, the same on both engines. Times are milliseconds since the epoch. Where a list sorts by a time that may be
 * missing, the column holds a number in its place (`NEVER_USED`, `NEVER_ENDS`), so that pages are plain index ranges.
 */
export interface Schema extends AccessSchema, SignInSchema {
  organization: OrganizationTable;
  principal: PrincipalTable;
  token: TokenTable;
  token_digest: TokenDigestTable;
  token_generation_use: TokenGenerationUseTable;
  token_usage_hour: TokenUsageHourTable;
  token_caller: TokenCallerTable;
  token_refusal: TokenRefusalTable;
  audit_event: AuditEventTable;
  audit_event_request: AuditEventRequestTable;
  audit_event_principal: AuditEventPrincipalTable;
  idempotency: IdempotencyTable;
  idempotency_seal: IdempotencySealTable;
  change_head: ChangeHeadTable;
  change_log: ChangeLogTable;
  node: NodeTable;
  usage_report: UsageReportTable;
  verifier: VerifierTable;
  secret_key_check: SecretKeyCheckTable;
  bootstrap: BootstrapTable;
  migration: MigrationTable;
  installation: InstallationTable;
  revocation: RevocationTable;
  cleanup: CleanupTable;
}

/** In `last_used_at`: not used yet. Sorts before every use. */
export const NEVER_USED = 0;
/** In `expires_at` and `valid_until`: no end. Sorts after every end. */
export const NEVER_ENDS = Number.MAX_SAFE_INTEGER;

export interface OrganizationTable {
  id: string;
  name: string;
  plan: Plan;
  /** JSON. */
  token_policy: string;
  leak_response: LeakResponse;
  /** Set by a restore, until somebody says what becomes of the tokens. */
  quarantine: Generated<Quarantine>;
  created_at: number;
  version: number;
  /** How many changes the organization's own log has. */
  change_position: number;
}

export interface CreatorColumns {
  created_by_kind: 'service_account' | 'member' | 'operator';
  created_by_id: string | null;
  created_by_name: string;
}

/** Service accounts, and the people who are members. */
export interface PrincipalTable extends CreatorColumns {
  id: string;
  kind: 'service_account' | 'member';
  organization_id: string;
  display_name: string;
  description: string;
  name_key: string;
  search_text: string;
  /** Deleted accounts stay as tombstones: their ids are never reused, and late uses of their tokens are noticed. */
  status: 'invited' | 'active' | 'disabled' | 'deleted';
  organization_role: OrganizationRole;
  external_id: string | null;
  /** Of a service account: ids of members, a JSON array without spaces. */
  owners: string;
  /** Of a member, in lower case. */
  email: string | null;
  /** Who the member is to sign-in, from joining on until it is deleted. */
  user_id: string | null;
  /** Of living tokens. */
  token_count: number;
  /** When its tokens ended with it, while some of them are still to be marked as deleted. */
  tokens_end_at: number | null;
  last_used_at: number;
  created_at: number;
  updated_at: number;
  version: number;
}

export interface TokenTable extends CreatorColumns {
  id: string;
  organization_id: string;
  account_id: string;
  name: string;
  description: string;
  name_key: string;
  search_text: string;
  hint: string;
  generation: number;
  expires_at: number;
  /** JSON. */
  restrictions: string | null;
  created_at: number;
  minted_by: string | null;
  refreshed_at: number | null;
  last_used_at: number;
  last_used_ip: string | null;
  last_used_user_agent: string | null;
  /** A token may have ended without it: `IS_LIVING`. */
  deleted_at: number | null;
  version: number;
}

/** One row per generation. */
export interface TokenDigestTable {
  digest: string;
  key_id: string;
  organization_id: string;
  token_id: string;
  generation: number;
  state: GenerationState;
  valid_until: number;
  hint: string;
  created_at: number;
  retired_at: number | null;
}

export interface TokenGenerationUseTable {
  token_id: string;
  generation: number;
  last_at: number;
  address: string;
  user_agent: string;
}

export interface TokenUsageHourTable {
  token_id: string;
  generation: number;
  hour: number;
  outcome: UsageOutcome;
  calls: number;
}

export interface TokenCallerTable {
  token_id: string;
  generation: number;
  address: string;
  user_agent: string;
  first_at: number;
  last_at: number;
  calls: number;
}

/** Refused uses that went into one audit event. */
export interface TokenRefusalTable {
  token_id: string;
  generation: number;
  reason: string;
  network: string;
  hour: number;
  event_id: string;
  calls: number;
}

export interface AuditEventTable {
  id: string;
  organization_id: string;
  at: number;
  action: string;
  outcome: 'done' | 'refused';
  code: string | null;
  actor_kind: 'service_account' | 'member' | 'operator' | 'system';
  actor_id: string | null;
  actor_name: string;
  actor_token_id: string | null;
  target_kind: AuditTarget['kind'] | null;
  target_id: string | null;
  target_name: string | null;
  /** JSON. */
  details: string;
  request_id: string | null;
  address: string | null;
  user_agent: string | null;
}

/** Requests that went into a counted event. */
export interface AuditEventRequestTable {
  organization_id: string;
  request_id: string;
  event_id: string;
}

/** What concerns a service account or a member: done by it, or to it, to one of its tokens or to a role of it. */
export interface AuditEventPrincipalTable {
  organization_id: string;
  principal_id: string;
  /** That of the event. */
  at: number;
  event_id: string;
}

export interface IdempotencyTable {
  row_key: string;
  organization_id: string;
  fingerprint: string;
  created_at: number;
  /** JSON. */
  answer: string;
  /** Which value it holds, sealed until that value ends; null where it holds none. */
  account_id: string | null;
  token_id: string | null;
  generation: number | null;
}

/** The value of an answer, for as long as it works. */
export interface IdempotencySealTable {
  organization_id: string;
  account_id: string;
  token_id: string;
  row_key: string;
  sealed: string;
}

export interface ChangeHeadTable {
  id: number;
  position: number;
}

export interface ChangeLogTable {
  position: number;
  nonce: string;
  organization_id: string;
  organization_position: number;
  kind: ChangeKind;
  subject_id: string;
}

export interface NodeTable {
  id: string;
  acked: number;
  renewals: number;
  joined_at: number;
  usage_complete_until: number;
  /** By the database's clock, for people to see. */
  renewed_at: Generated<number>;
  /** Of the server on which it has joined; null where that is not known. */
  history: string | null;
}

export interface UsageReportTable {
  organization_id: string;
  report_id: string;
  at: number;
}

/** A verifier outside that has reported, and may have answered since. */
export interface VerifierTable {
  organization_id: string;
  principal_id: string;
  id: string;
  complete_until: number;
  seen_at: number;
}

/** One row: which database this is, for ever; and which life of it, one more with each restore. */
export interface InstallationTable {
  id: number;
  instance: string;
  incarnation: number;
  /** In a copy: when it began to be made. */
  backup_at: number | null;
  /** What processes tell each other is sealed with it; hexadecimal digits. */
  notification_key: string;
}

/** A revocation that a journal may not have yet. */
export interface RevocationTable {
  organization_id: string;
  position: number;
  nonce: string;
  at: number;
  /** JSON. */
  ended: string;
}

/** One row: whose the sweep is, and how far it has come. */
export interface CleanupTable {
  id: number;
  claimed_until: number;
  token_cursor: string;
  token_next_at: number;
  organization_cursor: string;
  organization_next_at: number;
  change_cursor: number;
}

export interface SecretKeyCheckTable {
  kid: string;
  check_value: string;
}

/** One row after the first start, for ever. */
export interface BootstrapTable {
  id: number;
  at: number;
}

export interface MigrationTable {
  number: number;
  name: string;
  applied_at: number;
}
