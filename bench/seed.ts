import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import {
  digestToken,
  encodeTokenValue,
  newId,
  type OrganizationRole,
  parseSecretKey,
  type SecretKey,
  tokenHint,
} from '@postern/core';
import { Client } from 'pg';
import type { PosternData } from '../testing/postern-process.ts';

/**
 * Fills a database with tokens in bulk, past Postern, which must not be running: one account for so many tokens, each
 * token with one current value that never expires, stored under the server's key like any other. Indexes are dropped
 * first and made again after. There are no audit events and no changes for these rows.
 */

const TOKENS_PER_ACCOUNT = 100;
const ROWS_PER_STATEMENT = 5_000;
const NEVER = Number.MAX_SAFE_INTEGER;
const WAIT_FOR_NOTHING = 'pragma synchronous = off; pragma cache_size = -1000000';

export interface Seed {
  readonly organizationId: string;
  readonly secretKey: string;
  readonly count: number;
  /** Absent = 100. */
  readonly tokensPerAccount?: number;
  /** Of the accounts; absent = member. */
  readonly organizationRole?: OrganizationRole;
}

type Row = readonly (string | number | null)[];

interface Rows {
  readonly accounts: readonly Row[];
  readonly tokens: readonly Row[];
  readonly digests: readonly Row[];
}

const ACCOUNT_COLUMNS =
  'id, organization_id, display_name, description, name_key, search_text, status, organization_role, external_id, ' +
  'token_count, last_used_at, created_at, updated_at, version, created_by_kind, created_by_id, created_by_name';
const TOKEN_COLUMNS =
  'id, organization_id, account_id, name, description, name_key, search_text, hint, generation, expires_at, created_at, ' +
  'minted_by, refreshed_at, last_used_at, last_used_ip, last_used_user_agent, deleted_at, version, created_by_kind, ' +
  'created_by_id, created_by_name';
const DIGEST_COLUMNS =
  'digest, key_id, organization_id, token_id, generation, state, valid_until, hint, created_at, retired_at';

const TABLES = [
  ['principal', ACCOUNT_COLUMNS, 'accounts'],
  ['token', TOKEN_COLUMNS, 'tokens'],
  ['token_digest', DIGEST_COLUMNS, 'digests'],
] as const;

/** The value of the token with that number; the same in every run. */
export function seededValue(number: number): string {
  return encodeTokenValue(createHash('sha256').update(`bench ${number}`).digest()).reveal();
}

export async function seed(data: PosternData, what: Seed): Promise<void> {
  const key = parseSecretKey(what.secretKey);
  if (!key) throw new Error('the secret key is none');
  const rows = makeRows(what, key);
  if (data.databaseUrl === undefined) seedSqlite(join(data.directory, 'data', 'postern.db'), rows);
  else await seedPostgres(data.databaseUrl, rows);
}

function makeRows(
  { organizationId, count, tokensPerAccount = TOKENS_PER_ACCOUNT, organizationRole = 'member' }: Seed,
  key: SecretKey,
): Rows {
  const at = Date.now();
  // Ids in the order of their making, as they are in a database that grew.
  let clock = at - count;
  const id = (kind: 'service_account' | 'token', from: number): string =>
    newId(kind, { now: () => clock }, (size) =>
      createHash('sha256').update(`${kind} ${from}`).digest().subarray(0, size),
    );
  const creator = ['operator', null, 'operator'] as const;
  const accounts: Row[] = [];
  const tokens: Row[] = [];
  const digests: Row[] = [];
  let accountId = '';
  for (let number = 0; number < count; number += 1) {
    clock += 1;
    if (number % tokensPerAccount === 0) {
      accountId = id('service_account', number);
      const name = `pipeline-${number / tokensPerAccount}`;
      const held = Math.min(tokensPerAccount, count - number);
      accounts.push([
        ...[accountId, organizationId, name, '', name, name, 'active', organizationRole, null],
        ...[held, 0, at, at, 1, ...creator],
      ]);
    }
    const value = encodeTokenValue(createHash('sha256').update(`bench ${number}`).digest());
    const tokenId = id('token', number);
    const name = `token-${number}`;
    const hint = tokenHint(value);
    tokens.push([
      ...[tokenId, organizationId, accountId, name, '', name, name, hint, 1, NEVER, at],
      ...[null, null, 0, null, null, null, 1, ...creator],
    ]);
    const { digest, keyId } = digestToken(value, key);
    digests.push([digest, keyId, organizationId, tokenId, 1, 'current', NEVER, hint, at, null]);
  }
  // In the order of the table that holds them.
  digests.sort((one, other) => (String(one[0]) < String(other[0]) ? -1 : 1));
  return { accounts, tokens, digests };
}

function seedSqlite(path: string, rows: Rows): void {
  const database = new DatabaseSync(path);
  try {
    database.exec(WAIT_FOR_NOTHING);
    const indexes = database
      .prepare(
        `select name, sql from sqlite_schema where type = 'index' and sql is not null
         and tbl_name in ('principal', 'token', 'token_digest')`,
      )
      .all() as { name: string; sql: string }[];
    database.exec('begin immediate');
    for (const { name } of indexes) database.exec(`drop index ${name}`);
    for (const [table, columns, source] of TABLES) {
      const marks = columns.split(',').map(() => '?');
      const insert = database.prepare(`insert into ${table} (${columns}) values (${marks})`);
      for (const row of rows[source]) insert.run(...row);
    }
    for (const { sql } of indexes) database.exec(sql);
    database.exec('commit; pragma wal_checkpoint(truncate)');
  } finally {
    database.close();
  }
}

async function seedPostgres(url: string, rows: Rows): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const { rows: indexes } = await client.query<{ name: string; sql: string }>(
      `select indexname as name, indexdef as sql from pg_indexes
       where tablename in ('principal', 'token', 'token_digest')
       and indexname not in (select conname from pg_constraint)`,
    );
    await client.query('begin');
    for (const { name } of indexes) await client.query(`drop index ${name}`);
    for (const [table, columns, source] of TABLES) {
      for (let start = 0; start < rows[source].length; start += ROWS_PER_STATEMENT) {
        const part = rows[source].slice(start, start + ROWS_PER_STATEMENT);
        const text = JSON.stringify(
          part.map((row) => Object.fromEntries(columns.split(', ').map((column, at) => [column, row[at]]))),
        );
        await client.query(
          `insert into ${table} (${columns}) select ${columns} from json_populate_recordset(null::${table}, $1)`,
          [text],
        );
      }
    }
    for (const { sql } of indexes) await client.query(sql);
    await client.query('commit');
    await client.query('vacuum analyze');
  } finally {
    await client.end();
  }
}
