import {
  CompiledQuery,
  type DatabaseConnection,
  type Driver,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely';
import type { Backend } from './backend.ts';
import type { Engine } from './engine.ts';
import type { Reading } from './reading.ts';
import type { SignInSchema } from './sign-in-schema.ts';

/** One compiled statement, as plain data that can cross a thread. */
export interface Statement {
  readonly sql: string;
  readonly parameters: readonly unknown[];
}

export function readSignIn({ db }: Reading, { sql, parameters }: Statement): Promise<QueryResult<unknown>> {
  return db.executeQuery(CompiledQuery.raw(sql, [...parameters]));
}

export function writeSignIn(engine: Engine, { sql, parameters }: Statement): Promise<QueryResult<unknown>> {
  return engine.transact(async (db) => ({
    value: await db.executeQuery(CompiledQuery.raw(sql, [...parameters])),
    changes: [],
  }));
}

/**
 * Kysely for a library that brings its own queries: each statement runs where operations run (SELECT where reading does),
 * and is a transaction of its own. It begins no others. Queries reject with a DomainError, of which `onFailure` hears first,
 * in the query's own asynchronous context: the library swallows some.
 */
export function createSignInDatabase(
  { engine, now, call }: Backend,
  onFailure: (error: unknown) => void,
): Kysely<SignInSchema> {
  const connection: DatabaseConnection = {
    async executeQuery<Row>({ sql, parameters, query }: CompiledQuery): Promise<QueryResult<Row>> {
      const args = [{ sql, parameters } satisfies Statement];
      try {
        const answer = await call(
          query.kind === 'SelectQueryNode'
            ? { kind: 'reading', name: 'readSignIn', now: now(), args }
            : { kind: 'recording', name: 'writeSignIn', args },
        );
        return answer as QueryResult<Row>;
      } catch (error) {
        onFailure(error);
        throw error;
      }
    },
    // biome-ignore lint/correctness/useYield: nothing streams.
    async *streamQuery() {
      throw new Error('nothing streams');
    },
  };
  const refuse = async (): Promise<never> => {
    throw new Error('each statement is a transaction of its own');
  };
  const driver: Driver = {
    init: async () => undefined,
    acquireConnection: async () => connection,
    beginTransaction: refuse,
    commitTransaction: refuse,
    rollbackTransaction: refuse,
    releaseConnection: async () => undefined,
    destroy: async () => undefined,
  };
  const createDriver = () => driver;
  return new Kysely<SignInSchema>({
    dialect:
      engine === 'sqlite'
        ? {
            createDriver,
            createAdapter: () => new SqliteAdapter(),
            createIntrospector: (db) => new SqliteIntrospector(db),
            createQueryCompiler: () => new SqliteQueryCompiler(),
          }
        : {
            createDriver,
            createAdapter: () => new PostgresAdapter(),
            createIntrospector: (db) => new PostgresIntrospector(db),
            createQueryCompiler: () => new PostgresQueryCompiler(),
          },
  });
}
