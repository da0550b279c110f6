import {
  type DatabaseConnection,
  type Driver,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type QueryResult,
} from 'kysely';
import {
  type ClientBase,
  type ClientConfig,
  type CustomTypesConfig,
  Pool,
  type PoolClient,
  type QueryResult as PostgresResult,
  type QueryConfig,
  types,
} from 'pg';
import type { NamedQuery } from '../fixed-statement.ts';
import type { Schema } from '../schema.ts';
import { isUnusable, translateConnectError, translatePostgresError } from './error.ts';
import type { Primary } from './primary.ts';
import { sendTogether } from './socket.ts';

/** How long one server may take to be connected to, and to say whether it is the primary. */
export const CONNECT_TIMEOUT_MS = 2_000;
const LOCK_TIMEOUT_MS = 2_000;
const IDLE_IN_TRANSACTION_TIMEOUT_MS = 2_000;
/** How much longer than the server's limit the client waits before it gives a connection up for lost. */
const ANSWER_TIMEOUT_MARGIN_MS = 1_000;
const BIGINT_OID = 20;
/** One for all connections: statements that are put together once are kept by it. */
const ADAPTER = new PostgresAdapter();

export interface PoolOptions {
  readonly primary: Primary;
  readonly max: number;
  readonly statementTimeoutMs: number;
  /** The address is a pooler's, in transaction mode: nothing of a session may be relied on. */
  readonly pooled: boolean;
}

/** Counts, times and positions come as numbers: all of them stay below 2^53. For our connections only. */
const numbers: CustomTypesConfig = {
  getTypeParser: ((oid: number, format: 'text' | 'binary') =>
    oid === BIGINT_OID && format !== 'binary'
      ? Number
      : types.getTypeParser(oid, format)) as CustomTypesConfig['getTypeParser'],
};

/** What every connection of ours is opened with. */
export const CONNECTION_CONFIG: ClientConfig = {
  application_name: 'postern',
  connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
  keepAlive: true,
  types: numbers,
};

/** Connections to whichever server is the primary. */
export interface PrimaryPool extends Pool {
  readonly primary: Primary;
}

export function createPool({ primary, max, statementTimeoutMs, pooled }: PoolOptions): PrimaryPool {
  const pool = new Pool({
    ...CONNECTION_CONFIG,
    Client: primary.Client,
    max,
    // Not every pooler takes a statement before it has answered the one before, or knows of prepared ones.
    pipeline: !pooled,
    query_timeout: statementTimeoutMs + ANSWER_TIMEOUT_MARGIN_MS,
    onConnect: (client) => (pooled ? undefined : prepareSession(client, statementTimeoutMs)),
  });
  pool.on('error', () => undefined);
  return Object.assign(pool, { primary });
}

/**
 * The same for one transaction, begun with it: behind a pooler, each may run in another session. Where a setting is refused,
 * so is whatever comes after it in the transaction.
 */
export function beginPooled(statementTimeoutMs: number): string {
  return `
    begin;
    set transaction isolation level read committed, read write;
    set local synchronous_commit = on;
    set local statement_timeout = ${statementTimeoutMs};
    set local lock_timeout = ${LOCK_TIMEOUT_MS};
    set local idle_in_transaction_session_timeout = ${IDLE_IN_TRANSACTION_TIMEOUT_MS}`;
}

/** Settings that the promises rest on, whatever the server's or the role's defaults are. */
async function prepareSession(client: ClientBase, statementTimeoutMs: number): Promise<void> {
  await client.query(`
    set session characteristics as transaction isolation level read committed, read write;
    set synchronous_commit = on;
    set statement_timeout = ${statementTimeoutMs};
    set lock_timeout = ${LOCK_TIMEOUT_MS};
    set idle_in_transaction_session_timeout = ${IDLE_IN_TRANSACTION_TIMEOUT_MS}`);
}

/** Runs the work on one connection; one that is lost, or cannot be written to, does not go back to the pool. */
export async function withClient<Value>(
  pool: PrimaryPool,
  work: (client: PoolClient) => Promise<Value>,
): Promise<Value> {
  const client = await connect(pool);
  try {
    const value = await work(client);
    client.release();
    return value;
  } catch (error) {
    client.release(isUnusable(error));
    throw translatePostgresError(error);
  }
}

