import { createDatabase, type PostgresServer } from '../testing/postgres.ts';
import type { LoadTool } from './load.ts';
import type { Lengths } from './measure.ts';
import { openSession, type Session } from './session.ts';
import type { Results } from './table.ts';

/** What every part is given: with what it measures, and where its results go. */
export interface Bench {
  readonly tool: LoadTool;
  readonly lengths: Lengths;
  readonly isQuick: boolean;
  /** Put before a server's command. */
  readonly serverRunner: readonly string[];
  readonly results: Results;
  /** One for all parts, started by the first that needs it. */
  postgres(): Promise<PostgresServer>;
  /** For whoever waits. */
  say(what: string): void;
}

/** `use` is given a database with so many tokens, which is gone afterwards. */
export async function withSession(
  { serverRunner, say }: Bench,
  size: number,
  databaseUrl: string | undefined,
  use: (session: Session) => Promise<void>,
): Promise<void> {
  const since = performance.now();
  const session = await openSession({ size, databaseUrl, serverRunner });
  const seconds = ((performance.now() - since) / 1_000).toFixed(1);
  say(`${databaseUrl === undefined ? 'sqlite' : 'postgres'}: filled with ${size} tokens in ${seconds} s`);
  try {
    await use(session);
  } finally {
    await session.remove();
  }
}

/** `use` is given an empty PostgreSQL database, which is gone afterwards. */
export async function withDatabase({ postgres }: Bench, use: (url: string) => Promise<void>): Promise<void> {
  const database = await createDatabase((await postgres()).url);
  try {
    await use(database.url);
  } finally {
    await database.drop();
  }
}
