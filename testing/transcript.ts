import { spawn, spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { type CodeBlock, codeBlocks } from './markdown.ts';

/**
 * Documents whose commands are run as printed. A `sh` block runs in bash, a `ts` block in Node on the workspace's sources,
 * a `python` block in Python; all of one document run in one shell, in order, and a `console` block right after one is what
 * it prints. In it `…` stands for text that differs from run to run, and a line with `…` alone for any lines. The remark
 * `<!-- not run: reason -->` before a block takes it out.
 */
export interface Step {
  readonly line: number;
  readonly command: string;
  readonly expected: string | undefined;
}

/** The steps of a document, those taken out aside. */
export function stepsOf(markdown: string): Step[] {
  const blocks = codeBlocks(markdown);
  return blocks.flatMap((block, index) => {
    const command = commandOf(block);
    if (command === undefined || isTakenOut(block)) return [];
    const next = blocks[index + 1];
    const expected = next?.language === 'console' ? next.text : undefined;
    return [{ line: block.line, command, expected }];
  });
}

const INTERPRETERS: Readonly<Record<string, string>> = {
  ts: 'node --conditions=postern-src --input-type=module-typescript',
  python: 'python3',
};

function commandOf({ language, text }: CodeBlock): string | undefined {
  if (language === 'sh') return text;
  const interpreter = INTERPRETERS[language];
  return interpreter && `${interpreter} <<'END OF THE BLOCK'\n${text}\nEND OF THE BLOCK`;
}

function isTakenOut({ remark, line }: CodeBlock): boolean {
  if (remark === undefined || !remark.startsWith('not run')) return false;
  if (/^not run: \S/.test(remark)) return true;
  throw new Error(`The remark before line ${line} must say why the block is not run`);
}

export interface Ran extends Step {
  readonly printed: string;
}

/** Those of the programs that this machine does not have. */
export function findMissing(programs: readonly string[]): string[] {
  return programs.filter((program) => spawnSync(program, ['--version'], { stdio: 'ignore' }).error !== undefined);
}

/** Runs the steps in one bash, which ends at the first command that fails; that rejects with the step's line. */
export async function runSteps(
  steps: readonly Step[],
  shell: { readonly env: NodeJS.ProcessEnv; readonly cwd: string; readonly input?: string },
): Promise<Ran[]> {
  // A mark in the output before each step, which no command can print by chance.
  const mark = randomUUID();
  const script = steps.map(({ command }) => `printf ${mark}\n${command}\n`).join('');
  const bash = spawn('bash', ['-euo', 'pipefail', '-c', script], { ...shell, stdio: ['pipe', 'pipe', 'pipe'] });
  bash.stdin.on('error', () => undefined).end(shell.input ?? '');
  const [out, complaints, [code]] = await Promise.all([text(bash.stdout), text(bash.stderr), once(bash, 'close')]);
  const [, ...parts] = out.split(mark);
  const last = steps[parts.length - 1];
  if (code !== 0)
    throw new Error(`The block of line ${last?.line} failed with ${code}.\n${complaints}\n${parts.at(-1)}`);
  return steps.map((step, index) => ({ ...step, printed: parts[index] ?? '' }));
}

/** Whether the output is what the document prints. */
export function matchesTranscript(expected: string, printed: string): boolean {
  const lines = expected.trimEnd().split('\n');
  const pattern = lines.map((line) => (line.trim() === '…' ? '(?:.*\\n)*?' : `${linePattern(line)}\\n`)).join('');
  return new RegExp(`^${pattern}$`).test(`${printed.trimEnd()}\n`);
}

function linePattern(line: string): string {
  return line
    .trimEnd()
    .split('…')
    .map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'))
    .join('.+?');
}
