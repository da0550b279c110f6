import { cp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { Client } from 'pg';
import { type PostgresServer, startPostgres } from './postgres.ts';

/** A primary that answers a commit when its standby has it, and that standby. */
export interface PostgresPair {
  readonly primary: PostgresServer;
  readonly standby: PostgresServer;
  /** Makes the standby a primary, which waits for nobody. */
  promote(): Promise<void>;
  stop(): Promise<void>;
}

const ATTACH_TIMEOUT_MS = 30_000;

/** Two new servers; the standby is a copy of the primary's files, taken while that stood still. */
export async function startPostgresPair(): Promise<PostgresPair> {
  const primary = await startPostgres({ durable: true, settings: ['synchronous_standby_names=*'] });
  try {
    const { hostname, port, username, password } = new URL(primary.url);
    const standby = await startPostgres({
      durable: true,
      settings: [`primary_conninfo=host=${hostname} port=${port} user=${username} password=${password}`],
      async fill(dataDirectory) {
        await primary.halt();
        await cp(primary.dataDirectory, dataDirectory, { recursive: true });
        await writeFile(join(dataDirectory, 'standby.signal'), '');
        await primary.resume();
      },
    });
    const pair: PostgresPair = {
      primary,
      standby,
      async promote() {
        await ask(standby.url, 'select pg_promote()');
      },
      async stop() {
        await standby.stop();
        await primary.stop();
      },
    };
    await untilAttached(primary.url).catch(async (error: unknown) => {
      await standby.stop();
      throw error;
    });
    return pair;
  } catch (error) {
    await primary.stop();
    throw error;
  }
}

async function untilAttached(url: string): Promise<void> {
  const end = performance.now() + ATTACH_TIMEOUT_MS;
  while ((await ask(url, `select from pg_stat_replication where sync_state = 'sync'`)).length === 0) {
    if (performance.now() > end) throw new Error('The standby does not follow its primary');
    await wait(50);
  }
}

async function ask(url: string, text: string): Promise<unknown[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  return (await client.query(text).finally(() => client.end())).rows;
}
