import { createHttpClient } from '../testing/http-client.ts';
import { CALLS_AT_ONCE, callAtRate } from './at-rate.ts';
import { openValueFile } from './value-file.ts';

/**
 * Revocations at a fixed rate until its input ends: each is a call of `POST /oauth2/revoke` (RFC 7009) with another value, and
 * counts only with a receipt. Then it prints how long each took, from what its receipt says. A process of its own.
 */
export interface RevokerInput {
  readonly url: string;
  /** Values, one a line, and which of them is revoked first. */
  readonly tokensFile: string;
  readonly offset: number;
  readonly perSecond: number;
}

export interface RevokerOutput {
  readonly revoked: number;
  /** With 503: nothing was done, because too many wanted to change the same organization. */
  readonly refused: number;
  readonly failed: number;
  readonly seconds: number;
  /** From the commit to the proof that no process answers from older memory, as the receipts say. */
  readonly receiptsMs: readonly number[];
  /** From the call to its answer. */
  readonly callsMs: readonly number[];
}

const RECEIPT_MS = /\bms=([\d.]+)/;

const { url, tokensFile, offset, perSecond } = JSON.parse(process.env['BENCH_REVOKER'] ?? '{}') as RevokerInput;
const values = openValueFile(tokensFile);
const client = createHttpClient(url, null, CALLS_AT_ONCE);
const receiptsMs: number[] = [];
const callsMs: number[] = [];
let refused = 0;
let failed = 0;

const seconds = await callAtRate(perSecond, async (turn) => {
  const token = values.at(offset + turn);
  const since = performance.now();
  const { status, headers } = await client.call('POST', '/oauth2/revoke', { body: new URLSearchParams({ token }) });
  const ms = RECEIPT_MS.exec(String(headers['postern-receipt']))?.[1];
  if (status === 503) {
    refused += 1;
    return;
  }
  if (status !== 200 || ms === undefined) {
    failed += 1;
    return;
  }
  callsMs.push(performance.now() - since);
  receiptsMs.push(Number(ms));
});
client.close();
const output: RevokerOutput = { revoked: receiptsMs.length, refused, failed, seconds, receiptsMs, callsMs };
process.stdout.write(`${JSON.stringify(output)}\n`);
