import type { ColumnTypes, Migration } from './migrate.ts';

/**
 * People who sign in, their sessions and how they prove who they are. The library that proves it writes these tables:
 * its times are RFC 3339 text in UTC, its truth values 0 and 1. It has no column for a provider's tokens.
 */
export const signIn: Migration = { number: 3, name: 'sign_in', statements };

function statements({ text, integer, table }: ColumnTypes): readonly string[] {
  const userId = `user_id ${text} not null references auth_user (id) on delete cascade`;
  const written = `created_at ${text} not null, updated_at ${text} not null`;
  return [
    `create table auth_user (
      id ${text} primary key,
      email ${text} not null unique,
      email_verified ${integer} not null,
      name ${text} not null,
      image ${text},
      two_factor_enabled ${integer},
      ended_epoch ${integer} not null default 0,
      ${written}
    )${table}`,
    `create table auth_epoch (id ${integer} primary key, value ${integer} not null)${table}`,
    `insert into auth_epoch (id, value) values (1, 0)`,
    `create table auth_session (
      id ${text} primary key,
      ${userId},
      token_digest ${text} not null unique,
      expires_at ${text} not null,
      ip_address ${text},
      user_agent ${text},
      ${written}
    )${table}`,
    `create index auth_session_of_user on auth_session (user_id, created_at)`,
    `create table auth_account (
      id ${text} primary key,
      ${userId},
      provider_id ${text} not null,
      account_id ${text} not null,
      password_hash ${text},
      ${written},
      unique (provider_id, account_id)
    )${table}`,
    `create index auth_account_of_user on auth_account (user_id)`,
    `create table auth_verification (
      id ${text} primary key,
      identifier_digest ${text} not null,
      value ${text} not null,
      expires_at ${text} not null,
      ${written}
    )${table}`,
    `create index auth_verification_by_identifier on auth_verification (identifier_digest)`,
    `create index auth_verification_by_end on auth_verification (expires_at)`,
    `create table auth_two_factor (
      id ${text} primary key,
      ${userId},
      secret ${text} not null,
      backup_codes ${text} not null,
      verified ${integer},
      failed_verification_count ${integer},
      locked_until ${text}
    )${table}`,
    `create unique index auth_two_factor_of_user on auth_two_factor (user_id)`,
  ];
}
