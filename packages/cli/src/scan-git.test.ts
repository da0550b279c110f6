import { execFileSync } from 'node:child_process';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { encodeTokenValue } from '@postern/core';
import { expect, test } from 'vitest';
import { tmpDirectory } from '../../../testing/tmp.ts';
import { findMissing } from '../../../testing/transcript.ts';
import { runPostern } from '../test/command.ts';
import { type ScanCounts, scanPath } from './scan-path.ts';

const [FIRST, SECOND, THIRD] = [1, 2, 3].map((byte) => encodeTokenValue(Buffer.alloc(32, byte)).reveal());
const noGit = findMissing(['git']).length > 0;

test.skipIf(noGit)('commits are read by what they added, messages and what was taken out again included', async () => {
  const repository = await tmpDirectory();
  const git = (...args: string[]) =>
    execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@b.c', ...args], {
      cwd: repository,
      encoding: 'utf8',
    });
  const scan = async (...args: string[]) => {
    const ended = await runPostern(['scan', '--offline', '--json', ...args], { HOME: repository }, repository);
    return { code: ended.code, found: ended.stdout === '' ? ended.stderr : JSON.parse(ended.stdout) };
  };
  git('init', '-q');
  await writeFile(join(repository, 'a file.txt'), `one\ntwo ${FIRST}\n`);
  git('add', '.');
  git('commit', '-qm', `note\n\n${SECOND}`);
  const first = git('rev-parse', 'HEAD').trim();
  await writeFile(join(repository, 'a file.txt'), 'one\ntwo\n');
  git('commit', '-qam', 'drop it');
  expect(await scan('--git', 'HEAD')).toMatchObject({
    code: 10,
    found: [
      { commit: first, file: '(commit message)', line: 3 },
      { commit: first, file: 'a file.txt', line: 2 },
    ],
  });
  expect(await scan('--git', 'HEAD', '--exclude', './a file.txt')).toMatchObject({
    found: [{ file: '(commit message)' }],
  });
  await writeFile(join(repository, 'a,b.txt'), `${FIRST}\n`);
  expect(await scan('a,b.txt', '--exclude', 'a,b.txt')).toEqual({ code: 0, found: [] });
  expect(await scan('--git', `${first}..HEAD`)).toEqual({ code: 0, found: [] });
  expect(await scan('--git', '--output=x')).toMatchObject({ code: 2 });
  expect(await scan('--staged')).toEqual({ code: 0, found: [] });
  await writeFile(join(repository, 'b'), `${'x'.repeat(3_000_000)}${THIRD}`);
  git('add', 'b');
  expect(await scan('--staged')).toMatchObject({ code: 10, found: [{ commit: null, file: 'b', line: 1 }] });
  await rm(join(repository, 'b'));
});

test.skipIf(noGit)('a message may look like a diff, and a path may hold any character', async () => {
  const repository = await tmpDirectory();
  const git = (...args: string[]) =>
    execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@b.c', ...args], { cwd: repository });
  const message = `look\n\n@@ -1 +1 @@\n+++ b/x\ncommit ${'a'.repeat(40)}\n\n ${FIRST}\n+${SECOND}\n`;
  const names = ['käse.env', 'a "b"\tc\\d', 'grün "x"'];
  git('init', '-q');
  for (const name of names) await writeFile(join(repository, name), `one\n${THIRD}\n`);
  git('add', '.');
  git('commit', '-qm', message);
  git('commit', '-q', '--allow-empty', '-m', 'nothing');
  const ended = await runPostern(['scan', '--offline', '--json', '--git', 'HEAD'], { HOME: repository }, repository);
  const found = JSON.parse(ended.stdout) as readonly { readonly file: string; readonly line: number }[];
  const places = found.map(({ file, line }) => `${file}:${line}`);
  expect(places.slice(0, 2)).toEqual(['(commit message):7', '(commit message):8']);
  expect(new Set(places.slice(2))).toEqual(new Set(names.map((name) => `${name}:2`)));
  // A merge is read against each of its parents, with its own message.
  git('checkout', '-q', '-b', 'side', 'HEAD~1');
  await writeFile(join(repository, 'side'), 'one\n');
  git('add', '.');
  git('commit', '-qm', 'side');
  git('merge', '-q', '-m', `@@ join\n\n${SECOND}`, '-');
  const merged = await runPostern(['scan', '--offline', '--git', 'HEAD~1..HEAD'], { HOME: repository }, repository);
  expect([merged.code, merged.stdout]).toEqual([10, expect.stringMatching(/^\w{12}:\(commit message\):3\t/)]);
});

test('a folder is read whole, but for what is binary, and the value is on its line', async () => {
  const folder = await tmpDirectory();
  await writeFile(join(folder, 'a.txt'), `\n\n\n${FIRST}`);
  await writeFile(join(folder, 'b.bin'), `\0${FIRST}`);
  const look = (withBinary: boolean) => {
    const counts: ScanCounts = { files: 0, bytes: 0, binary: 0, unreadable: 0 };
    return { found: [...scanPath(folder, counts, withBinary)].map(({ file, line }) => [file, line]), counts };
  };
  const [text, binary] = [join(folder, 'a.txt'), join(folder, 'b.bin')];
  expect(look(false)).toEqual({ found: [[text, 4]], counts: { files: 1, bytes: 56, binary: 1, unreadable: 0 } });
  expect(look(true).found).toEqual([
    [text, 4],
    [binary, 1],
  ]);
  expect(() => [...scanPath(join(folder, 'c'), look(false).counts, false)]).toThrow('There is no');
});
