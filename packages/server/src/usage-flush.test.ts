import type { UsageRecorder } from '@postern/core';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Server } from './server.ts';
import { flushUsage } from './usage-flush.ts';

const SECOND_MS = 1_000;

let began: number[];
let takesMs: number;
let pending: number;
let failure: Error | undefined;
let end: () => void;

beforeEach(() => {
  vi.useFakeTimers();
  began = [];
  takesMs = 0;
  pending = 1;
  failure = undefined;
  const start = performance.now();
  const usage: Pick<UsageRecorder, 'flush' | 'stats'> = {
    async flush() {
      began.push((performance.now() - start) / SECOND_MS);
      if (takesMs > 0) await new Promise((resolve) => setTimeout(resolve, takesMs));
      if (failure) throw failure;
    },
    stats: () => ({ completeUntil: 0, pending, lost: 0 }),
  };
  end = flushUsage({ usage, storage: {}, log: { logger: { warn: () => undefined } } } as unknown as Server);
});

afterEach(() => {
  end();
  vi.useRealTimers();
});

test('what takes no time is written every five seconds, and no more once it was ended', async () => {
  await vi.advanceTimersByTimeAsync(20 * SECOND_MS);
  end();
  await vi.advanceTimersByTimeAsync(20 * SECOND_MS);
  expect(began).toEqual([5, 10, 15, 20]);
});

test('what takes long is written less often: it takes a tenth of the time, and begins anew in half a minute', async () => {
  takesMs = 2 * SECOND_MS;
  await vi.advanceTimersByTimeAsync(50 * SECOND_MS);
  expect(began).toEqual([5, 25, 45]);
  takesMs = 20 * SECOND_MS;
  await vi.advanceTimersByTimeAsync(120 * SECOND_MS);
  expect(began).toEqual([5, 25, 45, 65, 115, 165]);
});

test('memory that is half full is written from at once', async () => {
  takesMs = 2 * SECOND_MS;
  await vi.advanceTimersByTimeAsync(8 * SECOND_MS);
  pending = 60_000;
  await vi.advanceTimersByTimeAsync(3 * SECOND_MS);
  expect(began).toEqual([5, 10]);
});

test('what could not be written is tried again', async () => {
  failure = new Error('the database is away');
  await vi.advanceTimersByTimeAsync(10 * SECOND_MS);
  expect(began).toEqual([5, 10]);
});
