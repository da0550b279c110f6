import {
  DomainError,
  IDEMPOTENCY_TTL_MS,
  type IdempotencyClaim,
  type MutationContext,
  type OrganizationRole,
} from '@postern/core';
import type { Kysely } from 'kysely';
import { runWrites, type Write } from './engine.ts';
import { fixedStatement } from './fixed-statement.ts';
import type { IdempotencyTable, Schema } from './schema.ts';
import { IS_LIVING } from './token-living.ts';

/** The generation whose value an answer holds, sealed. */
export interface IssuedGeneration {
  readonly accountId: string;
  readonly tokenId: string;
  readonly generation: number;
}

export interface EarlierAnswer {
  readonly result: unknown;
  readonly sealed: string | null;
  /** With the organization role that the token's owner has now. */
  readonly issued: (IssuedGeneration & { readonly ownerRole: OrganizationRole }) | null;
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
  const bindings = claim.previous === null ? [claim] : [claim, claim.previous];
  const rowKeys = bindings.map(({ rowKey }) => rowKey);
  const rows = await db
    .selectFrom('idempotency')
    .leftJoin('idempotency_seal as seal', (join) =>
      join
        .onRef('seal.organization_id', '=', 'idempotency.organization_id')
        .onRef('seal.account_id', '=', 'idempotency.account_id')
        .onRef('seal.token_id', '=', 'idempotency.token_id')
        .onRef('seal.row_key', '=', 'idempotency.row_key'),
    )
    .selectAll('idempotency')
    .select('seal.sealed')
    .where('idempotency.row_key', 'in', rowKeys)
    .where('idempotency.organization_id', '=', organizationId)
    .execute();
  const kept = rows.filter((row) => at - row.created_at < IDEMPOTENCY_TTL_MS);
  const row = kept.find(({ row_key }) => row_key === claim.rowKey) ?? kept[0];
  if (!row) return undefined;
  if (!bindings.some(({ rowKey, fingerprint }) => row.row_key === rowKey && row.fingerprint === fingerprint)) {
    throw new DomainError('idempotency.mismatch');
  }
  const issued = issuedBy(row);
  const answer = { result: JSON.parse(row.answer), sealed: row.sealed };
  if (!issued) return { ...answer, issued };
  const ownerRole = row.sealed === null ? undefined : await findOwnerRole(db, issued, at);
  if (ownerRole === undefined) throw new DomainError('idempotency.superseded');
  return { ...answer, issued: { ...issued, ownerRole } };
}

/** What keeps the answer of this mutation under its key. */
export async function answerWrites(
  db: Kysely<Schema>,
  claim: IdempotencyClaim,
  { organizationId, at }: Pick<MutationContext, 'organizationId' | 'at'>,
  result: unknown,
  issued: IssuedGeneration | null,
): Promise<readonly Write[]> {
  const { rowKey, fingerprint, sealed } = claim;
  const expired = selectExpired(db, organizationId, at, SWEPT_PER_ANSWER);
  const past = await db
    .selectFrom('idempotency')
    .select(ADDRESS)
    .where((where) => where.or([where('row_key', '=', rowKey), where('row_key', 'in', expired.select('row_key'))]))
    .execute();
  const { accountId = null, tokenId = null, generation = null } = issued ?? {};
  const answer = db.insertInto('idempotency').values({
    ...{ row_key: rowKey, organization_id: organizationId, fingerprint, created_at: at },
    ...{ answer: JSON.stringify(result), account_id: accountId, token_id: tokenId, generation },
  });
  const writes = [...removal(db, organizationId, past), answer.compile()];
  if (accountId === null || tokenId === null || sealed === null) return writes;
  const seal = db
    .insertInto('idempotency_seal')
    .values({ organization_id: organizationId, account_id: accountId, token_id: tokenId, row_key: rowKey, sealed });
  return [...writes, seal.compile()];
}

/** Removes answers that cannot be asked for any more, the oldest first; how many. */
export async function forgetAnswers(
  db: Kysely<Schema>,
  organizationId: string,
  at: number,
  limit: number,
): Promise<number> {
  const past = await selectExpired(db, organizationId, at, limit).select(ADDRESS).execute();
  await runWrites(db, removal(db, organizationId, past));
  return past.length;
}

