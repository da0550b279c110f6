import fc from 'fast-check';
import { expect, test } from 'vitest';
import { inOrder } from './in-order.ts';

test('all items come once, in order, in parts of one size; nothing longer than a part is sorted at once', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.string(), { maxLength: 200 }), fc.integer({ min: 1, max: 20 }), async (keys, size) => {
      let pauses = 0;
      const pause = async (): Promise<void> => {
        pauses += 1;
      };
      const parts: (readonly string[])[] = [];
      for await (const part of inOrder(keys, (key) => key, { size, pause })) parts.push(part);
      expect(parts.flat()).toEqual(keys.toSorted());
      expect(parts.map(({ length }) => length)).toEqual(
        Array.from({ length: Math.ceil(keys.length / size) }, (_, at) => Math.min(size, keys.length - at * size)),
      );
      expect(pauses).toBe(Math.max(0, parts.length - 1));
    }),
  );
});
