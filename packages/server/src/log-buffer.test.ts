import { closeSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { tmpDirectory } from '../../../testing/tmp.ts';
import { createLogBuffer } from './log-buffer.ts';

async function open() {
  const path = join(await tmpDirectory(), 'log');
  const descriptor = openSync(path, 'a');
  return { path, descriptor, buffer: createLogBuffer(descriptor) };
}

test('every line comes once and in order, whatever is written while something is written', async () => {
  const { path, descriptor, buffer } = await open();
  const lines = Array.from({ length: 20_000 }, (_, index) => `line ${index} ✓\n`);
  for (const [index, line] of lines.entries()) {
    buffer.write(line);
    if (index % 1_000 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  await buffer.flush();
  expect(await readFile(path, 'utf8')).toBe(lines.join(''));
  closeSync(descriptor);
});

test('what is buffered is written at once where nothing can be waited for', async () => {
  const { path, descriptor, buffer } = await open();
  buffer.write('last words\n');
  buffer.flushSync();
  expect(await readFile(path, 'utf8')).toBe('last words\n');
  closeSync(descriptor);
});

test('a descriptor that nobody reads any more fails nobody', async () => {
  const { descriptor, buffer } = await open();
  closeSync(descriptor);
  buffer.write('x'.repeat(100_000));
  await buffer.flush();
  buffer.write('y\n');
  buffer.flushSync();
});
