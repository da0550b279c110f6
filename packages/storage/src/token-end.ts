import {
  lockedOut,
  type MutationContext,
  type OrganizationId,
  type PrincipalId,
  type TokenAddress,
  type TokenId,
} from '@postern/core';
import { type Kysely, sql } from 'kysely';
import type { Engine } from './engine.ts';
import { fixedStatement } from './fixed-statement.ts';
import { sealsWipe, wipeSealsOfAccount } from './idempotency.ts';
import {
  type Commit,
  type Mutation,
  type MutationScope,
  mutate,
  mutateWith,
  requireVersion,
  unchanged,
} from './mutation.ts';
import { organizationLock } from './organization.ts';
import { type PrincipalRow, requirePrincipalRow } from './principal-row.ts';
import type { Schema } from './schema.ts';
import { readToken, requireFound, requireOwner, type TokenRow, targetOf, toToken } from './token.ts';

/** The token ends for good. With no permission asked for, it is the actor's own. */
export function deleteToken(
  scope: MutationScope,
  context: MutationContext,
  address: TokenAddress,
): Promise<Commit<null>> {
  return mutateWith(scope, context, readToken(address), async (mutation, found) => {
    const row = requireFound(found);
    requireVersion(context, row.version);
    requireEntitled(mutation, row);
    endToken(mutation, row);
    return {
      changed: true,
      result: null,
      audit: {
        action: 'token.delete',
        target: targetOf(toToken(row)),
        details: { accountId: row.account_id, generation: row.generation },
        concerned: [row.account_id],
      },
      change: { kind: 'token', subjectId: row.id },
      revokes: [{ kind: 'token', id: row.id as TokenId }],
    };
  });
}

/** Ends this token for good; the audit event is the caller's. */
export function endToken({ db, context, writeLast }: Mutation, row: TokenRow): void {
  writeLast(
    sealsWipe(db, context.organizationId, { accountId: row.account_id, tokenId: row.id }),
    tokenEnded.fill(db, { id: row.id, at: context.at, version: row.version + 1 }),
    oneTokenLess.fill(db, { accountId: row.account_id }),
  );
}

const tokenEnded = fixedStatement((db, of: { id: string; at: number; version: number }) =>
  db.updateTable('token').set({ deleted_at: of.at, version: of.version }).where('id', '=', of.id),
);

const oneTokenLess = fixedStatement((db, { accountId }: { accountId: string }) =>
  db
    .updateTable('principal')
    .set((account) => ({ token_count: account('token_count', '-', 1) }))
    .where('id', '=', accountId),
);

/** All tokens of the account end for good. */
export function deleteTokens(
  scope: MutationScope,
  context: MutationContext,
  accountId: PrincipalId,
): Promise<Commit<number>> {
  return mutate(scope, context, async (mutation) => {
    const account = await requirePrincipalRow(mutation, accountId);
    requireVersion(context, account.version);
    if (mutation.actor?.record.principal.id === accountId) throw lockedOut('delete the token that asks for it');
    if (account.tokens_end_at !== null) return unchanged(0);
    const tokensDeleted = await markTokens(mutation.db, { ...account, tokens_end_at: context.at });
    if (tokensDeleted === 0) return unchanged(0);
    await wipeSealsOfAccount(mutation.db, context.organizationId, accountId);
    await mutation.db.updateTable('principal').set({ token_count: 0 }).where('id', '=', accountId).execute();
    return {
      changed: true,
      result: tokensDeleted,
      audit: {
        action: 'token.delete_all',
        target: { kind: account.kind, id: accountId, displayName: account.display_name },
        details: { tokensDeleted },
      },
      change: { kind: account.kind, subjectId: accountId },
      revokes: [{ kind: 'tokens', id: accountId }],
    };
  });
}

/** So many tokens are marked by the mutation that their account ends with. */
const MARKED_AT_ONCE = 500;

/** The account, when its tokens ended, and whose they are. */
type EndedAccount = Pick<PrincipalRow, 'id' | 'organization_id' | 'tokens_end_at'>;

/**
 * Every token of an account ends with it, when it is disabled or deleted. However many there are, the mutation writes a
 * bounded number of rows: from its commit on, the account's own row says it of the others, until the sweep has marked them.
 * Returns how many ended, and what to write into that row.
 */
