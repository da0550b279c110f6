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

/** What to put before the command of servers that need more than one processor, after room was made for those that do not. */
export function onAllProcessors(): readonly string[] {
  return hasCommand('taskset') ? ['taskset', '-c', `0-${cpus().length - 1}`] : [];
}

export function hasCommand(name: string): boolean {
  return spawnSync('sh', ['-c', `command -v ${name}`]).status === 0;
}

export function describeMachine(): string {
  const model = cpus()[0]?.model.trim() ?? 'unknown processor';
  const memory = Math.round(totalmem() / 2 ** 30);
  return `${availableParallelism()} × ${model}, ${memory} GiB, ${process.platform}, Node ${process.versions.node}`;
}

/**
 * Processor time so far, in microseconds: of all threads of a process, and of the processes that it started. NaN where the
 * system does not tell.
 */
export function readCpuMicroseconds(pid: number): number {
  if (!existsSync(`/proc/${pid}/task`)) return Number.NaN;
  const nanoseconds = [pid, ...listChildren(pid)].flatMap((process) =>
    list(`/proc/${process}/task`).map((task) => Number(read(`/proc/${process}/task/${task}/schedstat`).split(' ')[0])),
  );
  return nanoseconds.reduce((sum, each) => sum + each, 0) / 1_000;
}

function listChildren(pid: number): readonly number[] {
  const processes = list('/proc').filter((name) => /^\d+$/.test(name));
  // The name before the state may have anything in it, brackets and spaces included.
  const parentOf = (stat: string): number => Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  return processes.map(Number).filter((process) => parentOf(read(`/proc/${process}/stat`)) === pid);
}

/** Nothing of a process or a thread that has just ended. */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function list(path: string): readonly string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
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

/** The smallest of them that so large a share, of 0 to 1, is not above. NaN of none. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}
