import { DomainError, IDEMPOTENCY_TTL_MS, type IdempotencyClaim, type MutationContext } from '@postern/core';
import type { Kysely } from 'kysely';
import type { IdempotencyTable, Schema } from './schema.ts';

/** The generation whose value an answer holds, sealed. */
export interface IssuedGeneration {
  readonly accountId: string;
  readonly tokenId: string;
  readonly generation: number;
}

export interface EarlierAnswer {
  readonly result: unknown;
  readonly sealed: string | null;
  readonly issued: IssuedGeneration | null;
}

/** Answers that are past their time go with new ones, a few each time. */
const SWEPT_PER_ANSWER = 20;

/**
 * The answer that an identical request got under this key within its time; undefined for a new key. Throws
 * `idempotency.mismatch` for another request, `idempotency.superseded` when the value that it answered has ended.
 */
export async function findEarlierAnswer(
  db: Kysely<Schema>,
  claim: IdempotencyClaim,
  { organizationId, at }: Pick<MutationContext, 'organizationId' | 'at'>,
): Promise<EarlierAnswer | undefined> {
  const row = await db
    .selectFrom('idempotency')
    .selectAll()
    .where('row_key', '=', claim.rowKey)
    .where('organization_id', '=', organizationId)
    .executeTakeFirst();
  if (!row || at - row.created_at >= IDEMPOTENCY_TTL_MS) return undefined;
  if (row.fingerprint !== claim.fingerprint) throw new DomainError('idempotency.mismatch');
  const issued = issuedBy(row);
  if (row.superseded === 1 || (issued && !(await isLive(db, issued, at)))) {
    throw new DomainError('idempotency.superseded');
  }
  return { result: JSON.parse(row.answer), sealed: row.sealed, issued };
}

/** Keeps the answer of this mutation under its key. */
export async function keepAnswer(
  db: Kysely<Schema>,
  claim: IdempotencyClaim,
  { organizationId, at }: Pick<MutationContext, 'organizationId' | 'at'>,
  result: unknown,
  issued: IssuedGeneration | null,
): Promise<void> {
  const old = db
    .selectFrom('idempotency')
    .select('row_key')
    .where('organization_id', '=', organizationId)
    .where('created_at', '<=', at - IDEMPOTENCY_TTL_MS)
    .orderBy('created_at')
    .limit(SWEPT_PER_ANSWER);
  await db
    .deleteFrom('idempotency')
    .where((where) => where.or([where('row_key', '=', claim.rowKey), where('row_key', 'in', old)]))
    .execute();
  await db
    .insertInto('idempotency')
    .values({
      row_key: claim.rowKey,
      organization_id: organizationId,
      fingerprint: claim.fingerprint,
      created_at: at,
      answer: JSON.stringify(result),
      sealed: claim.sealed,
      superseded: 0,
      account_id: issued?.accountId ?? null,
      token_id: issued?.tokenId ?? null,
      generation: issued?.generation ?? null,
    })
    .execute();
}

/** Wipes what is sealed of the token's values; the rows stay and say `idempotency.superseded`. */
export async function wipeSeals(db: Kysely<Schema>, organizationId: string, tokenId: string): Promise<void> {
  await db
    .updateTable('idempotency')
    .set({ sealed: null, superseded: 1 })
    .where('organization_id', '=', organizationId)
    .where('token_id', '=', tokenId)
    .where('sealed', 'is not', null)
    .execute();
}

/** The same for all tokens of the account. */
export async function wipeSealsOfAccount(db: Kysely<Schema>, organizationId: string, accountId: string): Promise<void> {
  await db
    .updateTable('idempotency')
    .set({ sealed: null, superseded: 1 })
    .where('organization_id', '=', organizationId)
    .where('account_id', '=', accountId)
    .where('sealed', 'is not', null)
    .execute();
}

/** The same for every token of the organization that was deleted; what is sealed at a time is one day's. */
export async function wipeSealsOfDeletedTokens(db: Kysely<Schema>, organizationId: string): Promise<void> {
  await db
    .updateTable('idempotency')
    .set({ sealed: null, superseded: 1 })
    .where('organization_id', '=', organizationId)
    .where('sealed', 'is not', null)
    .where((where) =>
      where.exists(
        where
          .selectFrom('token')
          .select('token.id')
          .whereRef('token.id', '=', 'idempotency.token_id')
          .where('token.deleted_at', 'is not', null),
      ),
    )
    .execute();
}

function issuedBy(row: IdempotencyTable): IssuedGeneration | null {
  const { account_id: accountId, token_id: tokenId, generation } = row;
  return accountId === null || tokenId === null || generation === null ? null : { accountId, tokenId, generation };
}

async function isLive(db: Kysely<Schema>, issued: IssuedGeneration, at: number): Promise<boolean> {
  const live = await db
    .selectFrom('token_digest')
    .innerJoin('token', 'token.id', 'token_digest.token_id')
    .innerJoin('principal', 'principal.id', 'token.account_id')
    .select('token.id')
    .where('token_digest.token_id', '=', issued.tokenId)
    .where('token_digest.generation', '=', issued.generation)
    .where('token_digest.state', '<>', 'retired')
    .where('token_digest.valid_until', '>', at)
    .where('token.deleted_at', 'is', null)
    .where('principal.status', '=', 'active')
    .executeTakeFirst();
  return live !== undefined;
}
