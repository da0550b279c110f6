import { setPriority } from 'node:os';
import { createHttpClient } from '../testing/http-client.ts';
import { CALLS_AT_ONCE, callAtRate } from './at-rate.ts';

/**
 * Mutations at a fixed rate until its input ends: tokens of one account are made, refreshed and deleted in turn. Then it
 * prints how many there were. A process of its own.
 */
export interface WriterInput {
  readonly url: string;
  readonly token: string;
  readonly accountId: string;
  readonly perSecond: number;
}

export interface WriterOutput {
  readonly writes: number;
  readonly failed: number;
  readonly seconds: number;
}

/** It shares a processor with what measures latencies, which goes first: who waits for it would look like a slow answer. */
const NICENESS = 10;

setPriority(NICENESS);
const { url, token, accountId, perSecond } = JSON.parse(process.env['BENCH_WRITER'] ?? '{}') as WriterInput;
const client = createHttpClient(url, token, CALLS_AT_ONCE);
const tokens = `/api/v1/service-accounts/${accountId}/tokens`;
const made: string[] = [];
let writes = 0;
let failed = 0;

async function write(turn: number): Promise<void> {
  const id = turn % 3 === 0 ? undefined : turn % 3 === 1 ? made[0] : made.shift();
  const answer =
    id === undefined
      ? await client.call('POST', tokens, { body: { name: 'written meanwhile' } })
      : turn % 3 === 1
        ? await client.call('POST', `${tokens}/${id}/refresh`, { body: {} })
        : await client.call('DELETE', `${tokens}/${id}`);
  // With 503 nothing was done, because too many wanted to change the same organization.
  if (answer.status !== 503) writes += 1;
  // A token that is refreshed may have been deleted a moment before.
  if (answer.status >= 400 && answer.status !== 404 && answer.status !== 503) failed += 1;
  if (answer.status === 201) made.push(answer.body.token.id);
}

const seconds = await callAtRate(perSecond, write);
client.close();
process.stdout.write(`${JSON.stringify({ writes, failed, seconds } satisfies WriterOutput)}\n`);
