/** The parts of a Markdown file that tests look at. */

export interface CodeBlock {
  /** The word after the fence; empty when there is none. */
  readonly language: string;
  readonly text: string;
  /** Line of the opening fence, from 1. */
  readonly line: number;
  /** The comment on the line before the fence, without its marks: a remark for the test that runs the document. */
  readonly remark: string | undefined;
}

/** All fenced code blocks, in order. */
export function codeBlocks(markdown: string): CodeBlock[] {
  const blocks: CodeBlock[] = [];
  const lines = markdown.split('\n');
  for (let index = 0; index < lines.length; index += 1) {
    const opening = /^(`{3,}|~{3,})(\S*)/.exec(lines[index] ?? '');
    if (!opening) continue;
    const [, fence = '', language = ''] = opening;
    const end = lines.findIndex((line, at) => at > index && line.trimEnd() === fence);
    if (end < 0) throw new Error(`The code block of line ${index + 1} has no end`);
    const before = lines.slice(0, index).findLast((line) => line.trim() !== '');
    blocks.push({
      language,
      text: lines.slice(index + 1, end).join('\n'),
      line: index + 1,
      remark: /^<!--\s*(.*?)\s*-->$/.exec(before?.trim() ?? '')?.[1],
    });
    index = end;
  }
  return blocks;
}

export interface Link {
  readonly target: string;
  readonly line: number;
}

/** Where the document's links and images lead, code aside. */
export function links(markdown: string): Link[] {
  const prose = withoutCode(markdown);
  return prose.split('\n').flatMap((text, index) => {
    const inline = text.matchAll(/\[[^\]]*\]\(\s*<?([^)\s>]+)>?[^)]*\)/g);
    const definitions = text.matchAll(/^ {0,3}\[[^\]]+\]:\s*<?(\S+?)>?(?:\s|$)/g);
    return [...inline, ...definitions].map((match) => ({ target: match[1] as string, line: index + 1 }));
  });
}

/** The anchors that the document's headings have on GitHub. */
export function anchors(markdown: string): Set<string> {
  const found = new Set<string>();
  for (const match of withoutFences(markdown).matchAll(/^#{1,6}\s+(.*?)\s*#*$/gm)) {
    const words = (match[1] as string).replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase();
    const anchor = words.replace(/[^\p{L}\p{N}\p{M}_\- ]/gu, '').replaceAll(' ', '-');
    let unique = anchor;
    for (let count = 1; found.has(unique); count += 1) unique = `${anchor}-${count}`;
    found.add(unique);
  }
  for (const match of withoutCode(markdown).matchAll(/<a\s+(?:id|name)="([^"]+)"/g)) found.add(match[1] as string);
  return found;
}

/** The document with the same lines, but nothing in its code blocks. */
function withoutFences(markdown: string): string {
  return markdown.replace(/^(`{3,}|~{3,})[^\n]*\n[\s\S]*?^\1[ \t]*$/gm, (block) => block.replace(/[^\n]/g, ''));
}

function withoutCode(markdown: string): string {
  return withoutFences(markdown).replace(/`[^`\n]+`/g, '');
}
