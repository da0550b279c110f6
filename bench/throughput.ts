import { fileURLToPath } from 'node:url';
import { hasCommand, run } from './machine.ts';

/** As many requests as a server answers: driven by wrk where it is installed, else by autocannon. */

export interface ThroughputInput {
  readonly url: string;
  /** Files with what stands before and after the token, and with the tokens, one a line. */
  readonly beforeFile: string;
  readonly afterFile: string;
  readonly tokensFile: string;
  readonly offset: number;
  readonly connections: number;
  readonly seconds: number;
}

export interface Throughput {
  readonly requests: number;
  readonly seconds: number;
  readonly failed: number;
}

export type LoadTool = 'wrk' | 'autocannon';

export function findLoadTool(): LoadTool {
  return hasCommand('wrk') ? 'wrk' : 'autocannon';
}

export async function measureThroughput(tool: LoadTool, input: ThroughputInput): Promise<Throughput> {
  const env = {
    PATH: process.env['PATH'],
    BENCH_BEFORE: input.beforeFile,
    BENCH_AFTER: input.afterFile,
    BENCH_TOKENS: input.tokensFile,
    BENCH_OFFSET: String(input.offset),
    BENCH_AUTOCANNON: JSON.stringify(input),
  };
  const file = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
  const command =
    tool === 'wrk'
      ? ['wrk', '-t1', `-c${input.connections}`, `-d${input.seconds}s`, '-s', file('throughput.lua'), input.url]
      : [process.execPath, '--conditions=postern-src', file('autocannon.ts')];
  const printed = await run(command, env);
  const result = /^RESULT (.*)$/m.exec(printed)?.[1];
  if (result === undefined) throw new Error(`${tool} printed no result:\n${printed}`);
  const throughput = JSON.parse(result) as Throughput;
  if (throughput.failed > 0) throw new Error(`${throughput.failed} of ${throughput.requests} requests failed`);
  return throughput;
}
