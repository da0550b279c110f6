import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { createVerifierMemory } from './verifier-memory.ts';

const MILLION = 1_000_000;
const MAX_ENTRIES = 20_000;
/** Of one remembered answer, its keys and its share of the tables included. */
const BYTES_PER_ENTRY = 1_024;

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

function heapBytes(): number {
  collect();
  return process.memoryUsage().heapUsed;
}

/** What the hash of a value is to memory: sixteen characters, all of them different from one to the next. */
const keyOf = (n: number): string => String.fromCharCode(n & 0xffff, n >>> 16).padStart(16, '\u0100');

test('a million tokens, valid and refused, take no more room than was said', { timeout: 120_000 }, () => {
  const memory = createVerifierMemory<{ readonly n: number }>(MAX_ENTRIES);
  const asked = { permission: 'orders.read', workspace: undefined, clientAddress: undefined };
  const before = heapBytes();
  let most = 0;
  for (let n = 0; n < MILLION; n += 1) {
    const facts = { tokenId: `tok_${n}`, principalId: `sa_${n}`, networkRestricted: false, validUntil: null };
    memory.put(keyOf(n), facts, asked, { n }, memory.stamp());
    memory.putRefused(keyOf(MILLION + n), asked, 1_000, memory.stamp());
    most = Math.max(most, memory.size());
  }
  expect(most).toBeLessThanOrEqual(MAX_ENTRIES);
  expect(heapBytes() - before).toBeLessThan(MAX_ENTRIES * BYTES_PER_ENTRY);
  // And what came last is still there.
  expect(memory.find(keyOf(MILLION - 1), asked, 0)?.answer).toEqual({ n: MILLION - 1 });
  expect(memory.isRefused(keyOf(2 * MILLION - 1), asked, 0)).toBe(true);
  expect(memory.find(keyOf(0), asked, 0)).toBeUndefined();
});
