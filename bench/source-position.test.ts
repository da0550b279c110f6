import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { currentBuild } from '../testing/current-build.ts';
import { inSources } from './source-position.ts';

const DIST = currentBuild('cli');

function nodeAt(url: string, lineNumber: number, columnNumber: number) {
  return { id: 1, callFrame: { functionName: 'admitToken', url, lineNumber, columnNumber } };
}

const profileOf = (node: ReturnType<typeof nodeAt>) => ({ nodes: [node], startTime: 0, samples: [], timeDeltas: [] });

test('a function of the built program is named where it stands in the sources', () => {
  const start = 'function admitToken(';
  const file = readdirSync(DIST).find(
    (name) => name.endsWith('.js') && readFileSync(join(DIST, name), 'utf8').includes(start),
  );
  const lines = readFileSync(join(DIST, file as string), 'utf8').split('\n');
  const line = lines.findIndex((text) => text.startsWith(start));
  const url = pathToFileURL(join(DIST, file as string)).href;
  const [found] = inSources(profileOf(nodeAt(url, line, start.length - 1))).nodes;
  const source = pathToFileURL(join(import.meta.dirname, '../packages/core/src/principal.ts')).href;
  expect(found?.callFrame.url).toBe(source);
  const original = readFileSync(new URL(source), 'utf8').split('\n')[found?.callFrame.lineNumber as number];
  expect(original).toContain('function admitToken(');
});

test('what has no source map, and what is no file, stays as it is', () => {
  for (const url of ['', 'node:events', import.meta.url]) {
    const node = nodeAt(url, 3, 5);
    expect(inSources(profileOf(node)).nodes).toEqual([node]);
  }
});
