import { expect, test } from 'vitest';
import { toCsvLine } from './csv.ts';

test.each([
  ['plain', 'plain'],
  ['a,b', '"a,b"'],
  ['say "hi"', '"say ""hi"""'],
  ['=1', "'=1"],
  [' +1', "' +1"],
  ['\t', `"'\t"`],
])('%j is the cell %j', (text, cell) => {
  expect(toCsvLine(['id', text, null])).toBe(`id,${cell},\r\n`);
});

/** As a spreadsheet reads it for which this separates cells: quotes count at the beginning of a cell only. */
test.each([';', '\t'])('no cell is a formula where %j separates cells', (separator) => {
  const hostile = ['=1', ' =1', '"=1', "'=1", '-1', '@SUM(1)', '\uff1d1'];
  const texts = hostile.flatMap((text) => [`a${separator}${text}`, `a\n${text}`, `a;b${separator}${text}`]);
  const cells = toCsvLine(['id', ...texts]).split(new RegExp(`[${separator}\\r\\n]`));
  expect(cells.length).toBeGreaterThan(texts.length);
  for (const cell of cells) expect(cell).not.toMatch(/^[\s"]*[=+\-@\uff1d]/);
  expect(toCsvLine([`a${separator}b`])).toBe(`"a${separator}b"\r\n`);
});
