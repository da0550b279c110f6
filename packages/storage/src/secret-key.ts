import type { Engine } from './engine.ts';
import type { Reading } from './reading.ts';

export async function listSecretKeyChecks({
  db,
}: Reading): Promise<readonly { readonly kid: string; readonly check: string }[]> {
  const rows = await db.selectFrom('secret_key_check').selectAll().orderBy('kid').execute();
  return rows.map((row) => ({ kid: row.kid, check: row.check_value }));
}

/** Keeps the check value of a key that is new to the database; one that is there stays as it is. */
export async function addSecretKeyCheck(engine: Engine, kid: string, check: string): Promise<void> {
  await engine.transact(async (db) => {
    await db
      .insertInto('secret_key_check')
      .values({ kid, check_value: check })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
    return { value: undefined, changes: [] };
  });
}
