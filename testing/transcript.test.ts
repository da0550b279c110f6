import { describe, expect, test } from 'vitest';
import { tmpDirectory } from './tmp.ts';
import { matchesTranscript, runSteps, stepsOf } from './transcript.ts';

const fence = '```';
const block = (language: string, text: string) => `${fence}${language}\n${text}\n${fence}\n`;

const run = async (markdown: string, input?: string) =>
  (
    await runSteps(stepsOf(markdown), {
      env: { PATH: process.env.PATH },
      cwd: await tmpDirectory(),
      ...(input !== undefined && { input }),
    })
  ).map(({ line, printed }) => ({ line, printed }));

describe('a document', () => {
  test('runs in one shell, block by block', async () => {
    const markdown = `${block('sh', 'name=Ada')}\ntext\n\n${block('sh', 'echo "$name"\necho two')}${block('json', '{}')}`;
    expect(await run(markdown)).toEqual([
      { line: 1, printed: '' },
      { line: 7, printed: 'Ada\ntwo\n' },
    ]);
  });

  test('reads what is typed into it', async () => {
    expect(await run(block('sh', 'read -rs SECRET\nprintf "$SECRET" | wc -c'), 'four\n')).toEqual([
      { line: 1, printed: '4\n' },
    ]);
  });

  test('runs TypeScript on the environment that its commands made', async () => {
    const program = "const name: string = process.env.NAME ?? '';\nconsole.log(name, '$HOME');";
    expect(await run(block('sh', 'export NAME=Ada') + block('ts', program))).toEqual([
      { line: 1, printed: '' },
      { line: 4, printed: 'Ada $HOME\n' },
    ]);
  });

  test('expects what the console block right after a command says', () => {
    const markdown = block('sh', 'echo 1') + block('console', '1') + block('sh', 'true') + block('json', '1');
    expect(stepsOf(markdown)).toEqual([
      { line: 1, command: 'echo 1', expected: '1' },
      { line: 7, command: 'true', expected: undefined },
    ]);
  });

  test('fails with the line of the block that failed', async () => {
    const markdown = block('sh', 'true') + block('sh', 'false | cat\necho not reached') + block('sh', 'true');
    await expect(run(markdown)).rejects.toThrow('The block of line 4 failed with 1.');
  });

  test('leaves out what it says it leaves out, with its reason', () => {
    expect(stepsOf(`<!-- not run: slow -->\n${block('sh', 'sleep 9')}`)).toEqual([]);
    expect(() => stepsOf(`<!-- not run -->\n${block('sh', 'sleep 9')}`)).toThrow('must say why');
  });
});

test.each<[boolean, string, string]>([
  [true, 'same', 'same\n'],
  [true, '{ "id": "sa_…", "n": 1 }', '{ "id": "sa_123", "n": 1 }'],
  [true, 'a\n…\nz', 'a\nb\nc\nz\n'],
  [true, 'a\n…\nz', 'a\nz'],
  [true, '…', 'anything\nat all'],
  [false, 'same', 'same\nmore'],
  [false, 'one\ntwo', 'one'],
  [false, 'sa_…', 'sa_'],
  [false, 'a…z', 'a\nz'],
  [false, 'a.c', 'abc'],
  [false, 'count 2', 'count 20'],
])('%s: %j stands for %j', (matches, expected, printed) => {
  expect(matchesTranscript(expected, printed)).toBe(matches);
});
