import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { type Engine, runCrashTest } from '../testing/crash/crash.ts';
import { printReport } from '../testing/crash/report.ts';
import { startPostgres } from '../testing/postgres.ts';

/**
 * `npm run crash -- --rounds 1000 --engine sqlite|postgres|both --seed N --lanes N --nodes N --workers N`
 *
 * Kills the Postern process, or all `--nodes` of them, again and again and holds what is left against what was answered. PostgreSQL itself is not
 * killed: it is the one that POSTERN_TEST_DATABASE_URL names, else one of this run's own, with fsync on.
 */
const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '100' },
    engine: { type: 'string', default: 'both' },
    seed: { type: 'string', default: String(randomInt(1, 2 ** 31)) },
    lanes: { type: 'string', default: '2' },
    nodes: { type: 'string', default: '1' },
    workers: { type: 'string', default: '1' },
  },
});
const engines: readonly Engine[] =
  values.engine === 'sqlite' || values.engine === 'postgres' ? [values.engine] : ['sqlite', 'postgres'];
const names = ['rounds', 'seed', 'lanes', 'nodes', 'workers'] as const;
const [rounds, seed, lanes, nodes, workers] = names.map((name) => Number(values[name])) as [
  number,
  number,
  number,
  number,
  number,
];
if (![rounds, seed, lanes, nodes, workers].every((each) => Number.isSafeInteger(each) && each > 0)) {
  process.stderr.write(`${names.map((name) => `--${name}`).join(', ')} are whole numbers from 1.\n`);
  process.exit(2);
}
if (nodes > 1 && engines.includes('sqlite')) {
  process.stderr.write('Several nodes need PostgreSQL: --engine postgres.\n');
  process.exit(2);
}

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
