import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { followHead } from './verifier-follow.ts';

const BOUND_MS = 3_000;
const EVERY_MS = 1_000;
const LEAST_PAUSE_MS = 20;

/** Follows a head that fails as long as the test says so, on timers that the test moves; tells when it was asked. */
function following(boundMs = BOUND_MS) {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  onTestFinished(() => void vi.useRealTimers());
  const head = { fails: false };
  const askedAt: number[] = [];
  const startedAt = performance.now();
  const follower = followHead(async () => {
    askedAt.push(performance.now() - startedAt);
    if (head.fails) throw new Error('the head is not to be had');
  }, boundMs);
  onTestFinished(follower.stop);
  return { head, askedAt, follower };
}

describe('the head', () => {
  test('is asked for every third of the bound, and at once when woken', async () => {
    const { askedAt, follower } = following();
    await vi.advanceTimersByTimeAsync(2 * EVERY_MS);
    expect(askedAt).toEqual([0, 1_000, 2_000]);
    follower.wake();
    await vi.advanceTimersByTimeAsync(EVERY_MS);
    expect(askedAt).toEqual([0, 1_000, 2_000, 2_020]);
  });

  test('that fails is asked for more and more seldom, however often it is woken', async () => {
    const { head, askedAt, follower } = following();
    head.fails = true;
    await vi.advanceTimersByTimeAsync(EVERY_MS);
    expect(askedAt).toEqual([0, 1_000]);
    for (let passed = 0; passed < 20_000; passed += 10) {
      follower.wake();
      await vi.advanceTimersByTimeAsync(10);
    }
    expect(askedAt).toEqual([0, 1_000, 2_000, 4_000, 8_000, 12_000, 16_000, 20_000]);
  });

  test('is asked for as before once it was to be had again', async () => {
    const { head, askedAt, follower } = following();
    head.fails = true;
    await vi.advanceTimersByTimeAsync(3_500);
    head.fails = false;
    await vi.advanceTimersByTimeAsync(3_500);
    expect(askedAt).toEqual([0, 1_000, 2_000, 4_000, 5_000, 6_000, 7_000]);
    follower.wake();
    await vi.advanceTimersByTimeAsync(20);
    expect(askedAt.at(-1)).toBe(7_020);
  });

  test('that fails is asked for within a second once Postern was reached again, and then as before', async () => {
    const { head, askedAt, follower } = following(12_000);
    head.fails = true;
    await vi.advanceTimersByTimeAsync(13_000);
    expect(askedAt).toEqual([0, 4_000, 8_000]);
    // As by answers among failures: no more often than once a second.
    for (let passed = 0; passed < 2_500; passed += 10) {
      follower.recovered();
      await vi.advanceTimersByTimeAsync(10);
    }
    const asked = 13_000 + LEAST_PAUSE_MS;
    expect(askedAt).toEqual([0, 4_000, 8_000, asked, asked + 1_000, asked + 2_000]);
    await vi.advanceTimersByTimeAsync(16_000);
    expect(askedAt.slice(6)).toEqual([asked + 3_000]);
  });
});
