import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type Clock, createVerificationCache, type Storage, type VerificationCache } from '@postern/core';
import { type DatabaseStorage, openPostgresStorage, openSqliteStorage } from '@postern/storage';
import { Client } from 'pg';
import { afterAll, inject } from 'vitest';

/** A clock that a test moves; its monotonic half is the real one, because leases wait by it. */
export interface TestClock extends Clock {
  set(now: number): void;
  advance(ms: number): void;
}

export interface OpenStorage {
  readonly storage: DatabaseStorage;
  readonly cache: VerificationCache;
}

export interface TestDatabase extends OpenStorage {
  readonly clock: TestClock;
  /** Of the database file, or of the database on the server. */
  readonly location: string;
  /** Another storage on the same database: a second process, as far as the database can tell. Closed by `destroy`. */
  openAnother(): Promise<OpenStorage>;
  /** Closes the storage, and opens the database anew. */
  reopen(): Promise<OpenStorage>;
  /** Runs statements behind the storage's back. */
  query(text: string): Promise<Record<string, unknown>[]>;
  /** Closes everything and removes the database. */
  destroy(): Promise<void>;
}

export interface TestEngine {
  readonly name: Storage['engine'];
  open(options?: OpenOptions): Promise<TestDatabase>;
}

export interface OpenOptions {
  readonly now?: number;
  /** The directory of the revocation journal; absent = none is kept. */
  readonly journal?: string;
}

export const TEST_NOW = Date.UTC(2026, 10, 23, 20);
const CACHE_BYTES = 8_000_000;

const sqlite: TestEngine = {
  name: 'sqlite',
  async open({ now = TEST_NOW, journal } = {}) {
    const directory = await mkdtemp(join(await realpath(tmpdir()), 'postern-storage-'));
    const path = join(directory, 'postern.db');
    return openDatabase(createTestClock(now), path, {
      open: (shared) => openSqliteStorage({ path, journal, ...shared }),
      async query(text) {
        const database = new DatabaseSync(path, { timeout: 5_000 });
        try {
          const statement = database.prepare(text);
          return statement.all().map((row) => ({ ...row }));
        } finally {
          database.close();
        }
      },
      remove: () => rm(directory, { recursive: true, force: true, maxRetries: 5 }),
    });
  },
};

const postgres: TestEngine = {
  name: 'postgres',
  async open({ now = TEST_NOW, journal } = {}) {
    templateName ??= createTemplate();
    const template = await templateName;
    const name = `postern_test_${randomUUID().replaceAll('-', '')}`;
    await asAdmin(`create database ${name} template ${template}`);
    const url = databaseUrl(name);
    return openDatabase(createTestClock(now), url, {
      open: (shared) => openPostgresStorage({ url, time: 'clock', maxConnections: 5, journal, ...shared }),
      query: (text) => queryAt(url, text),
      remove: async () => {
        await asAdmin(`drop database ${name} with (force)`);
      },
    });
  },
};

export const engines: readonly TestEngine[] = [sqlite, postgres];

/** The address of a database on the server that the run has. */
export function databaseUrl(name: string): string {
  const url = new URL(inject('postgresUrl'));
  url.pathname = `/${name}`;
  return url.href;
}

export function asAdmin(text: string): Promise<Record<string, unknown>[]> {
  return queryAt(inject('postgresUrl'), text);
}

export function createTestClock(start: number): TestClock {
  let now = start;
  return {
    now: () => now,
    monotonic: () => performance.now(),
    set: (to) => {
      now = to;
    },
    advance: (ms) => {
      now += ms;
    },
  };
}

interface Shared {
  readonly cache: VerificationCache;
  readonly clock: Clock;
  readonly random: (size: number) => Buffer;
}

async function openDatabase(
  clock: TestClock,
  location: string,
  database: {
    open(shared: Shared): Promise<DatabaseStorage>;
    query(text: string): Promise<Record<string, unknown>[]>;
    remove(): Promise<void>;
  },
): Promise<TestDatabase> {
  const opened = new Set<Storage>();
  async function open(): Promise<OpenStorage> {
    const cache = createVerificationCache(CACHE_BYTES);
    const storage = await database.open({ cache, clock, random: randomBytes });
    opened.add(storage);
    return { storage, cache };
  }
  async function close(storage: Storage): Promise<void> {
    opened.delete(storage);
    await storage.close();
  }
  let first = await open();
  return {
    get storage() {
      return first.storage;
    },
    get cache() {
      return first.cache;
    },
    clock,
    location,
    openAnother: open,
    async reopen() {
      await close(first.storage);
      first = await open();
      return first;
    },
    query: database.query,
    async destroy() {
      await Promise.all([...opened].map(close));
      await database.remove();
    },
  };
}

let templateName: Promise<string> | undefined;

afterAll(async () => {
  if (templateName) await asAdmin(`drop database ${await templateName} with (force)`);
});

/** A migrated, empty database of this test file, to copy from. */
async function createTemplate(): Promise<string> {
  const name = `postern_template_${randomUUID().replaceAll('-', '')}`;
  await asAdmin(`create database ${name}`);
  const storage = await openPostgresStorage({
    url: databaseUrl(name),
    cache: createVerificationCache(CACHE_BYTES),
    clock: createTestClock(TEST_NOW),
    random: randomBytes,
    time: 'clock',
  });
  await storage.close();
  return name;
}

async function queryAt(url: string, text: string): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
}
