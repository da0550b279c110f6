import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { CommandError, EXIT, usageError } from './exit.ts';
import { startsOf, textAt } from './find-value.ts';
import type { Finding } from './scan-path.ts';

const LINE_END = 10;
/** The longest piece of a line that is looked at whole; a longer line comes in overlapping pieces. */
const PIECE_BYTES = 1024 * 1024;
const OVERLAP_BYTES = 64;
const DIFF = ['--no-color', '--no-ext-diff', '--no-textconv', '--unified=0', '--src-prefix=a/', '--dst-prefix=b/'];

/** What commits added, messages included: a value that was taken out again is still in the history. */
export function scanRange(range: string): AsyncGenerator<Finding, void, undefined> {
  if (range === '' || range.startsWith('-')) throw usageError('--git takes a range like main..HEAD, or a commit.');
  return readDiff([
    'log',
    '--patch',
    '--text',
    '--diff-merges=separate',
    '--no-show-signature',
    // A space before every line of the message: whatever stands in it, it is not taken for a line of the diff.
    '--format=commit %H%n%w(0,1,1)%B',
    ...DIFF,
    '--end-of-options',
    range,
    '--',
  ]);
}

/** What the next commit would add. */
export function scanStaged(): AsyncGenerator<Finding, void, undefined> {
  return readDiff(['diff', '--cached', '--text', ...DIFF]);
}

async function* readDiff(args: readonly string[]): AsyncGenerator<Finding, void, undefined> {
  // Paths as they are, but for the few that cannot stand in a line.
  const git = spawn('git', ['-c', 'core.quotePath=false', ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  const closed = once(git, 'close');
  // A git that is not there is told by the line below, not by an error nobody waits for.
  closed.catch(() => undefined);
  const place = createPlace();
  let rest: Buffer = Buffer.alloc(0);
  let ended = false;
  try {
    for await (const chunk of git.stdout as AsyncIterable<Buffer>) {
      const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      let from = 0;
      for (let end = bytes.indexOf(LINE_END); end >= 0; end = bytes.indexOf(LINE_END, from)) {
        yield* place.read(bytes.subarray(from, end), true);
        from = end + 1;
      }
      rest = bytes.subarray(from);
      if (rest.length > PIECE_BYTES) {
        yield* place.read(rest, false);
        rest = rest.subarray(-OVERLAP_BYTES);
      }
    }
    yield* place.read(rest, true);
    const [code] = await closed.catch((): [number] => {
      throw new CommandError('git cannot be run.');
    });
    ended = true;
    if (code !== 0) throw new CommandError(`git ended with ${code}.`, EXIT.failed);
  } finally {
    if (!ended) git.kill();
  }
}

/** Where in commits, files and lines a diff has come to. */
function createPlace() {
  let commit: string | null = null;
  let file = '';
  let line = 0;
  let isHunk = false;
  let isContinued = false;
  let last = '';

  function advance(text: string): void {
    if (text.startsWith('commit ') && /^commit [0-9a-f]{40,64}$/.test(text)) {
      commit = text.slice('commit '.length);
      file = '(commit message)';
      // The first line of the message is the next one.
      line = -1;
      isHunk = false;
    } else if (text.startsWith('diff --git ')) {
      isHunk = false;
      file = '';
    } else if (!isHunk && text.startsWith('+++ ')) file = pathOf(text.slice('+++ '.length));
    else if (text.startsWith('@@ ')) {
      line = Number(/^@@ -\S+ \+(\d+)/.exec(text)?.[1] ?? 1) - 1;
      isHunk = true;
    }
  }

  return {
    /** A line, or a piece of a long one. */
    *read(bytes: Buffer, isWhole: boolean): Generator<Finding, void, undefined> {
      const isAdded = isHunk && bytes[0] === 0x2b;
      if (!isContinued) {
        if (!isAdded) advance(bytes.toString('utf8', 0, 4_096));
        if (isAdded || !isHunk) line += 1;
      }
      const counts = isContinued ? true : isAdded || !isHunk;
      isContinued = !isWhole;
      if (!counts) return;
      for (const start of startsOf(bytes)) {
        const value = textAt(bytes, start);
        // The overlap of two pieces is looked at twice.
        const key = `${commit}:${file}:${line}:${value}`;
        if (key === last) continue;
        last = key;
        yield { commit, file, line, value };
      }
    },
  };
}

const ESCAPED: Readonly<Record<string, string>> = { a: '\x07', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' };

/** The path of a file as it is: git quotes one with a quotation mark, a backslash or a control character in it, as C does. */
function pathOf(text: string): string {
  const written = text.replace(/\t$/, '');
  const path = /^".*"$/.test(written)
    ? written
        .slice(1, -1)
        .replaceAll(/\\([0-7]{3}|.)/g, (_all, code: string) =>
          code.length === 3 ? String.fromCharCode(Number.parseInt(code, 8)) : (ESCAPED[code] ?? code),
        )
    : written;
  return path.replace(/^b\//, '');
}
