import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import { tokenValue } from './token-value.ts';

test('a value prints as redacted, wherever it is printed, and reveals itself when it is told to', () => {
  const text = 'pst_00000000000000000000000000000000000000000000O7J8C';
  const value = tokenValue(text);
  for (const printed of [
    String(value),
    `${value}`,
    `${{ toString: () => value }.toString()}`,
    JSON.stringify({ value, list: [value] }),
    inspect(value),
    inspect({ deep: { value } }, { depth: 9, showHidden: true }),
    new Error(`refused ${value}`).stack ?? '',
  ]) {
    expect(printed).not.toContain(text);
    expect(printed).toContain('[redacted]');
  }
  expect(value.reveal()).toBe(text);
});
