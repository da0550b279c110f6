import type { ColumnTypes, Migration } from './migrate.ts';

/** Organizations, service accounts, tokens and their use, the audit log, the change log, and the nodes that follow it. */
export const foundation: Migration = { number: 1, name: 'foundation', statements };

function statements({ text, integer, table, clustered }: ColumnTypes): readonly string[] {
  const createdBy = `created_by_kind ${text} not null, created_by_id ${text}, created_by_name ${text} not null`;
  return [
    `create table organization (
      id ${text} primary key,
      name ${text} not null,
      plan ${text} not null,
      created_at ${integer} not null,
      version ${integer} not null,
      change_position ${integer} not null
    )${table}`,

    `create table service_account (
      id ${text} primary key,
      organization_id ${text} not null references organization (id),
      display_name ${text} not null,
      description ${text} not null,
      name_key ${text} not null,
      search_text ${text} not null,
      status ${text} not null,
      organization_role ${text} not null,
      external_id ${text},
      token_count ${integer} not null,
      last_used_at ${integer} not null,
      created_at ${integer} not null,
      updated_at ${integer} not null,
      version ${integer} not null,
      ${createdBy}
    )${table}`,
    `create unique index service_account_external_id on service_account (organization_id, external_id)
      where external_id is not null and status <> 'deleted'`,
    `create index service_account_by_name on service_account (organization_id, name_key, id) where status <> 'deleted'`,
    `create index service_account_by_use on service_account (organization_id, last_used_at, id)
      where status <> 'deleted'`,
    `create index service_account_by_creation on service_account (organization_id, created_at, id)
      where status <> 'deleted'`,

    `create table token (
      id ${text} primary key,
      organization_id ${text} not null,
      account_id ${text} not null references service_account (id),
      name ${text} not null,
      description ${text} not null,
      name_key ${text} not null,
      search_text ${text} not null,
      hint ${text} not null,
      generation ${integer} not null,
      expires_at ${integer} not null,
      created_at ${integer} not null,
      minted_by ${text},
      refreshed_at ${integer},
      last_used_at ${integer} not null,
      last_used_ip ${text},
      last_used_user_agent ${text},
      deleted_at ${integer},
      version ${integer} not null,
      ${createdBy}
    )${table}`,
    `create index token_by_name on token (organization_id, name_key, id) where deleted_at is null`,
    `create index token_by_use on token (organization_id, last_used_at, id) where deleted_at is null`,
    `create index token_by_creation on token (organization_id, created_at, id) where deleted_at is null`,
    `create index token_by_expiry on token (organization_id, expires_at, id) where deleted_at is null`,
    `create index token_of_account on token (organization_id, account_id, name_key, id) where deleted_at is null`,
    `create index token_deleted on token (organization_id, account_id, name_key, id) where deleted_at is not null`,
    `create index token_by_deletion on token (organization_id, deleted_at) where deleted_at is not null`,

    `create table token_digest (
      digest ${text} primary key,
      key_id ${text} not null,
      organization_id ${text} not null,
      token_id ${text} not null references token (id),
      generation ${integer} not null,
      state ${text} not null,
      valid_until ${integer} not null,
      hint ${text} not null,
      created_at ${integer} not null,
      retired_at ${integer}
    )${clustered}`,
    `create unique index token_digest_by_generation on token_digest (token_id, generation)`,
    `create index token_digest_by_hint on token_digest (organization_id, hint)`,
    `create unique index token_digest_retiring on token_digest (token_id) where state = 'retiring'`,
    `create index token_digest_overlap on token_digest (organization_id, valid_until) where state = 'retiring'`,
    `create index token_digest_retired on token_digest (organization_id, retired_at) where state = 'retired'`,

    `create table token_generation_use (
      token_id ${text} not null,
      generation ${integer} not null,
      last_at ${integer} not null,
      address ${text} not null,
      user_agent ${text} not null,
      primary key (token_id, generation)
    )${clustered}`,
    `create table token_usage_hour (
      token_id ${text} not null,
      generation ${integer} not null,
      hour ${integer} not null,
      outcome ${text} not null,
      calls ${integer} not null,
      primary key (token_id, hour, generation, outcome)
    )${clustered}`,
    `create table token_caller (
      token_id ${text} not null,
      generation ${integer} not null,
      address ${text} not null,
      user_agent ${text} not null,
      first_at ${integer} not null,
      last_at ${integer} not null,
      calls ${integer} not null,
      primary key (token_id, generation, address, user_agent)
    )${clustered}`,
    `create table token_refusal (
      token_id ${text} not null,
      generation ${integer} not null,
      reason ${text} not null,
      network ${text} not null,
      hour ${integer} not null,
      event_id ${text} not null,
      calls ${integer} not null,
      primary key (token_id, generation, reason, network, hour)
    )${clustered}`,

    `create table audit_event (
      id ${text} primary key,
      organization_id ${text} not null,
      at ${integer} not null,
      action ${text} not null,
      outcome ${text} not null,
      code ${text},
      actor_kind ${text} not null,
      actor_id ${text},
      actor_name ${text} not null,
      actor_token_id ${text},
      target_kind ${text},
      target_id ${text},
      target_name ${text},
      details ${text} not null,
      request_id ${text},
      address ${text},
      user_agent ${text}
    )${table}`,
    `create index audit_event_by_time on audit_event (organization_id, at, id)`,
    `create index audit_event_by_actor on audit_event (organization_id, actor_id, at, id)`,
    `create index audit_event_by_target on audit_event (organization_id, target_id, at, id)`,
    `create index audit_event_by_request on audit_event (organization_id, request_id) where request_id is not null`,
    `create table audit_event_request (
      organization_id ${text} not null,
      request_id ${text} not null,
      event_id ${text} not null,
      primary key (organization_id, request_id, event_id)
    )${clustered}`,
    `create index audit_event_request_by_event on audit_event_request (event_id)`,

    `create table idempotency (
      row_key ${text} primary key,
      organization_id ${text} not null,
      fingerprint ${text} not null,
      created_at ${integer} not null,
      answer ${text} not null,
      sealed ${text},
      superseded ${integer} not null,
      account_id ${text},
      token_id ${text},
      generation ${integer}
    )${table}`,
    `create index idempotency_by_age on idempotency (organization_id, created_at)`,
    `create index idempotency_sealed on idempotency (organization_id, token_id) where sealed is not null`,

    `create table change_head (id ${integer} primary key, position ${integer} not null)${table}`,
    `insert into change_head (id, position) values (1, 0)`,
    `create table change_log (
      position ${integer} primary key,
      nonce ${text} not null,
      organization_id ${text} not null,
      organization_position ${integer} not null,
      kind ${text} not null,
      subject_id ${text} not null
    )${table}`,
    `create unique index change_log_of_organization on change_log (organization_id, organization_position)`,
    `create table node (
      id ${text} primary key,
      acked ${integer} not null,
      renewals ${integer} not null,
      joined_at ${integer} not null,
      usage_complete_until ${integer} not null
    )${table}`,

    `create table secret_key_check (kid ${text} primary key, check_value ${text} not null)${table}`,
    `create table bootstrap (id ${integer} primary key, at ${integer} not null)${table}`,
  ];
}
