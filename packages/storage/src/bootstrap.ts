import type { Bootstrap } from '@postern/core';
import type { MutationScope } from './mutation.ts';
import { insertOrganization } from './organization-create.ts';
import type { Reading } from './reading.ts';

export async function hasBootstrapped({ db }: Reading): Promise<boolean> {
  return (await db.selectFrom('bootstrap').select('id').executeTakeFirst()) !== undefined;
}

/** Organization and admin in one transaction, each with its audit event and its change; never a second time. */
export function bootstrap({ engine, nonce }: MutationScope, input: Bootstrap): Promise<boolean> {
  return engine.transact(async (db) => {
    // Of two first starts at once, one waits here until the other has committed.
    const { numInsertedOrUpdatedRows } = await db
      .insertInto('bootstrap')
      .values({ id: 1, at: input.at })
      .onConflict((conflict) => conflict.doNothing())
      .executeTakeFirstOrThrow();
    if (numInsertedOrUpdatedRows === 0n) return { value: false, changes: [] };
    return { value: true, changes: await insertOrganization(db, input, nonce) };
  });
}
