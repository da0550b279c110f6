import { randomInt } from 'node:crypto';
import { readOptions, refuse } from '../testing/options.ts';
import { createDatabase, startPostgres } from '../testing/postgres.ts';
import { printReport } from '../testing/torture/report.ts';
import { torture } from '../testing/torture/torture.ts';

const USAGE = `Usage: npm run torture -- [--minutes 1] [--nodes 4] [--faults on] [--seed N]

Processes on one PostgreSQL (the one that POSTERN_TEST_DATABASE_URL names, else one of this run's own), paused, killed and cut off
while rights are given and taken.

  --minutes N      for how long
  --nodes N        how many processes, 1 to 8
  --faults on|off  whether anything happens to them
  --seed N         what is done; what comes of it depends on the machine, too

Exit codes: 0 nothing was seen that cannot be; 1 something was, and it ended there; 2 these arguments are none.
`;

const values = readOptions(USAGE, {
  minutes: { type: 'string', default: '1' },
  seed: { type: 'string', default: String(randomInt(1, 2 ** 31)) },
  nodes: { type: 'string', default: '4' },
  faults: { type: 'string', default: 'on' },
});
const [minutes, seed, nodes] = [values.minutes, values.seed, values.nodes].map(Number) as [number, number, number];
const isValid =
  minutes > 0 && Number.isSafeInteger(seed) && seed > 0 && Number.isSafeInteger(nodes) && nodes > 0 && nodes <= 8;
if (!isValid || !['on', 'off'].includes(values.faults)) {
  refuse('--minutes is above 0, --seed a whole number from 1, --nodes one from 1 to 8, --faults on or off.');
}

process.stdout.write(`Torture: ${nodes} nodes for ${minutes} min, --seed ${seed}\n`);
const given = process.env['POSTERN_TEST_DATABASE_URL'];
const server = given ? undefined : await startPostgres({ durable: true });
const database = await createDatabase(given ?? server?.url ?? '');
try {
  const report = await torture({
    databaseUrl: database.url,
    seed,
    nodes,
    seconds: minutes * 60,
    faults: values.faults === 'on',
    onProgress: ({ counts }) =>
      void process.stderr.write(`${counts.writes} changes, ${counts.allowed + counts.denied} verifications checked\n`),
  });
  process.stdout.write(`${printReport(report)}\n`);
  if (report.findings.length > 0) process.exitCode = 1;
} finally {
  await database.drop();
  await server?.stop();
}
