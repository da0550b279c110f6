import { expect, test } from 'vitest';
import { type CpuProfile, printProfile, summarizeProfile } from './cpu-profile.ts';

const ROOT = 'file:///home/postern/';

function node(id: number, functionName: string, url = '', lineNumber = -1) {
  return { id, callFrame: { functionName, url, lineNumber, columnNumber: 0 } };
}

const profile: CpuProfile = {
  nodes: [
    node(1, '(idle)'),
    node(2, '(garbage collector)'),
    node(3, 'parse', `${ROOT}packages/core/src/token-value.ts`, 41),
    node(4, 'check', `${ROOT}packages/core/src/token-value.ts`, 70),
    node(5, 'write', 'node:net', 9),
    node(6, '', 'node:net', 20),
    node(7, 'writeLatin1String'),
  ],
  startTime: 1_000,
  samples: [3, 1, 4, 5, 2, 6, 7, 3],
  timeDeltas: [0, 100, 50, 30, 40, 10, 20, 5],
};

test('time goes to functions and files, without waiting and without what they call', () => {
  expect(summarizeProfile(profile, ROOT, 1_000, 2_000)).toEqual({
    busyMicroseconds: 205,
    functions: [
      { name: 'parse packages/core/src/token-value.ts:42', microseconds: 100 },
      { name: 'write node:net:10', microseconds: 40 },
      { name: 'check packages/core/src/token-value.ts:71', microseconds: 30 },
      { name: '(anonymous) node:net:21', microseconds: 20 },
      { name: 'garbage collection', microseconds: 10 },
      { name: 'writeLatin1String, native', microseconds: 5 },
    ],
    files: [
      { name: 'packages/core/src/token-value.ts', microseconds: 130 },
      { name: 'node:net', microseconds: 60 },
      { name: 'garbage collection', microseconds: 10 },
      { name: 'native code that JavaScript calls', microseconds: 5 },
    ],
  });
});

test('only the time between two moments counts', () => {
  const { busyMicroseconds, files } = summarizeProfile(profile, ROOT, 1_150, 1_200);
  expect(busyMicroseconds).toBe(70);
  expect(files.map(({ name }) => name)).toEqual(['node:net', 'packages/core/src/token-value.ts']);
});

test('it is printed by request, no more than asked for', () => {
  expect(printProfile(summarizeProfile(profile, ROOT, 1_000, 2_000), 10, 1).split('\n')).toEqual([
    '| function, without what it calls | µs a request | share |',
    '|---|--:|--:|',
    '| parse packages/core/src/token-value.ts:42 | 10.00 | 48.8 % |',
    '',
    '| file | µs a request | share |',
    '|---|--:|--:|',
    '| packages/core/src/token-value.ts | 13.00 | 63.4 % |',
  ]);
});
