import { expect, test } from 'vitest';
import { growthPerMinute } from './growth.ts';

const samples = (memory: (minute: number) => number) =>
  Array.from({ length: 40 }, (_, index) => ({ minutes: index / 4, mebibytes: memory(index / 4) }));

test('growth is found below the teeth of a saw, and there is none in the teeth alone', () => {
  const saw = (minute: number): number => ((minute * 7) % 3) * 10;
  expect(growthPerMinute(samples((minute) => 300 + saw(minute) + 5 * minute))).toBeGreaterThan(4);
  expect(Math.abs(growthPerMinute(samples((minute) => 300 + saw(minute))))).toBeLessThan(1);
  expect(growthPerMinute(samples(() => 300))).toBe(0);
  expect(growthPerMinute([])).toBe(0);
});
