import { parseArgs } from 'node:util';
import { startPostgres } from '../testing/postgres.ts';
import { printSoak, type SoakResult, soak } from './soak/soak.ts';

/**
 * `npm run soak -- --minutes 20 --engine sqlite|postgres`
 *
 * A server under half of the load that it can take, while tokens are made, refreshed, used and deleted. Prints how resident
 * memory and open files change. Linux only: it reads /proc. Ends with 1 where memory grows or a file is left open.
 */
const { values } = parseArgs({
  options: { minutes: { type: 'string', default: '20' }, engine: { type: 'string', default: 'sqlite' } },
});
const minutes = Number(values.minutes);
if (!(minutes > 0) || !['sqlite', 'postgres'].includes(values.engine)) {
  process.stderr.write('--minutes is a number above 0, --engine is sqlite or postgres.\n');
  process.exit(2);
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
