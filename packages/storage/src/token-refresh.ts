import {
  DomainError,
  type MutationContext,
  requireMintable,
  type Token,
  type TokenAddress,
  type TokenId,
  type TokenRefresh,
} from '@postern/core';
import { fixedStatement } from './fixed-statement.ts';
import { wipeSeals } from './idempotency.ts';
import {
  type Commit,
  type Mutation,
  type MutationScope,
  mutate,
  requirePlan,
  requireVersion,
  unchanged,
} from './mutation.ts';
import { requirePrincipalRow } from './principal-row.ts';
import { toRestrictions } from './restriction.ts';
import { NEVER_ENDS } from './schema.ts';
import { requireOwner, requireToken, type TokenRow, targetOf, toToken } from './token.ts';
import { insertDigest, retire, retireCurrentLater } from './token-digest.ts';
import { forgetRetired } from './token-forget.ts';
import { requireAllowedByPolicy } from './token-policy.ts';

/** A new generation for the token, if it still has the one that the request found. */
export function refreshToken(
  scope: MutationScope,
  context: MutationContext,
  refresh: TokenRefresh,
): Promise<Commit<Token>> {
  return mutate(scope, context, async (mutation) => {
    const { db, organization } = mutation;
    const { next } = refresh;
    requirePlan(mutation);
    const row = await requireToken(mutation, refresh);
    requireOwner(mutation, refresh.accountId, 'token.refresh');
    requireVersion(context, row.version);
    if (row.generation !== refresh.generation) throw new DomainError('token.refresh_conflict');
    await requireRefreshable(mutation, row, refresh);
    const oldEndsAt = endOfOldValue(row, refresh, context.at);
    await retire(db, row.id, oldEndsAt === null ? 'all' : 'retiring', context.at);
    if (oldEndsAt !== null) await retireCurrentLater(db, row.id, oldEndsAt);
    const generation = row.generation + 1;
    const issued = { accountId: row.account_id, tokenId: row.id, generation };
    const of = { organizationId: organization.id, tokenId: row.id, at: context.at };
    await insertDigest(db, next, { ...of, generation });
    await forgetRetired(db, { ...of, latestRetired: oldEndsAt === null ? generation - 1 : generation - 2 });
    await wipeSeals(db, organization.id, issued);
    await tokenRefreshed(db, {
      id: row.id,
      generation,
      hint: next.hint,
      expiresAt: next.expiresAt ?? NEVER_ENDS,
      at: context.at,
      version: row.version + 1,
    });
    const result = toToken(await requireToken(mutation, refresh));
    const details = { accountId: row.account_id, generation, expiresAt: next.expiresAt, oldValueUntil: oldEndsAt };
    return {
      changed: true,
      result,
      audit: { action: 'token.refresh', target: targetOf(result), details, concerned: [result.accountId] },
      change: { kind: 'token', subjectId: row.id },
      revokes: [{ kind: 'generation', id: row.id as TokenId, generation: generation - 1, until: oldEndsAt }],
      issued,
    };
  });
}

const tokenRefreshed = fixedStatement(
  (db, of: { id: string; generation: number; hint: string; expiresAt: number; at: number; version: number }) =>
    db
      .updateTable('token')
      .set({
        generation: of.generation,
        hint: of.hint,
        expires_at: of.expiresAt,
        refreshed_at: of.at,
        version: of.version,
      })
      .where('id', '=', of.id),
);

/** The retiring generation ends now. */
export function endTokenOverlap(
  scope: MutationScope,
  context: MutationContext,
  address: TokenAddress,
): Promise<Commit<Token>> {
  return mutate(scope, context, async (mutation) => {
    const row = await requireToken(mutation, address);
    requireOwner(mutation, address.accountId, 'token.refresh');
    requireVersion(context, row.version);
    if (row.retiring_generation === null) return unchanged(toToken(row));
    await retire(mutation.db, row.id, 'retiring', context.at);
    await mutation.db
      .updateTable('token')
      .set({ version: row.version + 1 })
      .where('id', '=', row.id)
      .execute();
    const result = toToken(await requireToken(mutation, address));
    const details = { accountId: row.account_id, generation: row.retiring_generation };
    return {
      changed: true,
      result,
      audit: { action: 'token.end_overlap', target: targetOf(result), details, concerned: [result.accountId] },
      change: { kind: 'token', subjectId: row.id },
      revokes: [{ kind: 'generation', id: row.id as TokenId, generation: row.retiring_generation, until: null }],
    };
  });
}

/** What is minted through a token stays within what that token reaches, and whatever is minted within the policy. */
async function requireRefreshable(mutation: Mutation, row: TokenRow, { accountId, next }: TokenRefresh): Promise<void> {
  const { actor } = mutation;
  await requireAllowedByPolicy(mutation, accountId, next.expiresAt);
  if (!actor) return;
  const account = await requirePrincipalRow(mutation, accountId);
  const reach = { expiresAt: next.expiresAt, restrictions: toRestrictions(row.restrictions) };
  requireMintable(actor.record, account.organization_role, reach);
}

/** Until when the old value works beside the new one; null when it ends now. */
function endOfOldValue(row: TokenRow, { overlapUntil, next }: TokenRefresh, at: number): number | null {
  if (overlapUntil === null) return null;
  if (row.retiring_generation !== null) throw new DomainError('token.overlap_in_progress');
  // Neither its own expiry nor the token's new one is outlived.
  const end = Math.min(overlapUntil, row.expires_at, next.expiresAt ?? NEVER_ENDS);
  return end > at ? end : null;
}
