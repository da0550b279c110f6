import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateSecretKey } from '@postern/core';
import { createVerifier } from '@postern/sdk';
import { withPostern } from '@postern/sdk/web';
import { type Postern, startPosternOn } from '../testing/postern-process.ts';
import { ADMIN } from './demo/names.ts';
import { livePast } from './demo/past.ts';

/**
 * An organization to look at, on a throw-away directory: two months of it, an orders API that Postern protects, and three
 * clients that call it all the time. Disable one of them in the console, and the next line says so.
 */

const TICK_MS = 1_000;
const CALL_TIMEOUT_MS = 5_000;
/** How the verifier of the orders API is bound: what was revoked is refused after this at the latest. */
const STALENESS_MS = 1_000;

process.stdout.write('Two months are being lived through; this takes some seconds…\n');
const directory = mkdtempSync(join(tmpdir(), 'postern-demo-'));
const dataDir = join(directory, 'data');
const secretKey = generateSecretKey('demo', randomBytes);
const { values } = await livePast(dataDir, secretKey);

const postern = await startPosternOn(
  { directory, adminToken: '', databaseUrl: undefined, secretKey },
  { env: { POSTERN_ADMIN_TOKEN: undefined } },
);
const api = await startOrdersApi(postern);
let jenkinsMoved = false;
const clients = [
  { name: 'nightly-import', agent: 'nightly-import/1.4', value: () => values.nightlyImport, note: () => '' },
  {
    name: 'jenkins',
    agent: 'Jenkins/2.462',
    value: () => (jenkinsMoved ? values.jenkins : values.jenkinsOld),
    note: () => (jenkinsMoved ? '' : ' (old value)'),
  },
  { name: 'vendor-export', agent: 'vendor-export/3.0', value: () => values.vendorExport, note: () => '' },
];

process.stdout.write(
  [
    '',
    `  The console    ${postern.url}`,
    `  Sign in as     ${ADMIN.email}`,
    `  Password       ${ADMIN.password}`,
    `  The orders API ${api.url}/orders`,
    '',
    '  Disable vendor-export in the console, and see its next call. j moves Jenkins to its new value, q ends it all.',
    '',
    '',
  ].join('\n'),
);

const ticker = setInterval(() => void tick(), TICK_MS);
listenToKeys();

async function tick(): Promise<void> {
  const states = await Promise.all(
    clients.map(async ({ name, agent, value, note }) => `${name} ${await call(value(), agent)}${note()}`),
  );
  const line = states.join(' · ');
  process.stdout.write(process.stdout.isTTY ? `\r\u001B[K${line}` : `${line}\n`);
}

async function call(value: string, agent: string): Promise<string> {
  try {
    const { status } = await fetch(`${api.url}/orders`, {
      headers: { authorization: `Bearer ${value}`, 'user-agent': agent },
      signal: AbortSignal.timeout(CALL_TIMEOUT_MS),
    });
    return String(status);
  } catch {
    return 'no answer';
  }
}

/** Somebody else's API, with one line of protection. */
async function startOrdersApi({ url }: Postern) {
  const verifier = createVerifier({ url, token: values.verifier, maxStalenessMs: STALENESS_MS });
  await verifier.ready();
  const orders = withPostern(verifier, 'orders.read', () => Response.json({ orders: ['4 pallets'] }), {
    workspace: 'production',
  });
  const server = createHttpServer(async (request, response) => {
    const answer = await orders(
      new Request(`http://orders.invalid${request.url}`, {
        headers: {
          authorization: request.headers.authorization ?? '',
          'user-agent': request.headers['user-agent'] ?? '',
        },
      }),
    );
    response.writeHead(answer.status, Object.fromEntries(answer.headers)).end(await answer.text());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    async close() {
      server.close();
      server.closeAllConnections();
      await verifier.close();
    },
  };
}

function listenToKeys(): void {
  process.once('SIGINT', end);
  process.once('SIGTERM', end);
  // Each key as it is pressed; of a pipe, whatever comes.
  if (process.stdin.isTTY) process.stdin.setRawMode(true);
  process.stdin.on('data', (keys) => {
    for (const key of keys.toString()) {
      if (key === 'j') jenkinsMoved = true;
      if (key === 'q' || key === '\u0003') void end();
    }
  });
}

async function end(): Promise<void> {
  clearInterval(ticker);
  await api.close();
  await postern.stop();
  rmSync(directory, { recursive: true, force: true });
  process.stdout.write('\nThe demo is over, and its data are gone.\n');
  process.exit(0);
}
