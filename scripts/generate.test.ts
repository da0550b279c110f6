import { expect, test } from 'vitest';
import { findStale, generate } from './generate.ts';

test('generated files are up to date: otherwise `npm run generate`', async () => {
  expect(await findStale()).toEqual([]);
});

test('no generated file holds anything that looks like a secret', async () => {
  for (const content of (await generate()).values()) expect(content).not.toMatch(/pst_[0-9A-Za-z]{49}/);
});
