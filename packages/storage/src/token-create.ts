import {
  type Creator,
  DomainError,
  type MutationContext,
  type NewToken,
  nameKey,
  type OrganizationId,
  requireMintable,
  type Token,
  type TokenId,
} from '@postern/core';
import type { Insertable, Kysely } from 'kysely';
import { type Write, writeAndRead } from './engine.ts';
import { fixedStatement } from './fixed-statement.ts';
import { type Commit, creatorOf, type MutationScope, mintingTokenOf, mutateWith, requirePlan } from './mutation.ts';
import { searchText } from './page.ts';
import { readPrincipal, requireFoundPrincipal } from './principal-row.ts';
import { toRestrictionsText } from './restriction.ts';
import { NEVER_ENDS, NEVER_USED, type Schema, type TokenTable } from './schema.ts';
import { requireKnownPermissions, requireOwner, requireToken, targetOf, toToken } from './token.ts';
import { digestWrite } from './token-digest.ts';
import { requireAllowedByPolicy } from './token-policy.ts';

export function createToken(scope: MutationScope, context: MutationContext, token: NewToken): Promise<Commit<Token>> {
  return mutateWith(scope, context, readPrincipal(token.accountId), async (mutation, found) => {
    const { db, actor } = mutation;
    const account = requireFoundPrincipal(found, token.accountId);
    requireOwner(mutation, token.accountId, 'token.create');
    if (account.kind === 'service_account') requirePlan(mutation);
    if (account.status === 'disabled') throw new DomainError('service_account.disabled');
    await requireAllowedByPolicy(mutation, token.accountId, token.expiresAt);
    if (actor) requireMintable(actor, account.organization_role, token, context.at);
    await requireKnownPermissions(mutation, token.restrictions);
    const minting = { creator: creatorOf(mutation), mintedBy: mintingTokenOf(mutation), at: context.at };
    const address = { accountId: token.accountId, tokenId: token.id };
    const writes = tokenWrites(db, token, context.organizationId, minting);
    const result = toToken(await writeAndRead(mutation, writes, () => requireToken(mutation, address)));
    return {
      changed: true,
      result,
      audit: {
        action: 'token.create',
        target: targetOf(result),
        details: {
          accountId: result.accountId,
          expiresAt: result.expiresAt,
          restrictions: result.restrictions,
          generation: 1,
        },
        concerned: [result.accountId],
      },
      change: { kind: 'token', subjectId: token.id },
      issued: { accountId: token.accountId, tokenId: token.id, generation: 1 },
    };
  });
}

/** The token, its first digest and the account's count. */
export function tokenWrites(
  db: Kysely<Schema>,
  token: NewToken,
  organizationId: OrganizationId,
  { creator, mintedBy, at }: { readonly creator: Creator; readonly mintedBy: TokenId | null; readonly at: number },
): readonly Write[] {
  const row: Insertable<TokenTable> = {
    id: token.id,
    organization_id: organizationId,
    account_id: token.accountId,
    name: token.name,
    description: token.description,
    name_key: nameKey(token.name),
    search_text: searchText(token.name, token.description),
    hint: token.hint,
    generation: 1,
    expires_at: token.expiresAt ?? NEVER_ENDS,
    restrictions: toRestrictionsText(token.restrictions),
    created_at: at,
    created_by_kind: creator.kind,
    created_by_id: creator.id,
    created_by_name: creator.displayName,
    minted_by: mintedBy,
    refreshed_at: null,
    last_used_at: NEVER_USED,
    last_used_ip: null,
    last_used_user_agent: null,
    deleted_at: null,
    version: 1,
  };
  return [
    tokenInsert.fill(db, row),
    digestWrite(db, token, { organizationId, tokenId: token.id, generation: 1, at }),
    oneTokenMore.fill(db, { accountId: token.accountId }),
  ];
}

const tokenInsert = fixedStatement((db, row: Insertable<TokenTable>) => db.insertInto('token').values(row));

const oneTokenMore = fixedStatement((db, { accountId }: { accountId: string }) =>
  db
    .updateTable('principal')
    .set((account) => ({ token_count: account('token_count', '+', 1) }))
    .where('id', '=', accountId),
);
