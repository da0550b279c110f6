import type { GenerationUse } from '@postern/core';
import { type Insertable, type Kysely, sql } from 'kysely';
import { type Engine, inTransaction } from './engine.ts';
import { merge, rowWriter } from './part.ts';
import type { Schema, TokenGenerationUseTable } from './schema.ts';
import { IS_LIVING } from './token-living.ts';

/**
 * Moves the last use of generations, tokens and accounts forwards, never backwards; doing it again changes nothing. Waits
 * for no row while it holds others, because a mutation that ends many tokens locks them in an order of its own.
 */
export async function advanceLastUse(engine: Engine, uses: readonly GenerationUse[]): Promise<void> {
  const used = uses.filter((use) => use.lastAt > 0);
  if (used.length === 0) return;
  const tokenIds = [...new Set(used.map((use) => use.tokenId))].sort();
  const accountIds = [...new Set(used.map((use) => use.accountId))].sort();
  if (!engine.locksRows) {
    await inTransaction(engine, async (db) => {
      await writeGenerations(db, used);
      await advanceTokens(db, tokenIds);
      await advanceAccounts(db, accountIds, tokenIds);
    });
    return;
  }
  await inTransaction(engine, (db) => writeGenerations(db, used));
  await advance(engine, tokenIds, 'token', advanceTokens);
  await advance(engine, accountIds, 'principal', (db, ids) => advanceAccounts(db, ids, tokenIds));
}

async function writeGenerations(db: Kysely<Schema>, uses: readonly GenerationUse[]): Promise<void> {
  const living = await db
    .selectFrom('token')
    .select('id')
    .where('id', 'in', [...new Set(uses.map((use) => use.tokenId))])
    .where(IS_LIVING)
    .execute();
  const ids = new Set(living.map(({ id }) => id));
  const rows = uses
    .filter((use) => ids.has(use.tokenId))
    .map((use) => ({
      token_id: use.tokenId,
      generation: use.generation,
      last_at: use.lastAt,
      address: use.lastAddress,
      user_agent: use.lastUserAgent,
    }));
  const latest = merge(
    rows,
    (row) => [row.token_id, row.generation],
    (one, other) => (other.last_at > one.last_at ? other : one),
  );
  await putGenerations(db, latest);
}

const putGenerations = rowWriter<Insertable<TokenGenerationUseTable>>((db, rows) =>
  db
    .insertInto('token_generation_use')
    .values(rows)
    .onConflict((conflict) =>
      conflict
        .columns(['token_id', 'generation'])
        .doUpdateSet((row) => ({
          last_at: row.ref('excluded.last_at'),
          address: row.ref('excluded.address'),
          user_agent: row.ref('excluded.user_agent'),
        }))
        .where(sql<boolean>`excluded.last_at > token_generation_use.last_at`),
    ),
);

/** Those that nobody holds at once; the others one by one. */
async function advance(
  engine: Engine,
  ids: readonly string[],
  table: 'token' | 'principal',
  write: (db: Kysely<Schema>, ids: readonly string[]) => Promise<void>,
): Promise<void> {
  const free = new Set<string>();
  await inTransaction(engine, async (db) => {
    const rows = await db.selectFrom(table).select('id').where('id', 'in', ids).forNoKeyUpdate().skipLocked().execute();
    for (const { id } of rows) free.add(id);
    if (free.size > 0) await write(db, [...free]);
  });
  for (const id of ids) {
    if (!free.has(id)) await inTransaction(engine, (db) => write(db, [id]));
  }
}

/** To the latest use of any of their generations. */
async function advanceTokens(db: Kysely<Schema>, ids: readonly string[]): Promise<void> {
  await db
    .updateTable('token')
    .from('token_generation_use as use')
    .set((row) => ({
      last_used_at: row.ref('use.last_at'),
      last_used_ip: row.ref('use.address'),
      last_used_user_agent: row.ref('use.user_agent'),
    }))
    .where('token.id', 'in', ids)
    .where(IS_LIVING)
    .whereRef('use.token_id', '=', 'token.id')
    .whereRef('use.last_at', '>', 'token.last_used_at')
    .where((where) =>
      where.not(
        where.exists(
          where
            .selectFrom('token_generation_use as later')
            .select('later.token_id')
            .whereRef('later.token_id', '=', 'use.token_id')
            .where(sql<boolean>`(later.last_at, later.generation) > (use.last_at, use.generation)`),
        ),
      ),
    )
    .execute();
}

async function advanceAccounts(db: Kysely<Schema>, ids: readonly string[], tokenIds: readonly string[]): Promise<void> {
  const recent = db
    .selectFrom('token')
    .select((select) => ['account_id', select.fn.max('last_used_at').as('at')])
    .where('id', 'in', tokenIds)
    .groupBy('account_id');
  await db
    .updateTable('principal')
    .from(recent.as('recent'))
    .set((row) => ({ last_used_at: row.ref('recent.at') }))
    .where('principal.id', 'in', ids)
    .whereRef('recent.account_id', '=', 'principal.id')
    .whereRef('recent.at', '>', 'principal.last_used_at')
    .execute();
}
