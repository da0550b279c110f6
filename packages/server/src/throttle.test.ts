import { expect, test } from 'vitest';
import { createThrottle } from './throttle.ts';

const LIMITS = { burst: 2, refillPerSecond: 0.5, addresses: 3 };

test('says after how many seconds there is room again', () => {
  let now = 0;
  const throttle = createThrottle(() => now, LIMITS);
  expect([1, 2, 3].map(() => throttle.noteFailure('192.0.2.1'))).toEqual([undefined, undefined, 2]);
  now = 1_000;
  expect(throttle.noteFailure('192.0.2.1')).toBe(1);
  now = 4_000;
  expect(throttle.noteFailure('192.0.2.1')).toBeUndefined();
});

test('failures beyond the limit do not push its end further away', () => {
  let now = 0;
  const throttle = createThrottle(() => now, LIMITS);
  for (let index = 0; index < 1_000; index += 1) throttle.noteFailure('192.0.2.1');
  now = 2_000;
  expect(throttle.noteFailure('192.0.2.1')).toBeUndefined();
});

test('who is refused all the time keeps nobody else of its address out for ever', () => {
  let now = 0;
  const throttle = createThrottle(() => now, LIMITS);
  const waits = Array.from({ length: 9 }, (_, index) => {
    now = index * 500;
    return throttle.noteFailure('192.0.2.1');
  });
  // Two at once, and one every two seconds.
  expect(waits.filter((wait) => wait === undefined)).toHaveLength(4);
});

test('remembers a bounded number of addresses, those that failed last', () => {
  const throttle = createThrottle(() => 0, LIMITS);
  for (const address of ['192.0.2.1', '192.0.2.2', '192.0.2.1', '192.0.2.3']) throttle.noteFailure(address);
  throttle.noteFailure('192.0.2.4');
  expect(throttle.noteFailure('192.0.2.1')).toBe(2);
  expect(throttle.noteFailure('192.0.2.2')).toBeUndefined();
});

test('what is taken back leaves room as before', () => {
  const throttle = createThrottle(() => 0, LIMITS);
  throttle.takeBack('192.0.2.1');
  for (let index = 0; index < 10; index += 1) {
    expect(throttle.noteFailure('192.0.2.1')).toBeUndefined();
    throttle.takeBack('192.0.2.1');
  }
  throttle.takeBack('192.0.2.1');
  expect([1, 2, 3].map(() => throttle.noteFailure('192.0.2.1'))).toEqual([undefined, undefined, 2]);
});
