import {
  DomainError,
  type MutationContext,
  requireMintable,
  type Token,
  type TokenAddress,
  type TokenId,
  type TokenRefresh,
} from '@postern/core';
import { type Write, writeAndRead } from './engine.ts';
import { fixedStatement } from './fixed-statement.ts';
import { sealsWipe } from './idempotency.ts';
import {
  type Commit,
  type Mutation,
  type MutationScope,
  mutateWith,
  type ReadFirst,
  requirePlan,
  requireVersion,
  unchanged,
} from './mutation.ts';
import { type PrincipalRow, readPrincipal, requireFoundPrincipal } from './principal-row.ts';
import { toRestrictions } from './restriction.ts';
import { NEVER_ENDS } from './schema.ts';
import { readToken, requireFound, requireOwner, requireToken, type TokenRow, targetOf, toToken } from './token.ts';
import { digestWrite, laterRetirement, retirement } from './token-digest.ts';
import { forgetWrites } from './token-forget.ts';
import { requireAllowedByPolicy } from './token-policy.ts';

/** A new generation for the token, if it still has the one that the request found. */
export function refreshToken(
  scope: MutationScope,
  context: MutationContext,
  refresh: TokenRefresh,
): Promise<Commit<Token>> {
  const read: ReadFirst<readonly [TokenRow | undefined, PrincipalRow | undefined]> = (of) =>
    Promise.all([readToken(refresh)(of), readPrincipal(refresh.accountId)(of)]);
  return mutateWith(scope, context, read, async (mutation, [token, account]) => {
    const { db, organization } = mutation;
    const { next } = refresh;
    if (account?.kind !== 'member') requirePlan(mutation);
    const row = requireFound(token);
    requireOwner(mutation, refresh.accountId, 'token.refresh');
    requireVersion(context, row.version);
    if (row.generation !== refresh.generation) throw new DomainError('token.refresh_conflict');
    await requireRefreshable(mutation, { row, account }, refresh);
    const oldEndsAt = endOfOldValue(row, refresh, context.at);
    const generation = row.generation + 1;
    const issued = { accountId: row.account_id, tokenId: row.id, generation };
    const of = { organizationId: organization.id, tokenId: row.id, at: context.at };
    const writes = [
      retirement(db, row.id, oldEndsAt === null ? 'all' : 'retiring', context.at),
      ...(oldEndsAt === null ? [] : [laterRetirement(db, row.id, oldEndsAt)]),
      digestWrite(db, next, { ...of, generation }),
      ...forgetWrites(db, { ...of, latestRetired: oldEndsAt === null ? generation - 1 : generation - 2 }),
      sealsWipe(db, organization.id, issued),
      tokenRefreshed.fill(db, {
        id: row.id,
        generation,
        hint: next.hint,
        expiresAt: next.expiresAt ?? NEVER_ENDS,
        at: context.at,
        version: row.version + 1,
      }),
    ];
    const result = toToken(await writeAndRead(mutation, writes, () => requireToken(mutation, refresh)));
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
  return mutateWith(scope, context, readToken(address), async (mutation, found) => {
    const row = requireFound(found);
    requireOwner(mutation, address.accountId, 'token.refresh');
    requireVersion(context, row.version);
    if (row.retiring_generation === null) return unchanged(toToken(row));
    const writes = overlapEnd(mutation, row);
    const result = toToken(await writeAndRead(mutation, writes, () => requireToken(mutation, address)));
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

/** What ends the overlap of the token. */
export function overlapEnd({ db, context }: Mutation, row: TokenRow): readonly Write[] {
  return [
    retirement(db, row.id, 'retiring', context.at),
    tokenChanged.fill(db, { id: row.id, version: row.version + 1 }),
  ];
}

const tokenChanged = fixedStatement((db, of: { id: string; version: number }) =>
  db.updateTable('token').set({ version: of.version }).where('id', '=', of.id),
);

/** What is minted through a token stays within what that token reaches, and whatever is minted within the policy. */
async function requireRefreshable(
  mutation: Mutation,
  { row, account }: { readonly row: TokenRow; readonly account: PrincipalRow | undefined },
  { accountId, next }: TokenRefresh,
): Promise<void> {
  const { actor, context } = mutation;
  await requireAllowedByPolicy(mutation, accountId, next.expiresAt);
  if (!actor) return;
  const { organization_role: role } = requireFoundPrincipal(account, accountId);
  const reach = { expiresAt: next.expiresAt, restrictions: toRestrictions(row.restrictions) };
  requireMintable(actor, role, reach, context.at);
}

/** Until when the old value works beside the new one; null when it ends now. */
function endOfOldValue(row: TokenRow, { overlapUntil, next }: TokenRefresh, at: number): number | null {
  if (overlapUntil === null) return null;
  if (row.retiring_generation !== null) throw new DomainError('token.overlap_in_progress');
  // Neither its own expiry nor the token's new one is outlived.
  const end = Math.min(overlapUntil, row.expires_at, next.expiresAt ?? NEVER_ENDS);
  return end > at ? end : null;
}