export async function endTokensWithAccount(
  { db, context }: Mutation,
  row: PrincipalRow,
): Promise<{ readonly tokensDeleted: number; readonly columns: Pick<PrincipalRow, 'token_count' | 'tokens_end_at'> }> {
  const at = row.tokens_end_at ?? context.at;
  const marked = await markTokens(db, { ...row, tokens_end_at: at }, MARKED_AT_ONCE);
  if (marked > 0) await wipeSealsOfAccount(db, context.organizationId, row.id);
  const columns = { token_count: 0, tokens_end_at: marked < MARKED_AT_ONCE ? null : at };
  return { tokensDeleted: row.token_count, columns };
}

/** Marks what is left, before the account comes back. Returns what to write into its row. */
export async function markAllEnded({ db }: Mutation, row: PrincipalRow): Promise<Pick<PrincipalRow, 'tokens_end_at'>> {
  if (row.tokens_end_at !== null) await markTokens(db, row);
  return { tokens_end_at: null };
}

/** The same of all accounts of the organization. */
export async function markAllEndedIn({ db, context }: Mutation): Promise<void> {
  const ending = await selectEnding(db).where('organization_id', '=', context.organizationId).execute();
  for (const account of ending) await markTokens(db, account);
  if (ending.length === 0) return;
  await db
    .updateTable('principal')
    .set({ tokens_end_at: null })
    .where('organization_id', '=', context.organizationId)
    .where('tokens_end_at', 'is not', null)
    .execute();
}

/** Marks what is left of the account, some at a time: whoever waits for the organization gets a turn in between. */
export async function markRestEnded(engine: Engine, context: MutationContext, id: PrincipalId): Promise<void> {
  const account = { id, organizationId: context.organizationId };
  const some = () => engine.transact(async (db) => ({ value: await markSomeEnded(engine, db, account), changes: [] }));
  while (await some());
}

function selectEnding(db: Kysely<Schema>) {
  return db
    .selectFrom('principal')
    .select(['id', 'organization_id', 'tokens_end_at'])
    .where('tokens_end_at', 'is not', null);
}

/**
 * Marks some of what is left, of that account or of any; false when there is nothing left. No mutation: nothing ends with
 * it.
 */
export async function markSomeEnded(
  engine: Engine,
  db: Kysely<Schema>,
  only?: { readonly id: PrincipalId; readonly organizationId: OrganizationId },
): Promise<boolean> {
  const ending = () =>
    selectEnding(db)
      .$if(only !== undefined, (query) =>
        query.where('id', '=', only?.id ?? '').where('organization_id', '=', only?.organizationId ?? ''),
      )
      // Any: one whose organization is busy must not keep all others waiting behind it.
      .orderBy(sql`random()`)
      .limit(1);
  const found = await ending().executeTakeFirst();
  if (!found) return false;
  await db.executeQuery(organizationLock(engine, found.organization_id as OrganizationId));
  const account = await ending().where('id', '=', found.id).executeTakeFirst();
  if (!account) return true;
  const marked = await markTokens(db, account, MARKED_AT_ONCE);
  if (marked < MARKED_AT_ONCE) {
    await db.updateTable('principal').set({ tokens_end_at: null }).where('id', '=', account.id).execute();
  }
  return true;
}

/** Marks tokens of the account as deleted; returns how many. */
async function markTokens(
  db: Kysely<Schema>,
  { id, organization_id, tokens_end_at }: EndedAccount,
  limit?: number,
): Promise<number> {
  const first = db
    .selectFrom('token')
    .select('id')
    .where('organization_id', '=', organization_id)
    .where('account_id', '=', id)
    .where('deleted_at', 'is', null)
    .orderBy('name_key')
    .orderBy('id')
    .limit(limit ?? 0);
  const { numUpdatedRows } = await db
    .updateTable('token')
    .set((token) => ({ deleted_at: tokens_end_at, version: token('version', '+', 1) }))
    .where('organization_id', '=', organization_id)
    .where('account_id', '=', id)
    .where('deleted_at', 'is', null)
    .$if(limit !== undefined, (query) => query.where('id', 'in', first))
    .executeTakeFirstOrThrow();
  return Number(numUpdatedRows);
}

function requireEntitled({ actor, context }: Mutation, row: TokenRow): void {
  if (!actor) return;
  const own = actor.record.token?.id === row.id;
  if (own && context.permission !== null) throw lockedOut('delete the token that asks for it');
  if (!own) requireOwner({ actor, context }, row.account_id as PrincipalId, 'token.delete');
}
