import { fileURLToPath } from 'node:url';
import { run } from './machine.ts';

/** How long the machine takes a processor away from a process that always wants it: no server there can answer sooner. */
export interface Pauses {
  /** Of the time, from 0 to 1. */
  readonly share: number;
  readonly longestMs: number;
  /** So long one in a hundred requests would wait that take no time themselves. */
  readonly p99Ms: number;
}

const SPIN_MS = 3_000;
const LATE = 0.01;

/** Of the processor that servers run on, while the other one is wanted, too. */
export async function measurePauses(serverRunner: readonly string[]): Promise<Pauses> {
  const command = [process.execPath, fileURLToPath(new URL('spin.ts', import.meta.url))];
  const env = { PATH: process.env['PATH'], BENCH_SPIN_MS: String(SPIN_MS) };
  const [printed] = await Promise.all([run([...serverRunner, ...command], env), run(command, env)]);
  const { awayMs, elapsedMs } = JSON.parse(printed) as { awayMs: number[]; elapsedMs: number };
  return summarizePauses(awayMs, elapsedMs);
}

export function summarizePauses(awayMs: readonly number[], ofMs: number): Pauses {
  const sum = (each: (ms: number) => number): number => awayMs.reduce((total, ms) => total + each(ms), 0);
  // Whoever comes while it is away waits for the rest of it: the shortest wait that only one in a hundred has to go beyond.
  let p99Ms = 0;
  const step = 0.1;
  while (sum((ms) => Math.max(0, ms - p99Ms)) / ofMs > LATE) p99Ms += step;
  return { share: sum((ms) => ms) / ofMs, longestMs: Math.max(0, ...awayMs), p99Ms };
}

/** What there was more of. */
export function worse(one: Pauses, other: Pauses): Pauses {
  return one.p99Ms > other.p99Ms || (one.p99Ms === other.p99Ms && one.share > other.share) ? one : other;
}
