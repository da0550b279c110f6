import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  createPosternData,
  launchPostern,
  type PosternData,
  removePosternData,
} from '../../../testing/postern-process.ts';
import type { Database } from '../../../testing/postgres.ts';
import { createDatabase } from './postern.ts';

/** What a start says when PostgreSQL goes away in the middle of it. */

let database: Database;
let data: PosternData;

beforeAll(async () => {
  database = await createDatabase();
  data = await createPosternData(database.url);
});
afterAll(async () => {
  if (data) await removePosternData(data);
  await database?.drop();
});

/** Passes so many connections on to the database; whoever comes later hears nothing. */
async function listenFor(connections: number): Promise<{ readonly url: string; close(): void }> {
  const target = new URL(database.url);
  const sockets: Socket[] = [];
  const server = createServer((client) => {
    sockets.push(client.on('error', () => undefined));
    if (sockets.length > connections) return;
    const to = connect(Number(target.port), target.hostname).on('error', () => undefined);
    client.pipe(to).pipe(client);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = new URL(database.url);
  url.hostname = '127.0.0.1';
  url.port = String((server.address() as AddressInfo).port);
  return {
    url: url.href,
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

async function startThrough(connections: number): Promise<string> {
  const relay = await listenFor(connections);
  const launch = launchPostern({ ...data, databaseUrl: relay.url });
  const said = await launch.ready.then(
    () => 'listening',
    () => launch.stderr(),
  );
  await launch.kill();
  relay.close();
  return said;
}

test('a sentence, wherever it was, and no stack trace', async () => {
  expect(await startThrough(Number.POSITIVE_INFINITY)).toBe('listening');
  const said = await Promise.all([0, 1, 2, 3, 4, 5].map(startThrough));
  const failures = said.filter((each) => each !== 'listening');
  for (const each of failures) {
    expect(each).toMatch(
      /^The database (at POSTERN_DATABASE_URL cannot be used|stopped answering while Postern was starting): .+\.\n$/,
    );
  }
  expect(failures.join('')).toContain('cannot be used');
  expect(failures.join('')).toContain('stopped answering');
});
