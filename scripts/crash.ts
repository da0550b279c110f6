import { randomInt } from 'node:crypto';
import { type Engine, runCrashTest } from '../testing/crash/crash.ts';
import { printReport } from '../testing/crash/report.ts';
import { readOptions, refuse } from '../testing/options.ts';
import { startPostgres } from '../testing/postgres.ts';

const USAGE = `Usage: npm run crash -- [--rounds 100] [--engine both] [--lanes 2] [--nodes 1] [--workers 1] [--seed N]

Kills the Postern process, or all of them, again and again, and holds what is left against what was answered. PostgreSQL itself
is not killed: it is the one that POSTERN_TEST_DATABASE_URL names, else one of this run's own, with fsync on.

  --rounds N   how often
  --engine E   sqlite, postgres or both
  --lanes N    how many of them run beside each other, each on data of its own
  --nodes N    processes on one database; PostgreSQL only
  --workers N  workers of each process
  --seed N     what is done, and when; what comes of it depends on the machine, too

Exit codes: 0 nothing was found; 1 something was; 2 these arguments are none.
`;

const values = readOptions(USAGE, {
  rounds: { type: 'string', default: '100' },
  engine: { type: 'string', default: 'both' },
  seed: { type: 'string', default: String(randomInt(1, 2 ** 31)) },
  lanes: { type: 'string', default: '2' },
  nodes: { type: 'string', default: '1' },
  workers: { type: 'string', default: '1' },
});
const ENGINES: Readonly<Record<string, readonly Engine[]>> = {
  sqlite: ['sqlite'],
  postgres: ['postgres'],
  both: ['sqlite', 'postgres'],
};
const engines = Object.hasOwn(ENGINES, values.engine) ? ENGINES[values.engine] : undefined;
if (!engines) refuse('--engine is sqlite, postgres or both.');
const names = ['rounds', 'seed', 'lanes', 'nodes', 'workers'] as const;
const [rounds, seed, lanes, nodes, workers] = names.map((name) => Number(values[name])) as [
  number,
  number,
  number,
  number,
  number,
];
if (![rounds, seed, lanes, nodes, workers].every((each) => Number.isSafeInteger(each) && each > 0)) {
  refuse(`${names.map((name) => `--${name}`).join(', ')} are whole numbers from 1.`);
}
if (nodes > 1 && engines.includes('sqlite')) refuse('Several nodes need PostgreSQL: --engine postgres.');

process.stdout.write(`Crash test: ${rounds} rounds on ${engines.join(' and ')}, --seed ${seed}\n`);
const given = process.env['POSTERN_TEST_DATABASE_URL'];
const server = engines.includes('postgres') && !given ? await startPostgres({ durable: true }) : undefined;
const postgresUrl = given ?? server?.url;
try {
  const reports = await Promise.all(
    engines.map(async (engine) => {
      const onRounds = (done: number): void => void process.stderr.write(`${engine}: ${done} of ${rounds}\n`);
      const report = await runCrashTest({
        engine,
        rounds,
        seed,
        lanes,
        nodes,
        workers,
        onRounds,
        ...(postgresUrl && { postgresUrl }),
      });
      process.stdout.write(`${printReport(engine, report)}\n`);
      return report;
    }),
  );
  if (reports.some(({ findings }) => findings.length > 0)) process.exitCode = 1;
} finally {
  await server?.stop();
}
