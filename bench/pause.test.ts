import { expect, test } from 'vitest';
import { measurePauses, summarizePauses, worse } from './pause.ts';

test('one in a hundred waits for what is left when it comes', () => {
  // Ten times 20 ms in a second: a fifth of all requests; of those that come in the first 19 ms of each, all wait longer than 1 ms.
  const { share, longestMs, p99Ms } = summarizePauses(Array(10).fill(20), 1_000);
  expect(share).toBeCloseTo(0.2);
  expect(longestMs).toBe(20);
  expect(p99Ms).toBeCloseTo(19, 1);
});

test('what is away for less than a hundredth of the time delays fewer than one in a hundred', () => {
  expect(summarizePauses([9], 1_000)).toEqual({ share: 0.009, longestMs: 9, p99Ms: 0 });
  expect(summarizePauses([], 1_000)).toEqual({ share: 0, longestMs: 0, p99Ms: 0 });
});

test('of two moments, the worse one is told', () => {
  const quiet = summarizePauses([1], 1_000);
  const disturbed = summarizePauses([30, 30], 1_000);
  expect(worse(quiet, disturbed)).toBe(disturbed);
  expect(worse(disturbed, quiet)).toBe(disturbed);
});

test('is found on this machine, whatever it is', async () => {
  const { share, longestMs, p99Ms } = await measurePauses([]);
  expect(share).toBeGreaterThanOrEqual(0);
  expect(share).toBeLessThan(1);
  expect(p99Ms).toBeLessThanOrEqual(longestMs + 0.1);
});
