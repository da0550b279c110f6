import { readFile, writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { createDatabase, startPostgres } from '../testing/postgres.ts';
import { measureAccess } from './access.ts';
import { findLoadTool } from './load.ts';
import { describeMachine, makeRoomForServers, median, readLoadAverage, readResidentMebibytes } from './machine.ts';
import { type Lengths, measureCold, measureRoute, measureStarts, warmUp } from './measure.ts';
import { measurePeers } from './peer.ts';
import { measureReceipts } from './receipt.ts';
import type { Route } from './request.ts';
import { measureScan } from './scan.ts';
import { FEW_VALUES, openSession, type Session, startBareServer } from './session.ts';
import { type Engine, printResults, type Results, type Row, replaceTable } from './table.ts';
import { measureVerifier } from './verifier.ts';

/**
 * `npm run bench -- [--quick] [--write]`
 *
 * Measures Postern against a bare `node:http` server that does the same reading and writing and decides nothing, in turn.
 * Exits with 1 only when something went wrong: whether a goal is met is part of what it prints.
 */
const USAGE = `Usage: npm run bench -- [--quick] [--write]

  --quick   fewer tokens and rounds, all but the receipts on the embedded database only: about six minutes
  --write   put the table into README.md
`;
const values = readArguments();

const FULL: Lengths = { rounds: 5, speedSeconds: 1, pacedSeconds: 2, coldSamples: 3, starts: 3 };
const QUICK: Lengths = { rounds: 3, speedSeconds: 1, pacedSeconds: 1, coldSamples: 1, starts: 3 };
const lengths = values.quick ? QUICK : FULL;
const sizes = values.quick ? [1_000, 100_000] : [1_000, 1_000_000];

const loadBefore = readLoadAverage();
const machine = describeMachine();
// On all processors: afterwards this process keeps to one of them.
const receipt = await measureReceipts();
const serverRunner = makeRoomForServers();
const tool = findLoadTool();
const results: Results = {
  machine,
  tool,
  isPinned: serverRunner.length > 0,
  loadBefore,
  rounds: lengths.rounds,
  rows: [],
  sizes: [],
  access: [],
  scanMegabytesPerSecond: await measureScan(),
  verifier: await measureVerifier(),
  receipt,
  peers: [],
};
say(`scan: ${Math.round(results.scanMegabytesPerSecond)} MB/s`);
say(JSON.stringify(receipt));

results.peers.push(...(await measurePeers(tool, lengths, serverRunner)));
for (const peer of results.peers) say(JSON.stringify(peer));
await measureEngine('sqlite', sizes, undefined);
say('sqlite, a large organization');
results.access.push(await measureAccess(undefined));
if (!values.quick) {
  const server = await startPostgres({ durable: true });
  try {
    for (const size of sizes) {
      const database = await createDatabase(server.url);
      await measureEngine('postgres', [size], database.url);
      await database.drop();
    }
    say('postgres, a large organization');
    const database = await createDatabase(server.url);
    results.access.push(await measureAccess(database.url));
    await database.drop();
  } finally {
    await server.stop();
  }
}

const table = printResults(results);
process.stdout.write(`${table}\n`);
if (values.write) {
  const readme = new URL('../README.md', import.meta.url);
  await writeFile(readme, replaceTable(await readFile(readme, 'utf8'), table));
}

async function measureEngine(engine: Engine, of: readonly number[], databaseUrl: string | undefined): Promise<void> {
  for (const size of of) {
    say(`${engine}, ${size} tokens: filling the database`);
    const session = await openSession({ size, databaseUrl, serverRunner });
    try {
      await measureSession(engine, session);
    } finally {
      await session.remove();
    }
  }
}

async function measureSession(engine: Engine, session: Session): Promise<void> {
  const starts = await measureStarts(lengths, session);
  const postern = await session.start();
  const bare = await startBareServer(session, postern, serverRunner);
  try {
    const [verify] = session.routes as readonly [Route];
    say(`${engine}, ${session.size} tokens: warming up`);
    // With PostgreSQL one route, called with a few of the tokens, is enough: what differs between engines is not in the routes.
    const isSpread = engine === 'sqlite' && session.size > FEW_VALUES;
    const warm = isSpread ? session.allFile : session.fewFile;
    await warmUp({ session, route: verify, tokensFile: warm }, postern, isSpread ? session.size : FEW_VALUES);
    const subjects = (engine === 'sqlite' ? session.routes : [verify]).map((route) => ({
      route,
      calls: 'few' as const,
    }));
    const spread = isSpread ? [{ route: verify, calls: 'all' as const }] : [];
    for (const { route, calls } of [...subjects, ...spread]) {
      say(`${engine}, ${session.size} tokens, calls to ${calls}: ${route.path}`);
      const subject = { session, route, tokensFile: calls === 'few' ? session.fewFile : session.allFile };
      add({ engine, route, size: session.size, calls, ...(await measureRoute(tool, lengths, subject, postern, bare)) });
    }
    const residentMebibytes = readResidentMebibytes(postern.pid);
    results.sizes.push({ engine, size: session.size, startSeconds: median(starts), residentMebibytes });
    await postern.stop();
    say(`${engine}, ${session.size} tokens: cold`);
    const speed = await measureCold(lengths, { session, route: verify, tokensFile: session.allFile }, bare);
    add({ engine, route: verify, size: session.size, calls: 'cold', speed });
  } finally {
    bare.stop();
    await postern.kill();
  }
}

function add(row: Row): void {
  results.rows.push(row);
  say(JSON.stringify({ ...row, route: row.route.name }));
}

/** Ends the process with the usage where it was asked for, or where the arguments are none of ours. */
function readArguments(): { readonly quick: boolean; readonly write: boolean } {
  const flag = { type: 'boolean', default: false } as const;
  try {
    const { values: given } = parseArgs({ options: { quick: flag, write: flag, help: { ...flag, short: 'h' } } });
    if (!given.help) return given;
    process.stdout.write(USAGE);
    process.exit(0);
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n${USAGE}`);
    process.exit(2);
  }
}

function say(what: string): void {
  process.stderr.write(`${what}\n`);
}
