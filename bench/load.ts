import { fileURLToPath } from 'node:url';
import { hasCommand, run } from './machine.ts';

/** Load for some seconds, as fast as a server answers or at a rate: driven by wrk where it is installed, else by autocannon. */

export interface LoadInput {
  readonly url: string;
  /** Files with what stands before and after the token, and with the tokens, one a line. */
  readonly beforeFile: string;
  readonly afterFile: string;
  readonly tokensFile: string;
  readonly offset: number;
  readonly connections: number;
  readonly seconds: number;
  /** Requests a second; undefined = as many as are answered. */
  readonly perSecond: number | undefined;
}

export interface LoadOutput {
  readonly requests: number;
  readonly seconds: number;
  readonly failed: number;
  /** Both tools count what a slow answer has kept from being sent as late, too. */
  readonly p50Ms: number;
  readonly p99Ms: number;
}

export type LoadTool = 'wrk' | 'autocannon';

export function findLoadTool(): LoadTool {
  return hasCommand('wrk') ? 'wrk' : 'autocannon';
}

/** Where a request fails, or takes the tool's two seconds, that is said, and all of it is done once more. Throws when that fails, too. */
export async function load(tool: LoadTool, input: LoadInput): Promise<LoadOutput> {
  const output = await loadOnce(tool, input);
  if (output.failed === 0) return output;
  process.stderr.write(`${failureOf(output)}; once more\n`);
  const again = await loadOnce(tool, input);
  if (again.failed > 0) throw new Error(failureOf(again));
  return again;
}

function failureOf({ failed, requests, seconds }: LoadOutput): string {
  return `${failed} of ${requests} requests in ${seconds.toFixed(1)} s failed`;
}

async function loadOnce(tool: LoadTool, input: LoadInput): Promise<LoadOutput> {
  const env = {
    PATH: process.env['PATH'],
    BENCH_BEFORE: input.beforeFile,
    BENCH_AFTER: input.afterFile,
    BENCH_TOKENS: input.tokensFile,
    BENCH_OFFSET: String(input.offset),
    ...(input.perSecond !== undefined && { BENCH_RATE: String(input.perSecond) }),
    BENCH_AUTOCANNON: JSON.stringify(input),
  };
  const file = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
  const command =
    tool === 'wrk'
      ? ['wrk', '-t1', `-c${input.connections}`, `-d${input.seconds}s`, '-s', file('load.lua'), input.url]
      : [process.execPath, '--conditions=postern-src', file('autocannon.ts')];
  const printed = await run(command, env);
  const result = /^RESULT (.*)$/m.exec(printed)?.[1];
  if (result === undefined) throw new Error(`${tool} printed no result:\n${printed}`);
  return JSON.parse(result) as LoadOutput;
}
