import type { TestProject } from 'vitest/node';
import { startPostgres } from './postgres.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** A superuser's address of a running PostgreSQL. A test makes a database of its own there and drops it. */
    postgresUrl: string;
  }
}

/**
 * Gives every test a PostgreSQL: the one that `POSTERN_TEST_DATABASE_URL` names, else a server of this run's own, started
 * here and gone with its files at the end. It trades durability for speed: a test that kills PostgreSQL needs another one.
 */
export default async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  const given = process.env.POSTERN_TEST_DATABASE_URL;
  if (given) {
    project.provide('postgresUrl', given);
    return undefined;
  }
  const server = await startPostgres({ durable: false });
  project.provide('postgresUrl', server.url);
  return server.stop;
}
