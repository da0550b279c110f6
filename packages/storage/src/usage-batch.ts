import type { GenerationUse, UsageBatch } from '@postern/core';
import { type Insertable, type Kysely, sql } from 'kysely';
import type { Engine } from './engine.ts';
import { inParts, merge, rowWriter } from './part.ts';
import { advancePermissionUses } from './permission-use.ts';
import type { Schema, TokenCallerTable, TokenUsageHourTable } from './schema.ts';
import { moveDigests } from './token-digest-move.ts';
import { advanceLastUse } from './token-last-use.ts';
import { IS_LIVING } from './token-living.ts';
import { countRefusals } from './token-refusal.ts';
import { CALLERS_PER_GENERATION } from './token-usage.ts';

/**
 * Writes a batch: first what may be repeated (moved digests, times that only go forwards), then all that is counted, in
 * one transaction. So a batch that failed can be written again, and nothing counts twice. `nodeId`: whose use is complete by it.
 */
export async function recordUsage(engine: Engine, batch: UsageBatch & { readonly nodeId: string }): Promise<void> {
  await moveDigests(engine, batch.redigests);
  await advanceLastUse(engine, batch.uses);
  await advancePermissionUses(engine, batch.uses);
  await engine.transact(async (db) => {
    const uses = await ofLivingTokens(db, batch.uses);
    await countHours(db, uses);
    await countCallers(db, uses);
    await countRefusals(db, batch.refusals);
    await db
      .updateTable('node')
      .set({ usage_complete_until: batch.completeUntil })
      .where('id', '=', batch.nodeId)
      .where('usage_complete_until', '<', batch.completeUntil)
      .execute();
    return { value: undefined, changes: [] };
  });
}

export async function ofLivingTokens(
  db: Kysely<Schema>,
  uses: readonly GenerationUse[],
): Promise<readonly GenerationUse[]> {
  if (uses.length === 0) return [];
  const rows = await db
    .selectFrom('token')
    .select(['id', 'organization_id'])
    .where('id', 'in', [...new Set(uses.map((use) => use.tokenId))])
    .where(IS_LIVING)
    .execute();
  const organizationOf = new Map(rows.map((row) => [row.id, row.organization_id]));
  return uses.filter((use) => organizationOf.get(use.tokenId) === use.organizationId);
}

export async function countHours(db: Kysely<Schema>, uses: readonly GenerationUse[]): Promise<void> {
  const rows = uses.flatMap(({ tokenId, generation, hours }) =>
    hours.map(({ hour, outcome, calls }) => ({ token_id: tokenId, generation, hour, outcome, calls })),
  );
  const merged = merge(
    rows,
    (row) => [row.token_id, row.hour, row.generation, row.outcome],
    (one, other) => ({ ...one, calls: one.calls + other.calls }),
  );
  await addHours(db, merged);
}

const addHours = rowWriter<Insertable<TokenUsageHourTable>>((db, rows) =>
  db
    .insertInto('token_usage_hour')
    .values(rows)
    .onConflict((conflict) =>
      conflict
        .columns(['token_id', 'hour', 'generation', 'outcome'])
        .doUpdateSet({ calls: sql`token_usage_hour.calls + excluded.calls` }),
    ),
);

export async function countCallers(db: Kysely<Schema>, uses: readonly GenerationUse[]): Promise<void> {
  const rows = uses.flatMap(({ tokenId, generation, callers }) =>
    callers.map((caller) => ({
      token_id: tokenId,
      generation,
      address: caller.address,
      user_agent: caller.userAgent,
      first_at: caller.firstAt,
      last_at: caller.lastAt,
      calls: caller.calls,
    })),
  );
  const merged = merge(
    rows,
    (row) => [row.token_id, row.generation, row.address, row.user_agent],
    (one, other) => ({
      ...one,
      first_at: Math.min(one.first_at, other.first_at),
      last_at: Math.max(one.last_at, other.last_at),
      calls: one.calls + other.calls,
    }),
  );
  await addCallers(db, merged);
  for (const part of inParts(merged)) await forgetOldCallers(db, [...new Set(part.map((row) => row.token_id))]);
}

const addCallers = rowWriter<Insertable<TokenCallerTable>>((db, rows) =>
  db
    .insertInto('token_caller')
    .values(rows)
    .onConflict((conflict) =>
      conflict.columns(['token_id', 'generation', 'address', 'user_agent']).doUpdateSet((row) => ({
        first_at: earlier(row.ref('token_caller.first_at'), row.ref('excluded.first_at')),
        last_at: later(row.ref('token_caller.last_at'), row.ref('excluded.last_at')),
        calls: sql`token_caller.calls + excluded.calls`,
      })),
    ),
);

/** Nearly always there are none: to rank the callers of all tokens would cost more than all else that is written. */
async function forgetOldCallers(db: Kysely<Schema>, tokenIds: readonly string[]): Promise<void> {
  const crowded = await db
    .selectFrom('token_caller')
    .select('token_id')
    .where('token_id', 'in', tokenIds)
    .groupBy(['token_id', 'generation'])
    .having((having) => having.fn.countAll(), '>', CALLERS_PER_GENERATION)
    .execute();
  if (crowded.length === 0) return;
  const ranked = db
    .selectFrom('token_caller')
    .select([
      'token_id',
      'generation',
      'address',
      'user_agent',
      sql<number>`row_number() over (
        partition by token_id, generation order by last_at desc, address, user_agent
      )`.as('place'),
    ])
    .where('token_id', 'in', [...new Set(crowded.map((row) => row.token_id))]);
  await db
    .deleteFrom('token_caller')
    .where((where) =>
      where(
        where.refTuple('token_id', 'generation', 'address', 'user_agent'),
        'in',
        where
          .selectFrom(ranked.as('ranked'))
          .select(['ranked.token_id', 'ranked.generation', 'ranked.address', 'ranked.user_agent'])
          .where('ranked.place', '>', CALLERS_PER_GENERATION)
          .$asTuple('token_id', 'generation', 'address', 'user_agent'),
      ),
    )
    .execute();
}

// CASE, because the engines name the smaller of two numbers differently.
function earlier(one: unknown, other: unknown) {
  return sql<number>`case when ${other} < ${one} then ${other} else ${one} end`;
}

function later(one: unknown, other: unknown) {
  return sql<number>`case when ${other} > ${one} then ${other} else ${one} end`;
}
