import type { OrganizationId, Page, PagePosition, Token, TokenListQuery } from '@postern/core';
import { type RawBuilder, sql } from 'kysely';
import { contains, isStorable, toPage, withinPage } from './page.ts';
import { DELETED } from './principal-row.ts';
import type { Reading } from './reading.ts';
import { selectTokens, type TokenRow, toToken } from './token.ts';
import { IS_LIVING } from './token-living.ts';

const SORT_COLUMN = {
  name: 'name_key',
  lastUsedAt: 'last_used_at',
  createdAt: 'created_at',
  expiresAt: 'expires_at',
} as const;

type Tokens = ReturnType<typeof selectTokens>;

export async function listTokens(
  { db }: Reading,
  organizationId: OrganizationId,
  query: TokenListQuery,
): Promise<Page<Token>> {
  if (!isStorable(query.search, query.hint)) return { items: [], next: null };
  const { accountId, search, expiresBefore, unusedSince, now } = query;
  let tokens = selectTokens(db, organizationId, now, query.hint !== null || query.overlap);
  tokens = query.deleted ? ofLivingAccounts(tokens) : tokens.where(IS_LIVING);
  if (accountId !== null) tokens = tokens.where('token.account_id', '=', accountId);
  if (search !== null) tokens = tokens.where(contains('token.search_text', search));
  if (query.status !== null) tokens = tokens.where('token.expires_at', query.status === 'active' ? '>' : '<=', now);
  if (expiresBefore !== null) tokens = tokens.where('token.expires_at', '<', expiresBefore);
  if (unusedSince !== null) {
    tokens = tokens.where('token.last_used_at', '<', unusedSince).where('token.created_at', '<', unusedSince);
  }
  if (query.hint !== null) tokens = withHint(tokens, organizationId, query.hint);
  if (query.overlap) tokens = withOverlap(tokens, organizationId, now);
  const column = SORT_COLUMN[query.sort];
  const order = { key: sortKey(query), id: 'token.id', descending: query.descending };
  const rows = await withinPage(tokens, order, query).execute();
  const positionOf = (row: TokenRow): PagePosition => ({ key: row[column], id: row.id });
  return toPage(rows, query, positionOf, toToken);
}

/**
 * What few tokens of many meet is found by its own index and sorted then. The sort key is written as an expression there,
 * because both planners would rather walk all tokens in the order of an index, in the hope of meeting some early.
 */
function sortKey({ sort, accountId, hint, overlap }: TokenListQuery): RawBuilder<unknown> {
  const column = sql.ref(`token.${SORT_COLUMN[sort]}`);
  const inAccountOrder = sort === 'name' && !overlap && hint === null;
  if (inAccountOrder || (accountId === null && hint === null && !overlap)) return column;
  return sort === 'name' ? sql`${column} || ''` : sql`${column} + 0`;
}

/** Deleted tokens, but nothing of an account that is deleted itself. */
function ofLivingAccounts(tokens: Tokens): Tokens {
  return tokens
    .where('token.deleted_at', 'is not', null)
    .where((where) =>
      where.exists(
        where
          .selectFrom('principal')
          .select('principal.id')
          .whereRef('principal.id', '=', 'token.account_id')
          .where('principal.status', '<>', DELETED),
      ),
    );
}

/** By the hint of any generation that is remembered: whoever asks may hold an old value. */
function withHint(tokens: Tokens, organizationId: OrganizationId, hint: string): Tokens {
  return tokens.where('token.id', 'in', (where) =>
    where
      .selectFrom('token_digest')
      .select('token_digest.token_id')
      .where('token_digest.organization_id', '=', organizationId)
      .where('token_digest.hint', '=', hint),
  );
}

/** With a retiring value that still works. */
function withOverlap(tokens: Tokens, organizationId: OrganizationId, now: number): Tokens {
  return tokens.where('token.id', 'in', (where) =>
    where
      .selectFrom('token_digest')
      .select('token_digest.token_id')
      .where('token_digest.organization_id', '=', organizationId)
      .where('token_digest.state', '=', sql.lit('retiring'))
      .where('token_digest.valid_until', '>', now),
  );
}
