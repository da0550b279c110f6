import { fileURLToPath } from 'node:url';
import type { Postern } from '../testing/postern-process.ts';
import { type Background, startBackground } from './background.ts';
import type { EachOnceInput, EachOnceOutput } from './each-once.ts';
import type { LoadTool } from './load.ts';
import { median, readCpuMicroseconds, run } from './machine.ts';
import { template } from './request.ts';
import { seededValue } from './seed.ts';
import type { Session } from './session.ts';
import {
  CONNECTIONS,
  type Cost,
  createMeasure,
  measurePaced,
  medianOf,
  type Paced,
  type Subject,
  type Target,
} from './speed.ts';
import type { WriterInput, WriterOutput } from './writer.ts';

export interface Lengths {
  /** Everything is measured so often, ours and bare in turn; what is told is the median. */
  readonly rounds: number;
  /** At full speed, in each round. */
  readonly speedSeconds: number;
  /** At a fixed rate, in each round. */
  readonly pacedSeconds: number;
  readonly coldSamples: number;
  readonly starts: number;
}

/** One route at full speed, beside the bare server. Costs are processor time of all threads, in microseconds a request. */
export interface FullSpeed {
  readonly perSecond: number;
  readonly barePerSecond: number;
  /** Ours to bare, pair by pair. */
  readonly ratio: number;
  readonly cost: number;
  readonly bareCost: number;
  /** Cost to bare cost, pair by pair. */
  readonly relativeCost: number;
}

export const WRITES_PER_SECOND = 200;
const COLD_REQUESTS = 20_000;

/** What was measured of one route. */
export interface Measured {
  readonly speed: FullSpeed;
  readonly bareQuiet: Paced;
  readonly quiet: Paced;
  /** While mutations go on, 200 a second as far as that can be held. */
  readonly writtenTo: Paced;
  readonly writesPerSecond: number;
}

/**
 * In rounds: the machine's own speed changes from minute to minute, so what is compared is measured within seconds, and
 * the rate of a round is a share of that round's full speed.
 */
export async function measureRoute(
  tool: LoadTool,
  { rounds, speedSeconds, pacedSeconds }: Lengths,
  subject: Subject,
  ours: Target,
  bare: Target,
): Promise<Measured> {
  const measure = createMeasure(tool, subject);
  const pairs: Pair[] = [];
  const bareQuiet: Paced[] = [];
  const quiet: Paced[] = [];
  const writtenTo: Paced[] = [];
  for (const target of [bare, ours]) await measure([target], speedSeconds);
  for (let round = 0; round < rounds; round += 1) {
    const pair = { bare: await measure([bare], speedSeconds), ours: await measure([ours], speedSeconds) };
    pairs.push(pair);
    bareQuiet.push(await measurePaced(measure, [bare], pair.bare, pacedSeconds));
    quiet.push(await measurePaced(measure, [ours], pair.ours, pacedSeconds));
  }
  const writer = startWriter(subject.session, ours);
  for (let round = 0; round < rounds; round += 1) {
    writtenTo.push(await measurePaced(measure, [ours], await measure([ours], speedSeconds), pacedSeconds));
  }
  const { writes, seconds } = await writer.stop();
  return {
    speed: summarize(pairs),
    bareQuiet: medianOf(bareQuiet),
    quiet: medianOf(quiet),
    writtenTo: medianOf(writtenTo),
    writesPerSecond: writes / seconds,
  };
}

interface Pair {
  readonly bare: Cost;
  readonly ours: Cost;
}

function summarize(rows: readonly Pair[]): FullSpeed {
  return {
    perSecond: median(rows.map(({ ours }) => ours.perSecond)),
    barePerSecond: median(rows.map(({ bare }) => bare.perSecond)),
    ratio: median(rows.map(({ bare, ours }) => ours.perSecond / bare.perSecond)),
    cost: median(rows.map(({ ours }) => ours.cost)),
    bareCost: median(rows.map(({ bare }) => bare.cost)),
    relativeCost: median(rows.map(({ bare, ours }) => ours.cost / bare.cost)),
  };
}

/** Every token of the file once, so that all that can be in memory is. */
export async function warmUp(subject: Subject, postern: Postern, requests: number): Promise<void> {
  await callEachOnce(subject, postern, { requests, offset: 0 });
}

/**
 * Each request about a token that the process has not seen yet: one that has run for a while, but only on values that
 * were never issued, which are looked for in the database just the same and are never kept.
 */
export async function measureCold({ coldSamples }: Lengths, subject: Subject, bare: Target): Promise<FullSpeed> {
  const { session } = subject;
  const requests = Math.min(COLD_REQUESTS, session.size);
  const rows = [];
  for (let sample = 0; sample < coldSamples; sample += 1) {
    const postern = await session.start();
    const unknown = { ...subject, tokensFile: session.unknownFile };
    await callEachOnce(unknown, postern, { requests: COLD_REQUESTS, offset: 0 });

    async function measure(target: Target): Promise<Cost> {
      const before = readCpuMicroseconds(target.pid);
      const { seconds } = await callEachOnce(subject, target, { requests, offset: sample * requests });
      const cpu = readCpuMicroseconds(target.pid) - before;
      return { perSecond: requests / seconds, cost: cpu / requests };
    }

    rows.push({ bare: await measure(bare), ours: await measure(postern) });
    await postern.kill();
  }
  return summarize(rows);
}

/** Seconds from the start of the process to the line that says it is listening. */
export async function measureStarts({ starts }: Lengths, session: Session): Promise<readonly number[]> {
  const seconds: number[] = [];
  for (let start = 0; start < starts; start += 1) {
    const since = performance.now();
    const postern = await session.start();
    seconds.push((performance.now() - since) / 1_000);
    await postern.stop();
  }
  return seconds;
}

async function callEachOnce(
  { route, tokensFile }: Subject,
  { url }: Pick<Target, 'url'>,
  which: Pick<EachOnceInput, 'requests' | 'offset'>,
): Promise<EachOnceOutput> {
  const [before, after] = template(route, new URL(url).host, seededValue(0).length);
  const input: EachOnceInput = { ...which, url, before, after, tokensFile, connections: CONNECTIONS };
  const env = { PATH: process.env['PATH'], BENCH_EACH_ONCE: JSON.stringify(input) };
  const file = fileURLToPath(new URL('each-once.ts', import.meta.url));
  const output = JSON.parse(await run([process.execPath, file], env)) as EachOnceOutput;
  if (output.failed > 0) throw new Error(`${output.failed} of ${output.requests} requests to ${route.path} failed`);
  return output;
}

function startWriter({ accountId, data }: Session, { url }: Target): Background<WriterOutput> {
  const input: WriterInput = { url, token: data.adminToken, accountId, perSecond: WRITES_PER_SECOND };
  return startBackground('writer.ts', 'BENCH_WRITER', input);
}
