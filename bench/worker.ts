import type { LoadTool } from './load.ts';
import { onAllProcessors } from './machine.ts';
import { type Lengths, warmUp } from './measure.ts';
import type { Route } from './request.ts';
import { FEW_VALUES, type Session } from './session.ts';
import { createMeasure, measureRounds, type Speed } from './speed.ts';

/**
 * Verifications by one process and by two behind one port (`--workers`), on the embedded database, where all processors may be
 * used by all: the load has to share them, so on a machine with two, two workers cannot show twice the speed. What a
 * request costs them does not depend on that; it counts the time of the process that supervises, too.
 */
export interface WorkerResult extends Speed {
  readonly workers: number;
}

const WORKERS = [1, 2];

export async function measureWorkers(
  tool: LoadTool,
  lengths: Lengths,
  session: Session,
): Promise<readonly WorkerResult[]> {
  const subject = { session, route: session.routes[0] as Route, tokensFile: session.fewFile };
  const results: WorkerResult[] = [];
  for (const workers of WORKERS) {
    const postern = await session.start({ runner: onAllProcessors(), env: { POSTERN_WORKERS: String(workers) } });
    try {
      // Which of them is asked is not known before: so often that each has been asked for each.
      await warmUp(subject, postern, FEW_VALUES * workers * 2);
      results.push({ workers, ...(await measureRounds(createMeasure(tool, subject), [postern], lengths)) });
    } finally {
      await postern.stop();
    }
  }
  return results;
}
