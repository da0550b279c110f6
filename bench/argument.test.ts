import { expect, test } from 'vitest';
import { PARTS, parseArguments, USAGE } from './argument.ts';

const all = Object.keys(PARTS);

test('without arguments, everything is measured and nothing written', () => {
  expect(parseArguments([])).toEqual({ quick: false, write: false, profile: false, parts: all });
});

test('parts are measured in their own order, each once', () => {
  expect(parseArguments(['--quick', '--only', 'nodes, verify,nodes'])).toEqual({
    ...{ quick: true, write: false, profile: false },
    parts: ['verify', 'nodes'],
  });
});

test('help names every part and every option', () => {
  expect(parseArguments(['-h', '--quick'])).toBe('help');
  for (const word of [...all, '--quick', '--only', '--write', '--profile', '--help']) expect(USAGE).toContain(word);
});

test.each([
  [['--fast'], "Unknown option '--fast'."],
  [['--only'], "Option '--only <value>' argument missing."],
  [['--only', 'speed'], `There is no part "speed"; parts are ${all.join(', ')}.`],
  [['--only', ''], `There is no part ""; parts are ${all.join(', ')}.`],
  [['--quick=1'], "Option '--quick' does not take an argument."],
  [['verify'], 'There is no argument "verify".'],
  [['--write', '--only', 'scan'], '--write needs all parts, so it does not go with --only.'],
  [['--profile', '--quick'], '--profile goes with no other option.'],
  [['--profile', '--only', 'scan'], '--profile goes with no other option.'],
])('%j is refused with one sentence', (args, sentence) => {
  expect(() => parseArguments(args)).toThrow(new Error(sentence));
});
