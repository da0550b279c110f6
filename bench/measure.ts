import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import type { Postern } from '../testing/postern-process.ts';
import { median, readCpuMicroseconds, run } from './machine.ts';
import type { PacedInput, PacedOutput } from './paced.ts';
import { type Route, template } from './request.ts';
import { seededValue } from './seed.ts';
import type { BareServer, Session } from './session.ts';
import { type LoadTool, measureThroughput } from './throughput.ts';
import type { WriterInput, WriterOutput } from './writer.ts';

export interface Lengths {
  /** Ours against bare, so often, for so long each. */
  readonly pairs: number;
  readonly pairSeconds: number;
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
}

/** Latencies at a fixed share of full speed, counted from when each request was due. */
export interface Paced {
  /** Full speed. */
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** What is measured, and with which tokens. */
export interface Subject {
  readonly session: Session;
  readonly route: Route;
  readonly tokensFile: string;
}

type Target = Pick<Postern | BareServer, 'url' | 'pid'>;

const CONNECTIONS = 64;
const PACED_SHARE = 0.7;
const WRITES_PER_SECOND = 200;
const COLD_REQUESTS = 20_000;

export async function measureFullSpeed(
  tool: LoadTool,
  { pairs, pairSeconds }: Lengths,
  subject: Subject,
  ours: Target,
  bare: Target,
): Promise<FullSpeed> {
  const measure = createMeasure(tool, subject);
  for (const target of [bare, ours]) await measure(target, Math.min(2, pairSeconds));
  const rows = [];
  for (let pair = 0; pair < pairs; pair += 1) {
    rows.push({ bare: await measure(bare, pairSeconds), ours: await measure(ours, pairSeconds) });
  }
  return summarize(rows);
}

/** At 70 % of full speed. */
export async function measurePaced(
  { pacedSeconds }: Lengths,
  subject: Subject,
  postern: Postern,
  perSecond: number,
): Promise<Paced> {
  const rate = Math.round(perSecond * PACED_SHARE);
  const { p50Ms, p99Ms } = await pace(subject, postern, { perSecond: rate, requests: rate * pacedSeconds, offset: 0 });
  return { perSecond, p50Ms, p99Ms };
}

/** Full speed and latency while mutations go on, 200 a second. */
export async function measureWrittenTo(
  tool: LoadTool,
  lengths: Lengths,
  subject: Subject,
  postern: Postern,
): Promise<Paced> {
  const writer = startWriter(subject.session, postern);
  try {
    const { perSecond } = await createMeasure(tool, subject)(postern, lengths.pairSeconds);
    return await measurePaced(lengths, subject, postern, perSecond);
  } finally {
    await writer.stop();
  }
}

/** Measures for some seconds at full speed; each time it goes on with the tokens where it ended. */
function createMeasure(tool: LoadTool, { session, route, tokensFile }: Subject) {
  let offset = 0;
  return async (target: Target, seconds: number): Promise<Speed> => {
    const files = await writeTemplate(session, route, target);
    const before = readCpuMicroseconds(target.pid);
    const input = { ...files, url: target.url, tokensFile, connections: CONNECTIONS, offset, seconds };
    const throughput = await measureThroughput(tool, input);
    const cpu = (readCpuMicroseconds(target.pid) ?? Number.NaN) - (before ?? Number.NaN);
    offset = (offset + throughput.requests) % session.size;
    return { perSecond: throughput.requests / throughput.seconds, cost: cpu / throughput.requests };
  };
}

interface Speed {
  readonly perSecond: number;
  readonly cost: number;
}

function summarize(rows: readonly { readonly bare: Speed; readonly ours: Speed }[]): FullSpeed {
  return {
    perSecond: median(rows.map(({ ours }) => ours.perSecond)),
    barePerSecond: median(rows.map(({ bare }) => bare.perSecond)),
    ratio: median(rows.map(({ bare, ours }) => ours.perSecond / bare.perSecond)),
    cost: median(rows.map(({ ours }) => ours.cost)),
    bareCost: median(rows.map(({ bare }) => bare.cost)),
  };
}

/** Every token once, so that all that can be in memory is. */
export async function warmUp(subject: Subject, postern: Postern): Promise<void> {
  await pace(subject, postern, { perSecond: null, requests: subject.session.size, offset: 0 });
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
    await pace(unknown, postern, { perSecond: null, requests: COLD_REQUESTS, offset: 0 });

    async function measure(target: Target): Promise<Speed> {
      const before = readCpuMicroseconds(target.pid);
      const { seconds } = await pace(subject, target, { perSecond: null, requests, offset: sample * requests });
      const cpu = (readCpuMicroseconds(target.pid) ?? Number.NaN) - (before ?? Number.NaN);
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

async function pace(
  { route, tokensFile }: Subject,
  { url }: Pick<Target, 'url'>,
  load: Pick<PacedInput, 'perSecond' | 'requests' | 'offset'>,
): Promise<PacedOutput> {
  const [before, after] = template(route, new URL(url).host, seededValue(0).length);
  const input: PacedInput = { ...load, url, before, after, tokensFile, connections: CONNECTIONS };
  const env = { PATH: process.env['PATH'], BENCH_PACED: JSON.stringify(input) };
  const file = fileURLToPath(new URL('paced.ts', import.meta.url));
  const output = JSON.parse(await run([process.execPath, file], env)) as PacedOutput;
  if (output.failed > 0) throw new Error(`${output.failed} of ${output.requests} requests to ${route.path} failed`);
  return output;
}

function startWriter({ accountId, data }: Session, { url }: Postern): { stop(): Promise<WriterOutput> } {
  const input: WriterInput = { url, token: data.adminToken, accountId, perSecond: WRITES_PER_SECOND };
  const env = { PATH: process.env['PATH'], BENCH_WRITER: JSON.stringify(input) };
  const file = fileURLToPath(new URL('writer.ts', import.meta.url));
  const child = spawn(process.execPath, ['--conditions=postern-src', file], {
    env,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const printed = text(child.stdout);
  return {
    async stop() {
      child.stdin.end();
      const output = JSON.parse(await printed) as WriterOutput;
      if (output.failed > 0) throw new Error(`${output.failed} of ${output.writes} writes failed`);
      return output;
    },
  };
}

async function writeTemplate({ data }: Session, route: Route, { url }: Pick<Target, 'url'>) {
  const [before, after] = template(route, new URL(url).host, seededValue(0).length);
  const beforeFile = join(data.directory, 'before');
  const afterFile = join(data.directory, 'after');
  await writeFile(beforeFile, before, { mode: 0o600 });
  await writeFile(afterFile, after, { mode: 0o600 });
  return { beforeFile, afterFile };
}
