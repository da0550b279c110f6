import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type LoadInput, type LoadTool, load } from './load.ts';
import { median, readCpuMicroseconds } from './machine.ts';
import { type Route, template } from './request.ts';
import { seededValue } from './seed.ts';
import type { Session } from './session.ts';

/** How fast servers answer, what a request costs them, and how late answers are. */

/** A server; `pid`: the process whose time is counted, with that of all that it started. */
export interface Target {
  readonly url: string;
  readonly pid: number;
}

/** What is measured, and with which tokens. */
export interface Subject {
  readonly session: Session;
  readonly route: Route;
  readonly tokensFile: string;
}

/** Requests a second, and processor time of all threads, in microseconds a request. */
export interface Cost {
  readonly perSecond: number;
  readonly cost: number;
}

export interface Speed extends Cost {
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** Latencies at a fixed share of full speed. */
export interface Paced {
  /** Full speed. */
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** Loads servers side by side for some seconds, at full speed or at a rate of all together. */
export type Measure = (targets: readonly Target[], seconds: number, rate?: number) => Promise<Speed>;

export const CONNECTIONS = 64;
const PACED_SHARE = 0.7;

/** Each time it goes on with the tokens where it ended. Of several servers, the latencies are those of the latest. */
export function createMeasure(tool: LoadTool, { session, route, tokensFile }: Subject): Measure {
  let offset = 0;
  return async (targets, seconds, rate) => {
    const share = { connections: CONNECTIONS / targets.length, perSecond: rate && Math.round(rate / targets.length) };
    const inputs: LoadInput[] = [];
    for (const target of targets) {
      const files = await writeTemplate(session, route, target);
      inputs.push({ ...files, ...share, url: target.url, tokensFile, offset, seconds });
    }
    const before = targets.map(({ pid }) => readCpuMicroseconds(pid));
    const outputs = await Promise.all(inputs.map((input) => load(tool, input)));
    const cpu = targets.map(({ pid }, at) => readCpuMicroseconds(pid) - (before[at] as number));
    const requests = sum(outputs.map((output) => output.requests));
    offset = (offset + requests) % session.size;
    return {
      perSecond: sum(outputs.map((output) => output.requests / output.seconds)),
      cost: sum(cpu) / requests,
      p50Ms: Math.max(...outputs.map(({ p50Ms }) => p50Ms)),
      p99Ms: Math.max(...outputs.map(({ p99Ms }) => p99Ms)),
    };
  };
}

/** Latencies at 70 % of a speed that was measured a moment ago. */
export async function measurePaced(
  measure: Measure,
  targets: readonly Target[],
  { perSecond }: Pick<Speed, 'perSecond'>,
  seconds: number,
): Promise<Paced> {
  const { p50Ms, p99Ms } = await measure(targets, seconds, Math.round(perSecond * PACED_SHARE));
  return { perSecond, p50Ms, p99Ms };
}

/** How long which load lasts, and how often it is repeated. */
interface Rounds {
  readonly rounds: number;
  readonly speedSeconds: number;
  readonly pacedSeconds: number;
}

/** At full speed, then at 70 % of that, from which latencies are. Medians. */
export async function measureRounds(measure: Measure, targets: readonly Target[], lengths: Rounds): Promise<Speed> {
  await measure(targets, lengths.speedSeconds);
  const full = await measureFullSpeed(measure, targets, lengths);
  return { ...(await measureBelowFullSpeed(measure, targets, full, lengths)), ...full };
}

export async function measureFullSpeed(
  measure: Measure,
  targets: readonly Target[],
  { rounds, speedSeconds }: Pick<Rounds, 'rounds' | 'speedSeconds'>,
): Promise<Cost> {
  const speeds: Speed[] = [];
  for (let round = 0; round < rounds; round += 1) speeds.push(await measure(targets, speedSeconds));
  return {
    perSecond: median(speeds.map(({ perSecond }) => perSecond)),
    cost: median(speeds.map(({ cost }) => cost)),
  };
}

export async function measureBelowFullSpeed(
  measure: Measure,
  targets: readonly Target[],
  full: Pick<Speed, 'perSecond'>,
  { rounds, pacedSeconds }: Pick<Rounds, 'rounds' | 'pacedSeconds'>,
): Promise<Paced> {
  const paced: Paced[] = [];
  for (let round = 0; round < rounds; round += 1) paced.push(await measurePaced(measure, targets, full, pacedSeconds));
  return medianOf(paced);
}

export function medianOf(paced: readonly Paced[]): Paced {
  return {
    perSecond: median(paced.map(({ perSecond }) => perSecond)),
    p50Ms: median(paced.map(({ p50Ms }) => p50Ms)),
    p99Ms: median(paced.map(({ p99Ms }) => p99Ms)),
  };
}

async function writeTemplate({ data }: Session, route: Route, { url, pid }: Target) {
  const [before, after] = template(route, new URL(url).host, seededValue(0).length);
  const beforeFile = join(data.directory, `before-${pid}`);
  const afterFile = join(data.directory, `after-${pid}`);
  await writeFile(beforeFile, before, { mode: 0o600 });
  await writeFile(afterFile, after, { mode: 0o600 });
  return { beforeFile, afterFile };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
