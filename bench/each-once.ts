import { type Connection, openConnection } from './connection.ts';
import { openValueFile } from './value-file.ts';

/** A number of requests, each about the next token, one after the other on each connection. A process of its own. */
export interface EachOnceInput {
  readonly url: string;
  readonly before: string;
  readonly after: string;
  readonly tokensFile: string;
  /** Which token comes first. */
  readonly offset: number;
  readonly connections: number;
  readonly requests: number;
}

export interface EachOnceOutput {
  readonly requests: number;
  readonly failed: number;
  readonly seconds: number;
}

const input = JSON.parse(process.env['BENCH_EACH_ONCE'] ?? '{}') as EachOnceInput;
process.stdout.write(`${JSON.stringify(await run(input))}\n`);

async function run({ url, before, after, tokensFile, offset, connections, requests }: EachOnceInput) {
  const { hostname, port } = new URL(url);
  const tokens = openValueFile(tokensFile);
  const open = await Promise.all(Array.from({ length: connections }, () => openConnection(hostname, Number(port))));
  let sent = 0;
  let answered = 0;
  let failed = 0;
  const { promise: done, resolve } = Promise.withResolvers<void>();

  function send(connection: Connection): void {
    if (sent === requests) return;
    const token = tokens.at(offset + sent);
    sent += 1;
    connection.send(before + token + after, (status) => {
      answered += 1;
      if (status !== 200) failed += 1;
      if (answered === requests) resolve();
      send(connection);
    });
  }

  const started = performance.now();
  for (const connection of open) send(connection);
  await done;
  const seconds = (performance.now() - started) / 1_000;
  for (const connection of open) connection.close();
  return { requests, failed, seconds } satisfies EachOnceOutput;
}
