import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

/** A program of this folder that goes on beside a measurement until it is told to stop, and then prints what it did as JSON. */
export interface Background<Output> {
  /** Ends its input; resolves with what it did. Rejects where any of it failed. */
  stop(): Promise<Output>;
}

/** `input` is what the program reads, as JSON, from the variable of its environment. */
export function startBackground<Output extends { readonly failed: number }>(
  file: string,
  variable: string,
  input: unknown,
): Background<Output> {
  const path = fileURLToPath(new URL(file, import.meta.url));
  const child = spawn(process.execPath, ['--conditions=postern-src', path], {
    env: { PATH: process.env['PATH'], [variable]: JSON.stringify(input) },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const printed = text(child.stdout);
  return {
    async stop() {
      child.stdin.end();
      const output = JSON.parse(await printed) as Output;
      if (output.failed > 0) throw new Error(`${output.failed} calls of ${file} failed`);
      return output;
    },
  };
}
