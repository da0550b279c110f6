import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { TOKEN_PATTERN } from '@postern/core';
import { Client as PostgresClient } from 'pg';
import { expect, inject } from 'vitest';
import {
  createPosternData,
  type LaunchOptions,
  type Postern,
  type PosternData,
  removePosternData,
  startPosternOn,
} from '../../../testing/postern-process.ts';
import { createDatabase as createDatabaseAt, type Database } from '../../../testing/postgres.ts';
import type { Client } from './api.ts';

/** A Postern of a test file's own: the real process, on a database that nobody else has. */

export type Engine = 'sqlite' | 'postgres';
export const ENGINES: readonly Engine[] = ['sqlite', 'postgres'];

export type Admin = Client & { readonly token: string };

export interface TestServer {
  readonly engine: Engine;
  readonly url: string;
  /** The caller that the first start made. */
  readonly admin: Admin;
  readonly data: PosternData;
  /** The text of the secret key. */
  readonly secretKey: string;
  /** The process as it runs now. */
  readonly process: Postern;
  /** The file of the embedded database. */
  readonly databaseFile: string;
  /** Everything that its processes have written so far. */
  output(): Promise<string>;
  /** Another process on the same database; with PostgreSQL only. */
  startAnother(): Promise<Admin>;
  /** Ends the process in good order, and starts it again at the same address. */
  restart(options?: LaunchOptions): Promise<void>;
  /** Runs one statement behind the server's back. */
  query(text: string): Promise<Record<string, unknown>[]>;
  /** Keeps every mutation waiting until it is unlocked. */
  lockWriters(): Promise<WriterLock>;
  /** Ends everything in good order, and looks whether the processes wrote what they must not. */
  stop(): Promise<void>;
}

export interface WriterLock {
  unlock(): Promise<void>;
  /** How many mutations wait for it; undefined where nobody can tell. */
  countWaiting(): Promise<number | undefined>;
}

export async function startPostern(engine: Engine, env: NonNullable<LaunchOptions['env']> = {}): Promise<TestServer> {
  const database = engine === 'postgres' ? await createDatabase() : undefined;
  const data = await createPosternData(database?.url);
  const logFile = join(data.directory, 'log');
  const options: LaunchOptions = { env: { POSTERN_ORGANIZATION: 'Acme', ...env }, logFile };
  const remove = async () => {
    await removePosternData(data);
    await database?.drop();
  };
  const all: Postern[] = [];
  const start = async (more: LaunchOptions = {}) => {
    const started = await startPosternOn(data, { ...options, ...more, env: { ...options.env, ...more.env } });
    all.push(started);
    return started;
  };
  let current = await start().catch(async (error) => {
    await remove();
    throw error;
  });
  const secretKey = data.secretKey ?? (await readFile(join(current.dataDirectory, 'secret.key'), 'utf8')).trim();
  const databaseFile = join(current.dataDirectory, 'postern.db');

  const server: TestServer = {
    engine,
    get url() {
      return current.url;
    },
    get admin() {
      return { url: current.url, token: data.adminToken };
    },
    data,
    secretKey,
    get process() {
      return current;
    },
    databaseFile,
    async output() {
      return all.map(({ stdout }) => stdout()).join('') + (await readFile(logFile, 'utf8'));
    },
    async startAnother() {
      return { url: (await start()).url, token: data.adminToken };
    },
    async restart(more = {}) {
      expect(await current.stop()).toBe(0);
      current = await start({ port: Number(new URL(current.url).port), ...more });
    },
    query: (text) => (database ? queryAt(database.url, text) : queryFile(databaseFile, text)),
    lockWriters: () => (database ? lockPostgres(database.url) : lockFile(databaseFile)),
    async stop() {
      const codes = await Promise.all(all.map((each) => each.stop()));
      const output = await server.output();
      await remove();
      expect(codes).toEqual(codes.map(() => 0));
      expect(output.split('\n').filter((line) => TOKEN_PATTERN.test(line))).toEqual([]);
      expect(output).not.toContain(secretKey.slice(secretKey.indexOf(':') + 1));
    },
  };
  return server;
}

/** A database of its own on the server that the run has. */
export function createDatabase(): Promise<Database> {
  return createDatabaseAt(inject('postgresUrl'));
}

export async function queryFile(path: string, text: string): Promise<Record<string, unknown>[]> {
  const database = new DatabaseSync(path, { timeout: 5_000 });
  try {
    const rows = database.prepare(text).all();
    return rows.map((row) => ({ ...row }));
  } finally {
    database.close();
  }
}

export async function queryAt(url: string, text: string): Promise<Record<string, unknown>[]> {
  const client = new PostgresClient({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
}

async function lockFile(path: string): Promise<WriterLock> {
  const database = new DatabaseSync(path, { timeout: 5_000 });
  database.exec('begin immediate');
  return {
    countWaiting: async () => undefined,
    async unlock() {
      database.exec('rollback');
      database.close();
    },
  };
}

async function lockPostgres(url: string): Promise<WriterLock> {
  const client = new PostgresClient({ connectionString: url });
  await client.connect();
  await client.query('begin');
  await client.query('select id from organization for update');
  return {
    async countWaiting() {
      const [row] = await queryAt(
        url,
        `select count(*)::int as waiting from pg_stat_activity
         where datname = current_database() and wait_event_type = 'Lock'`,
      );
      return row?.['waiting'] as number;
    },
    async unlock() {
      await client.query('rollback');
      await client.end();
    },
  };
}
