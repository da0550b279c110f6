import type { Engine } from './engine.ts';

/** For a process that has written all its use and goes: what is complete no longer waits for it. */
export async function removeNode(engine: Engine, id: string): Promise<void> {
  await engine.transact(async (db) => {
    await db.deleteFrom('node').where('id', '=', id).execute();
    return { value: undefined, changes: [] };
  });
}
