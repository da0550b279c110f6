import type { Actor, OrganizationId, ServiceAccountId, TokenDigests, TokenId, TokenRecord } from '@postern/core';
import { type InferResult, type Kysely, sql } from 'kysely';
import { NEVER_ENDS, type Schema } from './schema.ts';

export type TokenRecordRow = InferResult<ReturnType<typeof selectTokenRecord>>[number];

/** All that a verdict reads, joined by primary keys. */
function selectTokenRecord(db: Kysely<Schema>) {
  return db
    .selectFrom('token_digest')
    .innerJoin('token', 'token.id', 'token_digest.token_id')
    .innerJoin('service_account', 'service_account.id', 'token.account_id')
    .innerJoin('organization', 'organization.id', 'token.organization_id')
    .select([
      'token_digest.key_id',
      'token_digest.generation',
      'token_digest.state',
      'token_digest.valid_until',
      'token.id as token_id',
      'token.name as token_name',
      'token.deleted_at',
      'service_account.id as account_id',
      'service_account.display_name',
      'service_account.organization_role',
      'service_account.status',
      'service_account.version as account_version',
      'organization.id as organization_id',
      'organization.name as organization_name',
      'organization.plan',
      'organization.version as organization_version',
    ]);
}

export interface FindRecordQuery {
  readonly sql: string;
  readonly parameters: readonly string[];
}

/**
 * The one read of the verification path, compiled once. Two digests are looked up in one statement: a value that is
 * being moved from one to the other is found under either, never under none.
 */
export function compileFindRecord(db: Kysely<Schema>): (digests: TokenDigests) => FindRecordQuery {
  const one = selectTokenRecord(db).where('token_digest.digest', '=', 'first').compile().sql;
  const either = selectTokenRecord(db)
    .where('token_digest.digest', 'in', ['first', 'second'])
    .orderBy(sql`token_digest.digest = ${'first'}`, 'desc')
    .limit(sql.lit(1))
    .compile().sql;
  return ([first, second]) =>
    second
      ? { sql: either, parameters: [first.digest, second.digest, first.digest] }
      : { sql: one, parameters: [first.digest] };
}

/** The record of the very generation that an actor presented, as it is in this transaction. */
export async function findActorRecord(
  db: Kysely<Schema>,
  organizationId: OrganizationId,
  actor: Extract<Actor, { kind: 'service_account' }>,
): Promise<TokenRecord | undefined> {
  const row = await selectTokenRecord(db)
    .where('token_digest.token_id', '=', actor.tokenId)
    .where('token_digest.generation', '=', actor.generation)
    .where('token.account_id', '=', actor.accountId)
    .where('token.organization_id', '=', organizationId)
    .executeTakeFirst();
  return row && toTokenRecord(row);
}

export function toTokenRecord(row: TokenRecordRow): TokenRecord {
  const deleted = row.deleted_at !== null;
  return {
    token: {
      id: row.token_id as TokenId,
      name: row.token_name,
      generation: row.generation,
      // Deleting a token writes its own row only: with it, every generation is over.
      state: deleted ? 'retired' : row.state,
      validUntil: row.valid_until === NEVER_ENDS ? null : row.valid_until,
      deleted,
    },
    principal: {
      kind: 'service_account',
      id: row.account_id as ServiceAccountId,
      displayName: row.display_name,
      organizationRole: row.organization_role,
      status: row.status,
      version: row.account_version,
    },
    organization: {
      id: row.organization_id as OrganizationId,
      name: row.organization_name,
      plan: row.plan,
      version: row.organization_version,
    },
    keyId: row.key_id,
  };
}
