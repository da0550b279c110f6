import type { OrganizationId, TokenActor, TokenDigests, TokenId, TokenRecord } from '@postern/core';
import { type InferResult, type Kysely, sql } from 'kysely';
import { factColumns, toOrganizationFacts, toPrincipalFacts } from './access-facts.ts';
import { fixedStatement } from './fixed-statement.ts';
import type { JsonRows } from './json-text.ts';
import { toRestrictions } from './restriction.ts';
import { NEVER_ENDS, type Schema } from './schema.ts';

export type TokenRecordRow = InferResult<ReturnType<typeof selectTokenRecord>>[number];

/** All that a verdict reads, joined by primary keys; what access hangs on is found by the account, in the same snapshot. */
function selectTokenRecord(db: Kysely<Schema>, json: JsonRows) {
  return db
    .selectFrom('token_digest')
    .innerJoin('token', 'token.id', 'token_digest.token_id')
    .innerJoin('principal', 'principal.id', 'token.account_id')
    .innerJoin('organization', 'organization.id', 'token.organization_id')
    .select([
      'token_digest.key_id',
      'token_digest.generation',
      'token_digest.state',
      'token_digest.valid_until',
      'token_digest.created_at as started_at',
      'token.id as token_id',
      'token.name as token_name',
      'token.restrictions',
      'token.deleted_at',
      'principal.tokens_end_at',
    ])
    .select(factColumns(db, json));
}

export interface FindRecordQuery {
  readonly sql: string;
  readonly parameters: readonly string[];
}

/**
 * The one read of the verification path, compiled once. Two digests are looked up in one statement: a value that is
 * being moved from one to the other is found under either, never under none.
 */
export function compileFindRecord(db: Kysely<Schema>, json: JsonRows): (digests: TokenDigests) => FindRecordQuery {
  const one = selectTokenRecord(db, json).where('token_digest.digest', '=', 'first').compile().sql;
  const either = selectTokenRecord(db, json)
    .where('token_digest.digest', 'in', ['first', 'second'])
    .orderBy(sql`token_digest.digest = ${'first'}`, 'desc')
    .limit(sql.lit(1))
    .compile().sql;
  return ([first, second]) =>
    second
      ? { sql: either, parameters: [first.digest, second.digest, first.digest] }
      : { sql: one, parameters: [first.digest] };
}

const actorRecord = fixedStatement(
  (db, of: { tokenId: string; generation: number; accountId: string; organizationId: string }, json: JsonRows) =>
    selectTokenRecord(db, json)
      .where('token_digest.token_id', '=', of.tokenId)
      .where('token_digest.generation', '=', of.generation)
      .where('token.account_id', '=', of.accountId)
      .where('token.organization_id', '=', of.organizationId),
);

/** The record of the very generation that an actor presented, as it is in this transaction. */
export async function findActorRecord(
  db: Kysely<Schema>,
  json: JsonRows,
  organizationId: OrganizationId,
  { tokenId, generation, accountId }: TokenActor,
): Promise<TokenRecord | undefined> {
  const [row] = await actorRecord(db, { tokenId, generation, accountId, organizationId }, json);
  return row && toTokenRecord(row);
}

export function toTokenRecord(row: TokenRecordRow): TokenRecord {
  const deleted = row.deleted_at !== null || row.tokens_end_at !== null;
  return {
    token: {
      id: row.token_id as TokenId,
      name: row.token_name,
      generation: row.generation,
      // Deleting a token writes its own row only: with it, every generation is over.
      state: deleted ? 'retired' : row.state,
      startedAt: row.started_at,
      validUntil: row.valid_until === NEVER_ENDS ? null : row.valid_until,
      restrictions: toRestrictions(row.restrictions),
      deleted,
    },
    principal: toPrincipalFacts(row),
    organization: toOrganizationFacts(row),
    keyId: row.key_id,
  };
}
