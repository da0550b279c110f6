import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Client } from 'pg';
import type { PosternData } from '../postern-process.ts';

/** What the database holds, read past Postern, in one snapshot. Times are milliseconds; an end that never comes is null. */
export interface DatabaseView {
  readonly organizations: readonly OrganizationRow[];
  readonly accounts: readonly AccountRow[];
  readonly tokens: readonly TokenRow[];
  readonly digests: readonly DigestRow[];
  readonly events: readonly EventRow[];
  readonly changes: readonly ChangeRow[];
  readonly head: number;
  readonly idempotentAnswers: number;
  /** Uses of each token that were counted, refused ones aside. */
  readonly calls: ReadonlyMap<string, number>;
}

export interface OrganizationRow {
  readonly id: string;
  readonly changePosition: number;
}

export interface AccountRow {
  readonly id: string;
  readonly name: string;
  readonly status: string;
  readonly tokenCount: number;
}

export interface TokenRow {
  readonly id: string;
  readonly accountId: string;
  readonly name: string;
  readonly generation: number;
  readonly expiresAt: number | null;
  readonly deleted: boolean;
}

export interface DigestRow {
  readonly tokenId: string;
  readonly generation: number;
  readonly state: string;
  readonly validUntil: number | null;
}

export interface EventRow {
  readonly id: string;
  readonly at: number;
  readonly action: string;
  readonly outcome: string;
  readonly code: string | null;
  readonly targetId: string | null;
  readonly details: Readonly<Record<string, unknown>>;
  readonly requestId: string | null;
  readonly mark: string | null;
}

export interface ChangeRow {
  readonly position: number;
  readonly organizationId: string;
  readonly organizationPosition: number;
  readonly kind: string;
  readonly subjectId: string;
}

type Row = Readonly<Record<string, string | number | null>>;
type Query = (sql: string) => Promise<readonly Row[]>;

const BIGINT_OID = 20;

export function readDatabase(data: PosternData): Promise<DatabaseView> {
  return data.databaseUrl === undefined
    ? readSqlite(join(data.directory, 'data', 'postern.db'))
    : readPostgres(data.databaseUrl);
}

async function readSqlite(path: string): Promise<DatabaseView> {
  const database = new DatabaseSync(path, { readOnly: true, timeout: 5_000 });
  try {
    database.exec('begin');
    return await read(async (sql) => database.prepare(sql).all() as Row[]);
  } finally {
    database.close();
  }
}

async function readPostgres(url: string): Promise<DatabaseView> {
  const client = new Client({ connectionString: url });
  client.setTypeParser(BIGINT_OID, Number);
  await client.connect();
  try {
    await client.query('begin isolation level repeatable read, read only');
    return await read(async (sql) => (await client.query<Row>(sql)).rows);
  } finally {
    await client.end();
  }
}

async function read(query: Query): Promise<DatabaseView> {
  const organizations = await query('select id, change_position as position from organization');
  const accounts = await query('select id, display_name as name, status, token_count as tokens from principal');
  const tokens = await query('select id, account_id, name, generation, expires_at, deleted_at from token');
  const digests = await query('select token_id, generation, state, valid_until from token_digest');
  const events = await query(
    'select id, at, action, outcome, code, target_id, details, request_id, user_agent from audit_event order by at, id',
  );
  const changes = await query(
    'select position, organization_id, organization_position, kind, subject_id from change_log order by position',
  );
  const [head] = await query('select position from change_head');
  const [answers] = await query('select cast(count(*) as integer) as count from idempotency');
  const calls = await query(
    'select token_id, cast(sum(calls) as integer) as calls from token_usage_hour group by token_id',
  );
  return {
    organizations: organizations.map((row) => ({ id: text(row['id']), changePosition: number(row['position']) })),
    accounts: accounts.map((row) => ({
      id: text(row['id']),
      name: text(row['name']),
      status: text(row['status']),
      tokenCount: number(row['tokens']),
    })),
    tokens: tokens.map((row) => ({
      id: text(row['id']),
      accountId: text(row['account_id']),
      name: text(row['name']),
      generation: number(row['generation']),
      expiresAt: end(row['expires_at']),
      deleted: row['deleted_at'] !== null,
    })),
    digests: digests.map((row) => ({
      tokenId: text(row['token_id']),
      generation: number(row['generation']),
      state: text(row['state']),
      validUntil: end(row['valid_until']),
    })),
    events: events.map((row) => ({
      id: text(row['id']),
      at: number(row['at']),
      action: text(row['action']),
      outcome: text(row['outcome']),
      code: optional(row['code']),
      targetId: optional(row['target_id']),
      details: JSON.parse(text(row['details'])),
      requestId: optional(row['request_id']),
      mark: optional(row['user_agent']),
    })),
    changes: changes.map((row) => ({
      position: number(row['position']),
      organizationId: text(row['organization_id']),
      organizationPosition: number(row['organization_position']),
      kind: text(row['kind']),
      subjectId: text(row['subject_id']),
    })),
    head: number(head?.['position']),
    idempotentAnswers: number(answers?.['count']),
    calls: new Map(calls.map((row) => [text(row['token_id']), number(row['calls'])])),
  };
}

type Value = Row[string] | undefined;

function text(value: Value): string {
  return String(value);
}

function optional(value: Value): string | null {
  return value === null || value === undefined ? null : String(value);
}

function number(value: Value): number {
  return Number(value);
}

/** The engines write "never" as the largest number that both can hold exactly. */
function end(value: Value): number | null {
  const at = number(value);
  return at === Number.MAX_SAFE_INTEGER ? null : at;
}
