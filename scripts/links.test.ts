import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, test } from 'vitest';
import { anchors, codeBlocks, links } from '../testing/markdown.ts';

const root = join(import.meta.dirname, '..');

/** All Markdown files of the repository, those that are not committed yet included. */
const documents = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '*.md'], {
  cwd: root,
  encoding: 'utf8',
})
  .split('\n')
  .filter((path) => path !== '' && existsSync(join(root, path)));

/** The links that lead nowhere, each with its line. Links out into the world are not followed. */
function broken(path: string, markdown: string): string[] {
  return links(markdown).flatMap(({ target, line }) => {
    if (/^[a-z][a-z0-9+.-]*:/i.test(target)) return [];
    const [file = '', anchor] = decodeURIComponent(target).split('#');
    const found = file === '' ? join(root, path) : join(root, dirname(path), file);
    const where = `${path}:${line} → ${target}`;
    if (relative(root, found).startsWith('..') || (file !== '' && !existsSync(found))) return [where];
    if (anchor === undefined) return [];
    const there = file === '' ? markdown : readFileSync(found, 'utf8');
    return anchors(there).has(anchor) ? [] : [where];
  });
}

test.each(documents)('every link of %s leads somewhere', (path) => {
  expect(broken(path, readFileSync(join(root, path), 'utf8'))).toEqual([]);
});

describe('the check itself', () => {
  test('finds links to no file, to no heading, and out of the repository', () => {
    const markdown = [
      '# One two',
      '[good](package.json) [good](#one-two) [good](https://example.com/x) [also](CONTRIBUTING.md#commits)',
      '[bad](no-such-file.md) ![bad](no.png) [bad](#nowhere)',
      '[bad](../../etc/hosts) [bad](CONTRIBUTING.md#no-such-heading)',
      '[bad]: gone.md',
      '`[code](gone.md)`',
      '```md',
      '[code](gone.md)',
      '```',
    ].join('\n');
    expect(broken('README.md', markdown)).toEqual([
      'README.md:3 → no-such-file.md',
      'README.md:3 → no.png',
      'README.md:3 → #nowhere',
      'README.md:4 → ../../etc/hosts',
      'README.md:4 → CONTRIBUTING.md#no-such-heading',
      'README.md:5 → gone.md',
    ]);
  });

  test('knows the anchors of headings as GitHub makes them', () => {
    const markdown =
      '# A `code` & more\n## A `code` & more\n### [Link](x) title!\n```sh\n# no heading\n```\n<a id="own"></a>';
    expect([...anchors(markdown)]).toEqual(['a-code--more', 'a-code--more-1', 'link-title', 'own']);
  });

  test('reads code blocks with their language, line and remark', () => {
    const markdown = ['<!-- not run: slow -->', '```sh', 'one', '', 'two', '```', '', '~~~', '```', '~~~'].join('\n');
    expect(codeBlocks(markdown)).toEqual([
      { language: 'sh', text: 'one\n\ntwo', line: 2, remark: 'not run: slow' },
      { language: '', text: '```', line: 8, remark: undefined },
    ]);
  });
});
