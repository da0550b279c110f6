import { readFile, writeFile } from 'node:fs/promises';
import { type PostgresServer, startPostgres } from '../testing/postgres.ts';
import { type Arguments, type Part, parseArguments, USAGE } from './argument.ts';
import { measureDisables } from './disable.ts';
import { drawGrowth, printGrowth } from './growth.ts';
import { findLoadTool } from './load.ts';
import { describeMachine, makeRoomForServers, readLoadAverage } from './machine.ts';
import type { Lengths } from './measure.ts';
import { measurePart } from './measure-part.ts';
import { measurePauses, worse } from './pause.ts';
import { profileVerify } from './profile.ts';
import { measureReceipts } from './receipt.ts';
import { printResults, type Results, replaceBetweenMarks } from './table.ts';

/**
 * `npm run bench -- --help`
 *
 * Prints what was measured as Markdown, and what it is doing on the standard error output. Exits with 1 only when something
 * went wrong: whether a goal is met is part of what it prints.
 */

const FULL: Lengths = { rounds: 5, speedSeconds: 1, pacedSeconds: 2, coldSamples: 3, starts: 3 };
const QUICK: Lengths = { rounds: 3, speedSeconds: 1, pacedSeconds: 1, coldSamples: 1, starts: 3 };

const given = readArguments();
const loadBefore = readLoadAverage();
const machine = describeMachine();
// On all processors: afterwards this process keeps to one of them.
const isAsked = (part: Part): boolean => given.parts.includes(part) && !given.profile;
const receipt = isAsked('receipts') ? await measureReceipts() : undefined;
if (receipt) say(JSON.stringify(receipt));
const disables = isAsked('disable') ? await measureDisables() : [];
for (const disable of disables) say(JSON.stringify(disable));
const serverRunner = makeRoomForServers();
const tool = findLoadTool();
if (given.profile) process.stdout.write(`${await profileVerify(tool, serverRunner)}\n`);
else await measure(given);

async function measure({ quick, write, parts }: Arguments): Promise<void> {
  const lengths = quick ? QUICK : FULL;
  const results: Results = {
    ...{ machine, tool, isPinned: serverRunner.length > 0, loadBefore, rounds: lengths.rounds },
    ...{ rows: [], sizes: [], workers: [], revocations: [], nodes: [], access: [], peers: [], leftOut: [] },
    ...{ ...(receipt && { receipt }), disables },
  };
  const pausesBefore = await measurePauses(serverRunner);
  let started: Promise<PostgresServer> | undefined;
  const postgres = (): Promise<PostgresServer> => (started ??= startPostgres({ durable: true }));
  try {
    for (const part of parts) {
      if (part === 'receipts' || part === 'disable') continue;
      await measurePart(part, { tool, lengths, isQuick: quick, serverRunner, results, postgres, say });
    }
  } finally {
    await (await started)?.stop();
  }
  results.pauses = worse(pausesBefore, await measurePauses(serverRunner));
  process.stdout.write(`${printResults(results)}\n`);
  if (write) await writeDocuments(results);
}

async function writeDocuments(results: Results): Promise<void> {
  const root = new URL('../', import.meta.url);
  const replace = async (path: string, name: string, content: string): Promise<void> => {
    const file = new URL(path, root);
    await writeFile(file, replaceBetweenMarks(await readFile(file, 'utf8'), name, content));
  };
  await replace('README.md', 'bench', printResults(results));
  await replace('docs/reference/performance.md', 'performance', printGrowth(results));
  for (const { file, svg } of drawGrowth(results)) await writeFile(new URL(`docs/images/${file}`, root), svg);
}

/** Ends the process where help is all that is asked for, or where the arguments are none of ours. */
function readArguments(): Arguments {
  try {
    const parsed = parseArguments(process.argv.slice(2));
    if (parsed !== 'help') return parsed;
    process.stdout.write(USAGE);
    process.exit(0);
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`);
    process.exit(2);
  }
}

function say(what: string): void {
  process.stderr.write(`${what}\n`);
}
