import type { Redigest } from '@postern/core';
import type { Engine } from './engine.ts';

/** Stores values under their digest by the current key. One that is in use elsewhere is left for its next use. */
export async function moveDigests(engine: Engine, redigests: readonly Redigest[]): Promise<void> {
  if (redigests.length === 0) return;
  await engine.transact(async (db) => {
    const found = await db
      .selectFrom('token_digest')
      .select('digest')
      .where(
        'digest',
        'in',
        redigests.map(({ from }) => from.digest),
      )
      // Never waits while it holds rows that a mutation may wait for.
      .$if(engine.locksRows, (query) => query.forUpdate().skipLocked())
      .execute();
    const free = new Set(found.map(({ digest }) => digest));
    for (const { from, to } of redigests) {
      if (!free.has(from.digest)) continue;
      await db
        .updateTable('token_digest')
        .set({ digest: to.digest, key_id: to.keyId })
        .where('digest', '=', from.digest)
        .where((where) =>
          where.not(
            where.exists(
              where.selectFrom('token_digest as moved').select('moved.digest').where('moved.digest', '=', to.digest),
            ),
          ),
        )
        .execute();
    }
    return { value: undefined, changes: [] };
  });
}
