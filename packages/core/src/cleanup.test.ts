import { expect, test } from 'vitest';
import { CLEANUP_PARTS, type CleanupPart, sweep } from './cleanup.ts';

test('a part that fails keeps no other from its turn, and the next sweep from its own', async () => {
  const turns: CleanupPart[] = [];
  const claims: number[] = [];
  const storage = {
    async claimCleanup(ms: number) {
      claims.push(Math.sign(ms));
      return true;
    },
    async cleanUp(part: CleanupPart) {
      turns.push(part);
      if (part === 'ended_tokens') throw new Error('somebody has the lock');
      return { removed: 1, more: false };
    },
  };
  await expect(sweep(storage, async () => undefined)).rejects.toThrow('somebody has the lock');
  expect(turns).toEqual(CLEANUP_PARTS);
  expect(claims).toEqual([1, -1]);
});
