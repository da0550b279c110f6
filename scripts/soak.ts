import { readOptions, refuse } from '../testing/options.ts';
import { startPostgres } from '../testing/postgres.ts';
import { printSoak, type SoakResult, soak } from './soak/soak.ts';

const USAGE = `Usage: npm run soak -- [--minutes 20] [--engine sqlite]

A server under half of the load that it can take, while tokens are made, refreshed, used and deleted. Prints how resident memory
and open files change. Linux only: it reads /proc.

  --minutes N  for how long
  --engine E   sqlite or postgres

Exit codes: 0 neither grows; 1 memory does, or a file is left open; 2 these arguments are none.
`;

const values = readOptions(USAGE, {
  minutes: { type: 'string', default: '20' },
  engine: { type: 'string', default: 'sqlite' },
});
const minutes = Number(values.minutes);
if (!(minutes > 0) || !['sqlite', 'postgres'].includes(values.engine)) {
  refuse('--minutes is a number above 0, --engine is sqlite or postgres.');
}
const postgres = values.engine === 'postgres' ? await startPostgres({ durable: true }) : undefined;
let result: SoakResult;
try {
  result = await soak({ minutes, databaseUrl: postgres?.url, onSample: (line) => process.stderr.write(`${line}\n`) });
} finally {
  await postgres?.stop();
}
process.stdout.write(`${printSoak(result)}\n`);
if (!result.isFlat) process.exitCode = 1;
