import { type SqlBool, sql } from 'kysely';

/**
 * Of `token`: neither deleted itself, nor of an account that ended with more tokens than are marked at once (token-end.ts),
 * which are deleted from then on all the same. Of those accounts there are hardly ever any; a statement looks for them once.
 */
export const IS_LIVING = sql<SqlBool>`(token.deleted_at is null and token.account_id not in (
  select principal.id from principal where principal.tokens_end_at is not null
))`;
