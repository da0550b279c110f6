import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, totalmem } from 'node:os';

/** The machine that is measured on: who runs where, and what a process has used of it. */

/**
 * Where the machine has two processors and can keep processes on one: this process, and with it all that it starts, goes to
 * the second one. Returns what to put before a server's command, so that it has the first one to itself; else nothing.
 */
export function makeRoomForServers(): readonly string[] {
  if (availableParallelism() < 2 || !hasCommand('taskset')) return [];
  spawnSync('taskset', ['-a', '-c', '-p', '1', String(process.pid)]);
  return ['taskset', '-c', '0'];
}

export function hasCommand(name: string): boolean {
  return spawnSync('sh', ['-c', `command -v ${name}`]).status === 0;
}

export function describeMachine(): string {
  const model = cpus()[0]?.model.trim() ?? 'unknown processor';
  const memory = Math.round(totalmem() / 2 ** 30);
  return `${availableParallelism()} × ${model}, ${memory} GiB, ${process.platform}, Node ${process.versions.node}`;
}

/** Processor time of all threads of a process so far, in microseconds; undefined where the system does not tell. */
export function readCpuMicroseconds(pid: number): number | undefined {
  const tasks = `/proc/${pid}/task`;
  if (!existsSync(tasks)) return undefined;
  let nanoseconds = 0;
  for (const task of readdirSync(tasks)) {
    try {
      nanoseconds += Number(readFileSync(`${tasks}/${task}/schedstat`, 'utf8').split(' ')[0]);
    } catch {
      // A thread that has just ended.
    }
  }
  return nanoseconds / 1_000;
}

/** Resident memory in MiB. */
export function readResidentMebibytes(pid: number): number | undefined {
  const path = `/proc/${pid}/status`;
  const kibibytes = existsSync(path) ? /^VmRSS:\s+(\d+)/m.exec(readFileSync(path, 'utf8'))?.[1] : undefined;
  return kibibytes === undefined ? undefined : Number(kibibytes) / 1_024;
}

/** How much other work there was, as the number of processes that wanted to run in the last minute. */
export function readLoadAverage(): number {
  return loadavg()[0] ?? 0;
}

/** Runs a program to its end; resolves with what it printed. Rejects with what it complained about. */
export function run(command: readonly string[], env: NodeJS.ProcessEnv = process.env): Promise<string> {
  const [program, ...args] = command as [string, ...string[]];
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
    let out = '';
    let err = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      out += chunk;
    });
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      err += chunk;
    });
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) resolve(out);
      else reject(new Error(`${command.join(' ')} ended with ${code}\n${err}${out}`));
    });
  });
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}
