import { describe, expect, test } from 'vitest';
import { createVerifierUsage, type UsedToken } from './verifier-usage.ts';

const used: UsedToken = { tokenId: 'tok_1', generation: 1, permission: 'orders.read', outcome: 'allowed' };
const AT = Date.parse('2026-11-28T12:00:00.000Z');

function noted() {
  let reports = 0;
  const usage = createVerifierUsage(() => `report_${++reports}`);
  const items = () => usage.take().flatMap((report) => report.items);
  return { usage, items };
}

describe('use is noted', () => {
  test('by who calls', () => {
    const { usage, items } = noted();
    const tally = usage.note(undefined, used, '203.0.113.7', 'ci/1', AT);
    usage.note(tally, used, '203.0.113.7', 'ci/1', AT + 1);
    usage.note(tally, used, '203.0.113.8', 'ci/1', AT + 2);
    expect(items()).toMatchObject([
      { address: '203.0.113.7', userAgent: 'ci/1', count: 2, lastAt: '2026-11-28T12:00:00.001Z' },
      { address: '203.0.113.8', userAgent: 'ci/1', count: 1, lastAt: '2026-11-28T12:00:00.002Z' },
    ]);
  });

  test.each(['unknown', '203.0.113.7:443', '', '9'.repeat(100)])('without the address %j, which is none', (address) => {
    const { usage, items } = noted();
    usage.note(undefined, used, address, 'ci/1', AT);
    expect(items()).toEqual([{ ...used, userAgent: 'ci/1', count: 1, lastAt: '2026-11-28T12:00:00.000Z' }]);
  });

  test('with as much of what calls as Postern takes', () => {
    const { usage, items } = noted();
    for (const userAgent of ['a\0b', 'half \ud83d', `${'x'.repeat(199)}😀`, 'y'.repeat(1_000)])
      usage.note(undefined, used, undefined, userAgent, AT);
    expect(items().map(({ userAgent }) => userAgent)).toEqual([
      undefined,
      'half \ufffd',
      `${'x'.repeat(199)}\ufffd`,
      'y'.repeat(200),
    ]);
  });

  test('without who calls where that has come to be too much, and none of it is lost', () => {
    const { usage, items } = noted();
    const other = { ...used, tokenId: 'tok_2' };
    const uses = 6_000;
    for (let count = 0; count < uses; count += 1) usage.note(undefined, used, undefined, `agent/${count}`, AT);
    usage.note(undefined, other, '203.0.113.7', 'ci/1', AT);
    usage.note(undefined, other, '203.0.113.8', 'ci/1', AT);
    const told = items();
    expect(told.reduce((sum, { count }) => sum + count, 0)).toBe(uses + 2);
    expect(told.filter(({ tokenId }) => tokenId === 'tok_2')).toEqual([
      { ...other, count: 2, lastAt: '2026-11-28T12:00:00.000Z' },
    ]);
    expect(usage.lost()).toBe(0);
  });

  test('within bounds', () => {
    const { usage, items } = noted();
    for (let count = 0; count < 12_000; count += 1)
      usage.note(undefined, { ...used, tokenId: `tok_${count}` }, undefined, undefined, AT);
    expect(items()).toHaveLength(10_000);
    expect(usage.lost()).toBe(2_000);
  });
});
