import { median, readResidentMebibytes } from './machine.ts';
import { measureCold, measureRoute, measureStarts, warmUp } from './measure.ts';
import { type Bench, withDatabase, withSession } from './part.ts';
import type { Route } from './request.ts';
import { FEW_VALUES, type Session, startBareServer } from './session.ts';
import type { Engine, Row } from './table.ts';

/**
 * Postern against a bare `node:http` server that does the same reading and writing and decides nothing, in turn, by how many
 * tokens the database holds. All routes with the fewest tokens on the embedded database; beyond that one is enough: what differs
 * between sizes and between engines is not in the routes.
 */

const SIZES = [1_000, 100_000, 1_000_000, 5_000_000];
const QUICK_SIZES = [1_000, 100_000];
/** Filling PostgreSQL with more takes longer than all that is measured with it. */
const POSTGRES_SIZE_MOST = 1_000_000;
/** Before more are called in turn, memory would have to be filled with them, one request each. */
const IN_TURN_MOST = 1_000_000;

export async function measureVerify(bench: Bench): Promise<void> {
  for (const size of bench.isQuick ? QUICK_SIZES : SIZES) {
    await withSession(bench, size, undefined, (session) => measureSession(bench, 'sqlite', session));
  }
  if (bench.isQuick) return;
  for (const size of SIZES.filter((each) => each <= POSTGRES_SIZE_MOST)) {
    await withDatabase(bench, (url) =>
      withSession(bench, size, url, (session) => measureSession(bench, 'postgres', session)),
    );
  }
  bench.results.leftOut.push(
    'With 5,000,000 tokens, only the embedded database was measured (filling PostgreSQL takes too long), and not with calls to all in ' +
      'turn (filling memory does).',
  );
}

async function measureSession(bench: Bench, engine: Engine, session: Session): Promise<void> {
  const { lengths, tool, serverRunner, results, say } = bench;
  const { size } = session;
  const what = `${engine}, ${size} tokens`;
  const starts = await measureStarts(lengths, session);
  const postern = await session.start();
  const bare = await startBareServer(session, postern, serverRunner);
  try {
    const [verify] = session.routes as readonly [Route];
    say(`${what}: warming up`);
    const isSpread = engine === 'sqlite' && size > FEW_VALUES && size <= IN_TURN_MOST;
    const warm = isSpread ? session.allFile : session.fewFile;
    await warmUp({ session, route: verify, tokensFile: warm }, postern, isSpread ? size : FEW_VALUES);
    const routes = engine === 'sqlite' && size === FEW_VALUES ? session.routes : [verify];
    const subjects: readonly Pick<Row & { route: Route }, 'route' | 'calls'>[] = [
      ...routes.map((route) => ({ route, calls: 'few' as const })),
      ...(isSpread ? [{ route: verify, calls: 'all' as const }] : []),
    ];
    for (const { route, calls } of subjects) {
      say(`${what}, calls to ${calls}: ${route.path}`);
      const subject = { session, route, tokensFile: calls === 'few' ? session.fewFile : session.allFile };
      add({ engine, route, size, calls, ...(await measureRoute(tool, lengths, subject, postern, bare)) });
    }
    const residentMebibytes = readResidentMebibytes(postern.pid);
    results.sizes.push({ engine, size, startSeconds: median(starts), residentMebibytes });
    await postern.stop();
    say(`${what}: cold`);
    const speed = await measureCold(lengths, { session, route: verify, tokensFile: session.allFile }, bare);
    add({ engine, route: verify, size, calls: 'cold', speed });
  } finally {
    bare.stop();
    await postern.kill();
  }

  function add(row: Row): void {
    results.rows.push(row);
    say(JSON.stringify({ ...row, route: row.route.name }));
  }
}
