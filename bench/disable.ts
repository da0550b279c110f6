import { createHttpClient, type HttpAnswer, type HttpClient } from '../testing/http-client.ts';
import type { Postern } from '../testing/postern-process.ts';
import { createDatabase, startPostgres } from '../testing/postgres.ts';
import { median } from './machine.ts';
import { seededValue } from './seed.ts';
import { openSession } from './session.ts';
import type { Engine } from './table.ts';

/** How long the caller waits for the answer that an account with many tokens is disabled, and all of them ended. */
export interface DisableResult {
  readonly engine: Engine;
  /** Of each account. */
  readonly tokens: number;
  readonly accounts: number;
  /** Milliseconds; the median, and the longest. */
  readonly p50Ms: number;
  readonly longestMs: number;
}

const ACCOUNTS = 10;
const TOKENS = 10_000;
/** So many of all values are looked at, before and after. */
const VALUES = 100;

/** One process, on any processor, with each database; PostgreSQL commits to the disk. */
export async function measureDisables(): Promise<readonly DisableResult[]> {
  const embedded = await measure('sqlite', undefined);
  const server = await startPostgres({ durable: true });
  try {
    return [embedded, await measure('postgres', (await createDatabase(server.url)).url)];
  } finally {
    await server.stop();
  }
}

async function measure(engine: Engine, databaseUrl: string | undefined): Promise<DisableResult> {
  const session = await openSession({
    ...{ databaseUrl, size: ACCOUNTS * TOKENS, tokensPerAccount: TOKENS },
    serverRunner: [],
  });
  let server: Postern | undefined;
  try {
    server = await session.start();
    const client = createHttpClient(server.url, session.data.adminToken);
    await requireActive(client, true);
    const waits = await disableAll(client);
    await requireActive(client, false);
    client.close();
    return { engine, tokens: TOKENS, accounts: waits.length, p50Ms: median(waits), longestMs: Math.max(...waits) };
  } finally {
    await server?.kill();
    await session.remove();
  }
}

/** One after the other. */
async function disableAll({ call }: HttpClient): Promise<readonly number[]> {
  const { items } = succeed(await call('GET', '/api/v1/service-accounts?search=pipeline-&limit=200'));
  if (items.length !== ACCOUNTS) throw new Error(`there are ${items.length} accounts`);
  const waits: number[] = [];
  for (const { id } of items) {
    const startedAt = performance.now();
    succeed(await call('POST', `/api/v1/service-accounts/${id}/disable`));
    waits.push(performance.now() - startedAt);
  }
  return waits;
}

async function requireActive({ call }: HttpClient, expected: boolean): Promise<void> {
  for (let number = 0; number < VALUES; number += 1) {
    const { active } = succeed(await call('POST', '/api/v1/tokens/verify', { body: { token: seededValue(number) } }));
    if (active !== expected) throw new Error(`a token is ${active ? 'active' : 'not active'} that must not be so`);
  }
}

function succeed({ status, body }: HttpAnswer) {
  if (status >= 400) throw new Error(`answered ${status}: ${JSON.stringify(body)}`);
  return body;
}
