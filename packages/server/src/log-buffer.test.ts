import fs, { closeSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
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

test('where others write, too, each write is of whole lines and small enough not to be mixed with theirs', async () => {
  const path = join(await tmpDirectory(), 'log');
  const descriptor = openSync(path, 'a');
  const written: string[] = [];
  const { write, writeSync } = fs;
  fs.write = ((to: number, bytes: Buffer, done: (error: Error | null, written: number) => void) => {
    written.push(bytes.toString());
    write(to, bytes, done);
  }) as typeof write;
  fs.writeSync = ((to: number, bytes: Buffer) => {
    written.push(bytes.toString());
    return writeSync(to, bytes);
  }) as typeof writeSync;
  syncBuiltinESMExports();
  onTestFinished(() => {
    Object.assign(fs, { write, writeSync });
    syncBuiltinESMExports();
    closeSync(descriptor);
  });

  const buffer = createLogBuffer(descriptor, { shared: true });
  const lines = Array.from({ length: 5_000 }, (_, index) => `${'é'.repeat(index % 400)} ${index}\n`);
  for (const [index, line] of lines.entries()) {
    buffer.write(line);
    if (index % 500 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  await buffer.flush();
  expect(await readFile(path, 'utf8')).toBe(lines.join(''));
  expect(written.filter((block) => !block.endsWith('\n') || Buffer.byteLength(block) > 4_096)).toEqual([]);
  expect(written.length).toBeLessThan(lines.length / 4);
});