/** Kysely on a pool: each query on whatever connection is free. */
export function createKysely(pool: PrimaryPool): Kysely<Schema> {
  return kyselyOf(
    async () => connectionOn(await connect(pool)),
    ({ client, lost }) => client.release(lost),
  );
}

/** Kysely on one connection, whose transactions are the caller's. */
export function kyselyOn(client: ClientBase): Kysely<Schema> {
  return kyselyOnConnection(connectionOn(client));
}

export function kyselyOnConnection(connection: ClientConnection<ClientBase>): Kysely<Schema> {
  return kyselyOf(
    async () => connection,
    () => undefined,
  );
}

/** Statements run in the order in which they are given, whether or not the ones before have been answered. */
export interface ClientConnection<Client> extends DatabaseConnection {
  readonly client: Client;
  lost: boolean;
  /** With errors as PostgreSQL has them. */
  readonly send: Send;
}

type Send = (query: string | QueryConfig) => Promise<PostgresResult>;

function kyselyOf<Client>(
  acquire: () => Promise<ClientConnection<Client>>,
  release: (connection: ClientConnection<Client>) => void,
): Kysely<Schema> {
  const refuse = async (): Promise<never> => {
    throw new Error('transactions are begun on a connection of one’s own');
  };
  const driver: Driver = {
    init: async () => undefined,
    acquireConnection: acquire,
    beginTransaction: refuse,
    commitTransaction: refuse,
    rollbackTransaction: refuse,
    releaseConnection: async (connection) => release(connection as ClientConnection<Client>),
    destroy: async () => undefined,
  };
  return new Kysely<Schema>({
    dialect: {
      createAdapter: () => ADAPTER,
      createDriver: () => driver,
      createIntrospector: (db) => new PostgresIntrospector(db),
      createQueryCompiler: () => new PostgresQueryCompiler(),
    },
  });
}

export function connectionOn<Client extends ClientBase>(client: Client): ClientConnection<Client> {
  const isPipelined = 'pipeline' in client && client.pipeline === true;
  const connection: ClientConnection<Client> = {
    client,
    lost: false,
    send: isPipelined ? together(client) : oneByOne(client),
    async executeQuery<Row>({ sql: text, parameters, name }: NamedQuery): Promise<QueryResult<Row>> {
      const prepared = isPipelined && name !== undefined && { name };
      try {
        const { command, rowCount, rows } = await connection.send({ ...prepared, text, values: [...parameters] });
        const changes = command === 'INSERT' || command === 'UPDATE' || command === 'DELETE';
        return changes ? { rows, numAffectedRows: BigInt(rowCount ?? 0) } : { rows: rows ?? [] };
      } catch (error) {
        connection.lost ||= isUnusable(error);
        throw translatePostgresError(error);
      }
    },
    // biome-ignore lint/correctness/useYield: nothing streams.
    async *streamQuery() {
      throw new Error('nothing streams');
    },
  };
  return connection;
}

function together(client: ClientBase): Send {
  return (query) => {
    sendTogether(client);
    return client.query(query);
  };
}

function oneByOne(client: ClientBase): Send {
  let last: Promise<unknown> = Promise.resolve();
  return (query) => {
    const sent = last.then(() => client.query(query));
    last = sent.catch(() => undefined);
    return sent;
  };
}

/** Once more where the primary that was known is gone: another may have taken its place. */
async function connect(pool: PrimaryPool): Promise<PoolClient> {
  try {
    return await connectOnce(pool);
  } catch (error) {
    if (!pool.primary.isLost()) throw translateConnectError(error);
  }
  try {
    return await connectOnce(pool);
  } catch (error) {
    throw translateConnectError(error);
  }
}

async function connectOnce(pool: PrimaryPool): Promise<PoolClient> {
  for (;;) {
    // What is connected is used before anybody is asked.
    if (pool.idleCount === 0) await pool.primary.locate();
    const client = await pool.connect();
    if (pool.primary.isCurrent(client)) return client;
    client.release(true);
  }
}
