import {
  DAY_MS,
  type OrganizationId,
  type TokenAddress,
  type TokenCaller,
  type TokenCallerQuery,
  type TokenUsage,
  type TokenUsageQuery,
  USAGE_REPORT_LIMITS,
  type UsageCompleteness,
} from '@postern/core';
import { type Kysely, sql } from 'kysely';
import { DELETED } from './principal-row.ts';
import type { Reading } from './reading.ts';
import type { Schema } from './schema.ts';

/** How many callers are kept per generation: the latest. */
export const CALLERS_PER_GENERATION = 200;

export async function listTokenCallers(
  { db }: Reading,
  organizationId: OrganizationId,
  query: TokenCallerQuery,
): Promise<readonly TokenCaller[]> {
  const rows = await db
    .selectFrom('token_caller')
    .selectAll()
    .where('token_id', 'in', tokenOf(db, organizationId, query))
    .where('generation', '=', query.generation)
    .orderBy('last_at', 'desc')
    .orderBy('address')
    .orderBy('user_agent')
    .limit(CALLERS_PER_GENERATION)
    .execute();
  return rows.map((row) => ({
    address: row.address,
    userAgent: row.user_agent,
    firstAt: row.first_at,
    lastAt: row.last_at,
    calls: row.calls,
  }));
}

export async function listTokenUsage(
  { db }: Reading,
  organizationId: OrganizationId,
  query: TokenUsageQuery,
): Promise<readonly TokenUsage[]> {
  const at = query.by === 'hour' ? sql<number>`hour` : sql<number>`hour - hour % ${sql.lit(DAY_MS)}`;
  const rows = await db
    .selectFrom('token_usage_hour')
    .select((select) => [
      at.as('at'),
      'generation',
      'outcome',
      // Whole numbers again: PostgreSQL sums them as numeric.
      select.cast<number>(select.fn.sum('calls'), 'bigint').as('calls'),
    ])
    .where('token_id', 'in', tokenOf(db, organizationId, query))
    .where('hour', '>=', query.from)
    .where('hour', '<', query.to)
    .groupBy([at, 'generation', 'outcome'])
    .orderBy(at)
    .orderBy('generation')
    .orderBy('outcome')
    .execute();
  return rows.map(({ at: start, generation, outcome, calls }) => ({ at: start, generation, outcome, calls }));
}

/** Up to when every serving process, and every verifier outside, has reported; with none at all, nothing is missing. */
export async function findUsageCompleteness(
  { db, now }: Reading,
  organizationId: OrganizationId,
): Promise<UsageCompleteness> {
  const behind = now - USAGE_REPORT_LIMITS.silentAfterMs;
  const nodes = db.selectFrom('node').select('usage_complete_until as until');
  const verifiers = db
    .selectFrom('verifier')
    .select('complete_until as until')
    .where('organization_id', '=', organizationId)
    .where('seen_at', '>=', now - USAGE_REPORT_LIMITS.silenceMs);
  const { until, silent } = await db
    .selectFrom(nodes.unionAll(verifiers).as('reporter'))
    .select(({ fn }) => [
      fn.min('until').as('until'),
      fn.count<number>('until').filterWhere('until', '<', behind).as('silent'),
    ])
    .executeTakeFirstOrThrow();
  return { until: until ?? now, silent };
}

/** The id of the token, if it is there for this organization. */
function tokenOf(db: Kysely<Schema>, organizationId: OrganizationId, { accountId, tokenId }: TokenAddress) {
  return db
    .selectFrom('token')
    .innerJoin('principal', 'principal.id', 'token.account_id')
    .select('token.id')
    .where('token.id', '=', tokenId)
    .where('token.account_id', '=', accountId)
    .where('token.organization_id', '=', organizationId)
    .where('principal.status', '<>', DELETED);
}
