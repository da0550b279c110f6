import {
  latestEnd,
  type OrganizationId,
  type PolicyPreview,
  planIncludesServiceAccounts,
  type TokenPolicy,
} from '@postern/core';
import { type ExpressionBuilder, type ExpressionWrapper, type SqlBool, sql } from 'kysely';
import { toTokenPolicy } from './access-facts.ts';
import type { Reading } from './reading.ts';
import { NEVER_ENDS, type Schema } from './schema.ts';
import { selectTokens, toToken } from './token.ts';
import { IS_LIVING } from './token-living.ts';

/** How many of the affected tokens an answer shows. */
const SHOWN = 200;
const THIRTY_DAYS_MS = 30 * 86_400_000;

type TokenExpression = ExpressionBuilder<Schema, 'token'>;
type Condition = ExpressionWrapper<Schema, 'token', SqlBool>;

/** Tokens that work now, from the networks that they are restricted to, and would not under the other policy. */
export async function previewTokenPolicy(
  { db, now }: Reading,
  organizationId: OrganizationId,
  policy: TokenPolicy,
): Promise<PolicyPreview> {
  const organization = await db
    .selectFrom('organization')
    .select(['plan', 'token_policy'])
    .where('id', '=', organizationId)
    .executeTakeFirst();
  if (!organization) return { affected: 0, usedInLast30Days: 0, tokens: [] };
  // The plan pauses service accounts only.
  const of = { now, membersOnly: !planIncludesServiceAccounts(organization.plan) };
  const current = toTokenPolicy(organization.token_policy);
  const isAffected = (where: TokenExpression): Condition =>
    where.and([
      where('token.organization_id', '=', organizationId),
      IS_LIVING,
      works(where, current, of),
      where.not(works(where, policy, of)),
    ]);
  const counts = await db
    .selectFrom('token')
    .select((select) => [
      select.fn.countAll<number>().as('affected'),
      select.fn
        .countAll<number>()
        .filterWhere('token.last_used_at', '>=', now - THIRTY_DAYS_MS)
        .as('used'),
    ])
    .where(isAffected)
    .executeTakeFirstOrThrow();
  const rows = await selectTokens(db, organizationId, now)
    .where((where) => isAffected(where as unknown as TokenExpression))
    .orderBy('token.id')
    .limit(SHOWN)
    .execute();
  return { affected: counts.affected, usedInLast30Days: counts.used, tokens: rows.map(toToken) };
}

/** What core's `admitToken` asks of account, policy and time, for any generation of the token. */
function works(
  where: TokenExpression,
  policy: TokenPolicy,
  { now, membersOnly }: { readonly now: number; readonly membersOnly: boolean },
): Condition {
  return where.and([mayHaveTokens(where, policy, membersOnly), hasLiveGeneration(where, policy, now)]);
}

function mayHaveTokens(where: TokenExpression, { creation }: TokenPolicy, membersOnly: boolean): Condition {
  if (creation === 'nobody' || (typeof creation === 'object' && creation.groupIds.length === 0)) {
    return where.and([sql<SqlBool>`1 = 0`]);
  }
  const account = where
    .selectFrom('principal')
    .select('principal.id')
    .whereRef('principal.id', '=', 'token.account_id')
    .where('principal.status', '=', 'active')
    .$if(membersOnly, (query) => query.where('principal.kind', '=', 'member'));
  if (creation === 'everyone') return where.and([where.exists(account)]);
  const membership = where
    .selectFrom('group_member')
    .select('group_member.group_id')
    .whereRef('group_member.principal_id', '=', 'token.account_id')
    .where('group_member.group_id', 'in', creation.groupIds);
  return where.and([where.exists(account), where.exists(membership)]);
}

function hasLiveGeneration(where: TokenExpression, policy: TokenPolicy, now: number): Condition {
  let generations = where
    .selectFrom('token_digest')
    .select('token_digest.generation')
    .whereRef('token_digest.token_id', '=', 'token.id')
    .where('token_digest.state', '<>', 'retired')
    .where('token_digest.valid_until', '>', now);
  const lifetime = latestEnd(policy, 0);
  if (lifetime !== null) generations = generations.where('token_digest.created_at', '>', now - lifetime);
  if (policy.requireExpiry) generations = generations.where('token_digest.valid_until', '<>', NEVER_ENDS);
  return where.and([where.exists(generations)]);
}
