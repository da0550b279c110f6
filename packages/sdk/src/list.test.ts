import { describe, expect, test } from 'vitest';
import { listOf } from './list.ts';

/** A list of the numbers below `total`, three a page; `asked` is what was asked for. */
function numbers(total: number, query?: { cursor?: string; limit?: number }) {
  const asked: unknown[] = [];
  const list = listOf(query, async (paged: { cursor?: string | undefined; limit?: number }) => {
    asked.push(paged);
    const start = Number(paged.cursor ?? 0);
    const items = [0, 1, 2].map((step) => start + step).filter((item) => item < total);
    return { items, nextCursor: start + 3 < total ? String(start + 3) : null };
  });
  return { list, asked };
}

describe('a list', () => {
  test('asks for nothing before it is read', () => {
    expect(numbers(9).asked).toEqual([]);
  });

  test('goes on from page to page, with the same filters', async () => {
    const { list, asked } = numbers(7, { limit: 3 });
    const seen: number[] = [];
    for await (const item of list) seen.push(item);
    expect(seen).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(asked).toEqual([{ limit: 3 }, { limit: 3, cursor: '3' }, { limit: 3, cursor: '6' }]);
  });

  test('starts anew each time it is read', async () => {
    const { list } = numbers(2);
    expect([await list.toArray({ max: 10 }), await list.toArray({ max: 10 })]).toEqual([
      [0, 1],
      [0, 1],
    ]);
  });

  test('stops asking as soon as nobody reads on', async () => {
    const { list, asked } = numbers(100);
    for await (const item of list) if (item === 1) break;
    expect(await list.toArray({ max: 3 })).toEqual([0, 1, 2]);
    expect(await list.toArray({ max: 0 })).toEqual([]);
    expect(asked).toHaveLength(2);
  });

  test('gives one page, the first or the one that the query names', async () => {
    expect(await numbers(5).list.page()).toEqual({ items: [0, 1, 2], nextCursor: '3' });
    expect(await numbers(5, { cursor: '3' }).list.page()).toEqual({ items: [3, 4], nextCursor: null });
  });

  test.each([-1, Number.NaN])('refuses to be read up to %d', async (max) => {
    await expect(numbers(5).list.toArray({ max })).rejects.toThrow(TypeError);
  });
});
