import { lockedOut, type MutationContext, type PrincipalId, type TokenAddress, type TokenId } from '@postern/core';
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
import { requirePrincipalRow } from './principal-row.ts';
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
    const tokensDeleted = await endTokensOfAccount(mutation, accountId);
    if (tokensDeleted === 0) return unchanged(0);
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

/** Ends every token of the account, by a fixed number of statements; returns how many there were. */
export async function endTokensOfAccount({ db, context }: Mutation, accountId: PrincipalId): Promise<number> {
  const { numUpdatedRows } = await db
    .updateTable('token')
    .set((token) => ({ deleted_at: context.at, version: token('version', '+', 1) }))
    .where('organization_id', '=', context.organizationId)
    .where('account_id', '=', accountId)
    .where('deleted_at', 'is', null)
    .executeTakeFirstOrThrow();
  if (numUpdatedRows === 0n) return 0;
  await wipeSealsOfAccount(db, context.organizationId, accountId);
  return Number(numUpdatedRows);
}

function requireEntitled({ actor, context }: Mutation, row: TokenRow): void {
  if (!actor) return;
  const own = actor.record.token?.id === row.id;
  if (own && context.permission !== null) throw lockedOut('delete the token that asks for it');
  if (!own) requireOwner({ actor, context }, row.account_id as PrincipalId, 'token.delete');
}