/** What leads from an answer to its seal. */
const ADDRESS = ['row_key', 'account_id', 'token_id'] as const;

function selectExpired(db: Kysely<Schema>, organizationId: string, at: number, limit: number) {
  return db
    .selectFrom('idempotency')
    .where('organization_id', '=', organizationId)
    .where('created_at', '<=', at - IDEMPOTENCY_TTL_MS)
    .orderBy('created_at')
    .limit(limit);
}

function removal(
  db: Kysely<Schema>,
  organizationId: string,
  rows: readonly Pick<IdempotencyTable, (typeof ADDRESS)[number]>[],
): readonly Write[] {
  if (rows.length === 0) return [];
  const rowKeys = rows.map((row) => row.row_key);
  const accountIds = rows.flatMap((row) => row.account_id ?? []);
  const tokenIds = rows.flatMap((row) => row.token_id ?? []);
  const answers = db.deleteFrom('idempotency').where('row_key', 'in', rowKeys).compile();
  if (tokenIds.length === 0) return [answers];
  const seals = db
    .deleteFrom('idempotency_seal')
    .where('organization_id', '=', organizationId)
    .where('account_id', 'in', accountIds)
    .where('token_id', 'in', tokenIds)
    .where('row_key', 'in', rowKeys);
  return [seals.compile(), answers];
}

/** What wipes what is sealed of the token's values; their answers stay and say `idempotency.superseded`. */
export function sealsWipe(
  db: Kysely<Schema>,
  organizationId: string,
  { accountId, tokenId }: Pick<IssuedGeneration, 'accountId' | 'tokenId'>,
): Write {
  return sealsWiped.fill(db, { organizationId, accountId, tokenId });
}

const sealsWiped = fixedStatement((db, of: { organizationId: string; accountId: string; tokenId: string }) =>
  db
    .deleteFrom('idempotency_seal')
    .where('organization_id', '=', of.organizationId)
    .where('account_id', '=', of.accountId)
    .where('token_id', '=', of.tokenId),
);

/** The same for all tokens of the account. */
export async function wipeSealsOfAccount(db: Kysely<Schema>, organizationId: string, accountId: string): Promise<void> {
  await db
    .deleteFrom('idempotency_seal')
    .where('organization_id', '=', organizationId)
    .where('account_id', '=', accountId)
    .execute();
}

/** The same for every token of the organization that was deleted; what is sealed at a time is one day's. */
export async function wipeSealsOfDeletedTokens(db: Kysely<Schema>, organizationId: string): Promise<void> {
  await db
    .deleteFrom('idempotency_seal')
    .where('organization_id', '=', organizationId)
    .where((where) =>
      where.exists(
        where
          .selectFrom('token')
          .select('token.id')
          .whereRef('token.id', '=', 'idempotency_seal.token_id')
          .where('token.deleted_at', 'is not', null),
      ),
    )
    .execute();
}

function issuedBy(row: IdempotencyTable): IssuedGeneration | null {
  const { account_id: accountId, token_id: tokenId, generation } = row;
  return accountId === null || tokenId === null || generation === null ? null : { accountId, tokenId, generation };
}

/** The organization role of the owner; undefined when the generation has ended. */
async function findOwnerRole(
  db: Kysely<Schema>,
  issued: IssuedGeneration,
  at: number,
): Promise<OrganizationRole | undefined> {
  const live = await db
    .selectFrom('token_digest')
    .innerJoin('token', 'token.id', 'token_digest.token_id')
    .innerJoin('principal', 'principal.id', 'token.account_id')
    .select('principal.organization_role')
    .where('token_digest.token_id', '=', issued.tokenId)
    .where('token_digest.generation', '=', issued.generation)
    .where('token_digest.state', '<>', 'retired')
    .where('token_digest.valid_until', '>', at)
    .where(IS_LIVING)
    .where('principal.status', '=', 'active')
    .executeTakeFirst();
  return live?.organization_role;
}
