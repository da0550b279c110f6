import { createDatabase } from '../postgres.ts';
import { createRandom } from '../random.ts';
import { runLane } from './lane.ts';
import { mergeReports, type Report } from './report.ts';

export type Engine = 'sqlite' | 'postgres';

export interface CrashOptions {
  readonly engine: Engine;
  readonly rounds: number;
  readonly seed: number;
  /** How many databases, each with a process of its own, are tried at a time. */
  readonly lanes: number;
  /** Processes on one database; more than one need PostgreSQL. Absent = one. */
  readonly nodes?: number;
  /** Of each process; absent = none but itself. */
  readonly workers?: number;
  /** Where databases are made; needed for PostgreSQL. */
  readonly postgresUrl?: string;
  readonly onRounds?: (done: number) => void;
}

/** A database that has seen so many rounds gives way to a new one, whose first start is a round too. */
const ROUNDS_PER_DATABASE = 25;

/** Runs the rounds on as many databases as they need, and stops early once something is found. */
export async function runCrashTest(options: CrashOptions): Promise<Report> {
  const { rounds, lanes } = options;
  const random = createRandom(options.seed);
  const perDatabase = Math.min(ROUNDS_PER_DATABASE, Math.ceil(rounds / lanes));
  const shares = Array.from({ length: Math.ceil(rounds / perDatabase) }, (_, index) => ({
    name: `${options.seed}-${index}`,
    rounds: Math.min(perDatabase, rounds - index * perDatabase),
    random: random.fork(),
  }));
  const reports: Report[] = [];
  const left = shares.values();
  const work = async (): Promise<void> => {
    for (const share of left) {
      reports.push(await runShare(options, share));
      options.onRounds?.(mergeReports(reports).rounds);
      if (mergeReports(reports).findings.length > 0) return;
    }
  };
  await Promise.all(Array.from({ length: lanes }, work));
  return mergeReports(reports);
}

async function runShare(
  { engine, postgresUrl, nodes = 1, workers = 1 }: CrashOptions,
  share: Pick<Parameters<typeof runLane>[0], 'name' | 'rounds' | 'random'>,
): Promise<Report> {
  if (engine === 'sqlite') return runLane({ ...share, nodes, workers, databaseUrl: undefined });
  if (postgresUrl === undefined) throw new Error('there is no PostgreSQL');
  const database = await createDatabase(postgresUrl);
  try {
    return await runLane({ ...share, nodes, workers, databaseUrl: database.url });
  } finally {
    await database.drop();
  }
}
