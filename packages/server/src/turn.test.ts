import type { VerificationStorage } from '@postern/core';
import { expect, test } from 'vitest';
import { caughtUpOncePerTurn } from './turn.ts';

function counting(answers: readonly boolean[]) {
  let asked = 0;
  const storage: VerificationStorage = {
    catchUp: () => answers[asked++] ?? true,
    holds: () => true,
    findRecord: () => undefined,
  };
  return { storage: caughtUpOncePerTurn(storage), asked: () => asked };
}

test('asks once per turn, and again in the next one', async () => {
  const { storage, asked } = counting([]);
  expect([storage.catchUp(), storage.catchUp(), asked()]).toEqual([true, true, 1]);
  await Promise.resolve();
  expect([storage.catchUp(), asked()]).toEqual([true, 2]);
  await new Promise((resolve) => setImmediate(resolve));
  expect([storage.catchUp(), asked()]).toEqual([true, 3]);
});

test('asks again at once when memory was not to be trusted', () => {
  const { storage, asked } = counting([false, false, true]);
  expect([storage.catchUp(), storage.catchUp(), storage.catchUp(), storage.catchUp(), asked()]).toEqual([
    false,
    false,
    true,
    true,
    3,
  ]);
});
