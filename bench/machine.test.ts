import { spawn } from 'node:child_process';
import { expect, onTestFinished, test } from 'vitest';
import { median, quantile, readCpuMicroseconds } from './machine.ts';

test.skipIf(process.platform !== 'linux')(
  'processor time is that of a process and of those that it started',
  async () => {
    const supervisor = spawn('sh', ['-c', 'while :; do :; done & wait'], { detached: true, stdio: 'ignore' });
    const pid = supervisor.pid as number;
    onTestFinished(() => void process.kill(-pid, 'SIGKILL'));
    // Only the one that it started is at work; it waits.
    await expect.poll(() => readCpuMicroseconds(pid)).toBeGreaterThan(100_000);
  },
);

test('the processor time of a process that is not there is not known', () => {
  expect(readCpuMicroseconds(2 ** 30)).toBeNaN();
});

test('a quantile is one of the values, and none where there are none', () => {
  expect(quantile([3, 1, 2, 4], 0.5)).toBe(2);
  expect(quantile([3, 1, 2, 4], 0.99)).toBe(4);
  expect(quantile([5], 0)).toBe(5);
  expect(quantile([], 0.5)).toBeNaN();
});

test('a median is between the two values in the middle', () => {
  expect(median([3, 1, 2])).toBe(2);
  expect(median([4, 1, 2, 3])).toBe(2.5);
});
