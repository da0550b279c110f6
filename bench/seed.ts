import { hash } from 'node:crypto';
import { join } from 'node:path';
import {
  digestToken,
  encodeTokenValue,
  newId,
  type OrganizationRole,
  parseSecretKey,
  parseTokenValue,
  type SecretKey,
  TOKEN_LENGTH,
  type TokenValue,
  tokenHint,
} from '@postern/core';
import type { PosternData } from '../testing/postern-process.ts';
import { createRandom } from '../testing/random.ts';
import { fillPostgres, fillSqlite, type Row, type Table } from './fill.ts';

/**
 * Fills a database with tokens in bulk, past Postern, which must not be running: one account for so many tokens, each
 * token with one current value that never expires, stored under the server's key like any other. There are no audit events
 * and no changes for these rows.
 */
export interface Seed {
  readonly organizationId: string;
  readonly secretKey: string;
  /** 8,388,608 at most. */
  readonly count: number;
  /** Absent = 100. */
  readonly tokensPerAccount?: number;
  /** Of the accounts; absent = member. */
  readonly organizationRole?: OrganizationRole;
}

const NEVER = Number.MAX_SAFE_INTEGER;
const LINE_BYTES = TOKEN_LENGTH + 1;
const DIGEST_BYTES = 32;
const CREATOR = ['operator', null, 'operator'] as const;

const ACCOUNT_COLUMNS =
  'id, organization_id, display_name, description, name_key, search_text, status, organization_role, external_id, ' +
  'token_count, last_used_at, created_at, updated_at, version, created_by_kind, created_by_id, created_by_name';
const TOKEN_COLUMNS =
  'id, organization_id, account_id, name, description, name_key, search_text, hint, generation, expires_at, created_at, ' +
  'minted_by, refreshed_at, last_used_at, last_used_ip, last_used_user_agent, deleted_at, version, created_by_kind, ' +
  'created_by_id, created_by_name';
const DIGEST_COLUMNS =
  'digest, key_id, organization_id, token_id, generation, state, valid_until, hint, created_at, retired_at';

/** The value with that number; the same in every run. */
export function seededValue(number: number): string {
  return seeded(number).reveal();
}

function seeded(number: number): TokenValue {
  return encodeTokenValue(hash('sha256', `bench ${number}`, 'buffer'));
}

/** Resolves with all values, one a line, in an order that has nothing to do with that of the database. */
export async function seed(data: PosternData, what: Seed): Promise<Buffer> {
  const key = parseSecretKey(what.secretKey);
  if (!key) throw new Error('the secret key is none');
  const values = Buffer.alloc(what.count * LINE_BYTES, '\n');
  const tables = makeTables(what, key, values);
  if (data.databaseUrl === undefined) fillSqlite(join(data.directory, 'data', 'postern.db'), tables);
  else await fillPostgres(data.databaseUrl, tables);
  return values;
}

/** Of all values, the lines of so many of them. */
export function firstValues(values: Buffer, count: number): Buffer {
  return values.subarray(0, count * LINE_BYTES);
}

/** The rows are made as they are asked for; those of digests, from what those of tokens have left. */
function makeTables(
  { organizationId, count, tokensPerAccount = 100, organizationRole = 'member' }: Seed,
  key: SecretKey,
  values: Buffer,
): readonly Table[] {
  const at = Date.now();
  const digests = Buffer.alloc(count * DIGEST_BYTES);
  const numbers = shuffled(count);
  // In the order of their making, as they are in a database that grew; what would be random is the number.
  const id = (kind: 'service_account' | 'token', row: number): string =>
    newId(kind, { now: () => at - count + row }, (size) => {
      const random = Buffer.alloc(size);
      random.writeUInt32BE(row);
      return random;
    });
  const accountOf = (row: number): string => id('service_account', row - (row % tokensPerAccount));

  function* accounts(): Generator<Row> {
    for (let row = 0; row < count; row += tokensPerAccount) {
      const name = `pipeline-${row / tokensPerAccount}`;
      const held = Math.min(tokensPerAccount, count - row);
      yield [
        ...[accountOf(row), organizationId, name, '', name, name, 'active', organizationRole, null],
        ...[held, 0, at, at, 1, ...CREATOR],
      ];
    }
  }

  function* tokens(): Generator<Row> {
    for (let row = 0; row < count; row += 1) {
      const number = numbers[row] as number;
      const value = seeded(number);
      values.write(value.reveal(), number * LINE_BYTES, 'latin1');
      digests.write(digestToken(value, key).digest, row * DIGEST_BYTES, 'base64url');
      const name = `token-${row}`;
      yield [
        ...[id('token', row), organizationId, accountOf(row), name, '', name, name, tokenHint(value), 1, NEVER, at],
        ...[null, null, 0, null, null, null, 1, ...CREATOR],
      ];
    }
  }

  function* digestsOfTokens(): Generator<Row> {
    const text = (row: number): string => digests.toString('base64url', row * DIGEST_BYTES, (row + 1) * DIGEST_BYTES);
    for (const row of rowsInOrder(count, text)) {
      const line = (numbers[row] as number) * LINE_BYTES;
      const value = parseTokenValue(values.toString('latin1', line, line + TOKEN_LENGTH)) as TokenValue;
      yield [text(row), key.kid, organizationId, id('token', row), 1, 'current', NEVER, tokenHint(value), at, null];
    }
  }

  return [
    { name: 'principal', columns: ACCOUNT_COLUMNS.split(', '), rows: accounts() },
    { name: 'token', columns: TOKEN_COLUMNS.split(', '), rows: tokens() },
    { name: 'token_digest', columns: DIGEST_COLUMNS.split(', '), rows: digestsOfTokens() },
  ];
}

/** Whole numbers below the size, in an order that has nothing to do with theirs. */
function shuffled(size: number): Uint32Array {
  const numbers = Uint32Array.from({ length: size }, (_, number) => number);
  const random = createRandom(size);
  for (let at = size - 1; at > 0; at -= 1) {
    const other = random.below(at + 1);
    [numbers[at], numbers[other]] = [numbers[other] as number, numbers[at] as number];
  }
  return numbers;
}

const BASE64URL_AS_SORTED = '-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz';
const RANKS = Uint8Array.from({ length: 128 }, (_, code) =>
  Math.max(0, BASE64URL_AS_SORTED.indexOf(String.fromCharCode(code))),
);
const SORTED_BY_CHARACTERS = 5;
const ROWS_MAX = 2 ** 23;

/**
 * The rows in the order of their digests' first characters, as near as a table that is sorted by them needs it to be filled from
 * its start to its end. Both go into one number of 53 bits, because millions of numbers are sorted within a second.
 */
function* rowsInOrder(count: number, digest: (row: number) => string): Generator<number> {
  const keys = new Float64Array(count);
  for (let row = 0; row < count; row += 1) {
    const text = digest(row);
    let rank = 0;
    for (let at = 0; at < SORTED_BY_CHARACTERS; at += 1) rank = rank * 64 + (RANKS[text.charCodeAt(at)] as number);
    keys[row] = rank * ROWS_MAX + row;
  }
  for (const key of keys.sort()) yield key % ROWS_MAX;
}
