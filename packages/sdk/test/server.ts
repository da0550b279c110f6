import { randomBytes } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { bootstrap, createVerificationCache, mintTokenValue, parseSecretKey, systemClock } from '@postern/core';
import { buildApp, createLog, createServer } from '@postern/server';
import { openSqliteStorage } from '@postern/storage';
import { onTestFinished } from 'vitest';
import { tmpDirectory } from '../../../testing/tmp.ts';

export interface TestServer {
  readonly url: string;
  /** Of the service account `bootstrap`, which may do everything. */
  readonly adminToken: string;
  /** Writes what is known of use; the process does it every few seconds. */
  flushUsage(): Promise<void>;
}

/** A Postern on a database of its own, listening until the test has finished. */
export async function startPostern(): Promise<TestServer> {
  const key = parseSecretKey(`test:${randomBytes(32).toString('base64url')}`);
  if (!key) throw new Error('the test has no secret key');
  const keys = { current: key };
  const cache = createVerificationCache(1024 * 1024);
  const path = join(await tmpDirectory(), 'postern.db');
  const storage = await openSqliteStorage({ path, cache, clock: systemClock, random: randomBytes });
  const value = mintTokenValue(randomBytes);
  await bootstrap({ storage, keys, random: randomBytes }, { organizationName: 'Acme', value });
  const log = createLog('silent', { write: () => undefined });
  const server = createServer({ storage, cache, keys, random: randomBytes, log, issuer: () => 'http://postern.test' });
  const app = await buildApp(server);
  await app.listen({ host: '127.0.0.1', port: 0 });
  onTestFinished(async () => {
    await app.close();
    await storage.close();
  });
  const { port } = app.server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    adminToken: value.reveal(),
    flushUsage: () => server.usage.flush(storage),
  };
}
