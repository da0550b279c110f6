import { createHash } from 'node:crypto';
import { normalize } from 'node:path';
import { type Client, connect } from './client.ts';
import { type CommandInput, type Commands, isGiven, print, say, valuesOf } from './command.ts';
import { EXIT, usageError } from './exit.ts';
import { createFinder } from './find-value.ts';
import { CLIENT_FLAGS } from './flag.ts';
import { plain } from './output.ts';
import { type Finding, type ScanCounts, scanPath } from './scan-path.ts';
import { inspectText } from './token-text.ts';

/** How many different values a server is asked about, and for how long each. */
const ASKED_MAX = 100;
const ASK_TIMEOUT_MS = 3_000;

export const SCAN_COMMANDS: Commands = {
  scan: {
    summary: 'Find token values in files, in commits, or on the standard input (`-`); exits with 10 when it finds any',
    details: [
      'Values are known by shape and checksum, without asking anybody, and never printed. Where you are signed in, the server says which are alive.',
      'Left out: .git and node_modules, links, and files with a zero byte near the beginning.',
    ],
    where: 'client',
    operands: [{ name: 'path', optional: true }],
    columns: ['place', 'hint', 'state', 'token'],
    flags: {
      git: { value: 'range', summary: 'What these commits added, and their messages: main..HEAD' },
      staged: { summary: 'What the next commit would add' },
      exclude: { value: 'path', many: true, summary: 'Leave this file or folder out, such as test vectors' },
      binary: { summary: 'Look into files that are no text, too' },
      offline: { summary: 'Ask nobody which are alive' },
      ...CLIENT_FLAGS,
    },
    run: scan,
  },
};

interface Told {
  readonly state: 'alive' | 'not alive' | 'unknown';
  readonly token: string;
}
const UNKNOWN: Told = { state: 'unknown', token: '' };

async function scan(input: CommandInput): Promise<void> {
  const counts: ScanCounts = { files: 0, bytes: 0, binary: 0, unreadable: 0 };
  const ask = createAsk(input);
  const excluded = valuesOf(input, 'exclude') ?? [];
  const all: object[] = [];
  let found = 0;
  for await (const finding of findingsOf(input, counts)) {
    if (excluded.some((path) => isWithin(finding.file, path))) continue;
    found += 1;
    // Before it is printed: whoever reads the output may have had enough by then.
    process.exitCode = EXIT.no;
    const told = await ask(finding.value);
    const { value, ...place } = finding;
    const inspected = inspectText(value);
    const hint = inspected.shape && inspected.checksum ? inspected.hint : '';
    const described = { ...place, hint, state: told.state, token: told.token === '' ? null : told.token };
    if (isGiven(input, 'json')) all.push(described);
    else print([placeOf(finding), `…${hint}`, told.state, plain(told.token)].join('\t').trimEnd());
  }
  if (isGiven(input, 'json')) print(JSON.stringify(all, null, 2));
  const left = [
    counts.binary > 0 && `${counts.binary} binary files were left out`,
    counts.unreadable > 0 && `${counts.unreadable} could not be read`,
  ].filter(Boolean);
  if (left.length > 0) say(`${left.join(', ')}.`);
  if (found === 0 && counts.unreadable > 0) process.exitCode = EXIT.failed;
}

function findingsOf(input: CommandInput, counts: ScanCounts): AsyncIterable<Finding> | Iterable<Finding> {
  const [path] = input.operands;
  const { git } = input.flags;
  if ([path !== undefined, git !== undefined, isGiven(input, 'staged')].filter(Boolean).length > 1) {
    throw usageError('Say one of a path, --git and --staged.');
  }
  if (git !== undefined || isGiven(input, 'staged')) return fromGit(git);
  return path === '-' ? fromInput() : scanPath(path ?? '.', counts, isGiven(input, 'binary'));
}

async function* fromGit(range: string | undefined): AsyncGenerator<Finding, void, undefined> {
  const { scanRange, scanStaged } = await import('./scan-git.ts');
  yield* range === undefined ? scanStaged() : scanRange(range);
}

async function* fromInput(): AsyncGenerator<Finding, void, undefined> {
  const finder = createFinder(true);
  for await (const chunk of process.stdin as AsyncIterable<Buffer>) {
    for (const found of finder.push(chunk)) yield { ...found, file: '-', commit: null };
  }
}

/** Both as they are written, from the same folder. */
function isWithin(file: string, path: string): boolean {
  const [inner, outer] = [normalize(file), normalize(path).replace(/\/$/, '')];
  return inner === outer || inner.startsWith(`${outer}/`);
}

function placeOf({ commit, file, line }: Finding): string {
  return `${commit === null ? '' : `${commit.slice(0, 12)}:`}${plain(file)}:${line}`;
}

/** Asks about each value once; a server that does not answer is not asked again. */
function createAsk(input: CommandInput): (value: string) => Promise<Told> {
  const known = new Map<string, Told>();
  let client: Promise<Client | undefined> | undefined;
  let isSilent = isGiven(input, 'offline');

  return async (value) => {
    if (isSilent) return UNKNOWN;
    // A mark instead of the value: what is kept for long does not hold it.
    const mark = createHash('sha256').update(value).digest('base64');
    const earlier = known.get(mark);
    if (earlier) return earlier;
    if (known.size >= ASKED_MAX) return UNKNOWN;
    client ??= connect(input, { timeoutMs: ASK_TIMEOUT_MS }).catch(() => undefined);
    const { postern } = (await client) ?? {};
    try {
      const verdict = await postern?.tokens.verify(value);
      const told: Told = !verdict
        ? UNKNOWN
        : verdict.active
          ? { state: 'alive', token: `${verdict.token.name} of ${verdict.principal.displayName}` }
          : { state: 'not alive', token: '' };
      known.set(mark, told);
      return told;
    } catch (error) {
      isSilent = true;
      say(`Which of them are alive is not known: ${(error as Error).message}`);
      return UNKNOWN;
    }
  };
}
