import {
  type GenerationUse,
  HOUR_MS,
  type OrganizationId,
  type PrincipalId,
  type ReportedUse,
  type ReportingVerifier,
  USAGE_REPORT_LIMITS,
  type UsageReport,
} from '@postern/core';
import { type Kysely, sql } from 'kysely';
import type { Engine } from './engine.ts';
import { advancePermissionUses } from './permission-use.ts';
import type { Schema } from './schema.ts';
import { advanceLastUse } from './token-last-use.ts';
import { IS_LIVING } from './token-living.ts';
import { countCallers, countHours, ofLivingTokens } from './usage-batch.ts';

/**
 * Like a batch of our own: first what may be repeated (times that only go forwards), then what is counted, in the
 * transaction that remembers the report.
 */
export async function recordUsageReport(engine: Engine, report: UsageReport): Promise<void> {
  const uses = await usesOf(engine.db, report);
  await advanceLastUse(engine, uses);
  await advancePermissionUses(engine, uses);
  await engine.transact(async (db) => {
    if (await isNew(db, report)) {
      const living = await ofLivingTokens(db, uses);
      await countHours(db, living);
      await countCallers(db, living);
    }
    if (report.verifier) await noteVerifier(db, report, report.verifier);
    return { value: undefined, changes: [] };
  });
}

/** The items about generations that there are, as uses of them. */
async function usesOf(
  db: Kysely<Schema>,
  { organizationId, items, at }: UsageReport,
): Promise<readonly GenerationUse[]> {
  if (items.length === 0) return [];
  const rows = await db
    .selectFrom('token')
    .select(['id', 'account_id', 'generation', 'created_at'])
    .where('id', 'in', [...new Set(items.map(({ tokenId }) => tokenId))])
    .where('organization_id', '=', organizationId)
    .where(IS_LIVING)
    .execute();
  const tokens = new Map(rows.map((row) => [row.id, row]));
  return items.flatMap((item) => {
    const token = tokens.get(item.tokenId);
    if (!token || item.generation > token.generation) return [];
    // Neither before the token was there nor in the future, whatever the verifier's clock says.
    const lastAt = Math.max(token.created_at, Math.min(item.lastAt, at));
    return [toUse(organizationId, token.account_id as PrincipalId, item, lastAt)];
  });
}

function toUse(
  organizationId: OrganizationId,
  accountId: PrincipalId,
  { tokenId, generation, address, userAgent, permission, outcome, count }: ReportedUse,
  lastAt: number,
): GenerationUse {
  return {
    organizationId,
    accountId,
    tokenId,
    generation,
    lastAt,
    lastAddress: address,
    lastUserAgent: userAgent,
    hours: [{ hour: lastAt - (lastAt % HOUR_MS), outcome, calls: count }],
    callers: [{ address, userAgent, firstAt: lastAt, lastAt, calls: count }],
    permissions: permission !== null && outcome === 'allowed' ? [{ permission, lastAt }] : [],
  };
}

/** Remembers the report; false when it is known. Those that are too old to come again are forgotten. */
async function isNew(db: Kysely<Schema>, { organizationId, reportId, at }: UsageReport): Promise<boolean> {
  await db
    .deleteFrom('usage_report')
    .where('organization_id', '=', organizationId)
    .where('at', '<', at - USAGE_REPORT_LIMITS.rememberedMs)
    .execute();
  const { numInsertedOrUpdatedRows } = await db
    .insertInto('usage_report')
    .values({ organization_id: organizationId, report_id: reportId, at })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirstOrThrow();
  return numInsertedOrUpdatedRows !== 0n;
}

async function noteVerifier(
  db: Kysely<Schema>,
  { organizationId, principalId, at }: UsageReport,
  { id, completeUntil, closing }: ReportingVerifier,
): Promise<void> {
  const own = db.deleteFrom('verifier').where('organization_id', '=', organizationId);
  if (closing) {
    await own.where('principal_id', '=', principalId).where('id', '=', id).execute();
    return;
  }
  const until = Math.min(completeUntil ?? at, at);
  await db
    .insertInto('verifier')
    .values({ organization_id: organizationId, principal_id: principalId, id, complete_until: until, seen_at: at })
    .onConflict((conflict) =>
      conflict.columns(['organization_id', 'principal_id', 'id']).doUpdateSet({
        seen_at: at,
        ...(completeUntil !== null && {
          complete_until: sql<number>`case when excluded.complete_until > verifier.complete_until
            then excluded.complete_until else verifier.complete_until end`,
        }),
      }),
    )
    .execute();
  await own.where('seen_at', '<', at - USAGE_REPORT_LIMITS.silenceMs).execute();
  const latest = db
    .selectFrom('verifier')
    .select('seen_at')
    .where('organization_id', '=', organizationId)
    .orderBy('seen_at', 'desc')
    .offset(USAGE_REPORT_LIMITS.verifiers)
    .limit(1);
  await own.where('seen_at', '<=', latest).execute();
}
