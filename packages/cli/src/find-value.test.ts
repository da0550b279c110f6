import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodeTokenValue } from '@postern/core';
import { expect, test } from 'vitest';
import { createFinder } from './find-value.ts';
import { generateText, inspectText } from './token-text.ts';

const { vectors } = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../../docs/reference/token-vectors.json'), 'utf8'),
) as { vectors: { value: string; valid: boolean }[] };
const VALUE = encodeTokenValue(Buffer.alloc(32, 7)).reveal();

function find(chunks: readonly string[]): [number, string][] {
  const finder = createFinder(true);
  return chunks.flatMap((chunk) =>
    finder.push(Buffer.from(chunk)).map(({ line, value }): [number, string] => [line, value]),
  );
}

test('shape and checksum are those of the golden vectors', () => {
  expect(vectors.map(({ valid }) => valid)).toContain(false);
  for (const { value, valid } of vectors) {
    const found = inspectText(value);
    expect(found.shape && found.checksum, value).toBe(valid);
  }
  expect(inspectText(generateText())).toMatchObject({ checksum: true });
});

test('a value is found once and on its line, wherever a chunk is cut', () => {
  const content = `first\nsecond "${VALUE}"x\n\n${VALUE}`;
  for (let cut = 0; cut <= content.length; cut += 1) {
    expect(find([content.slice(0, cut), content.slice(cut)]), `cut at ${cut}`).toEqual([
      [2, VALUE],
      [4, VALUE],
    ]);
  }
  expect(find([...content])).toEqual([
    [2, VALUE],
    [4, VALUE],
  ]);
});

test('what stands around it, one long line and near misses change nothing', () => {
  expect(find([`pst_pst_${VALUE}${VALUE}`]).map(([line]) => line)).toEqual([1, 1]);
  expect(find([`${'x'.repeat(200_000)}${VALUE}`, 'y'.repeat(200_000)])).toEqual([[1, VALUE]]);
  expect(find([VALUE.slice(0, -1), '\n', VALUE.replace('pst_', 'pst-')])).toEqual([]);
});
