/** What V8 writes under `--cpu-prof`, as far as it is read here: samples of where the processor was, and how long it stayed. */
export interface CpuProfile {
  readonly nodes: readonly ProfileNode[];
  /** Microseconds of the machine's monotonic clock. */
  readonly startTime: number;
  /** Ids of nodes. */
  readonly samples: readonly number[];
  /** Microseconds from each sample to the one before. */
  readonly timeDeltas: readonly number[];
}

export interface ProfileNode {
  readonly id: number;
  /** `url` is empty for what is no JavaScript, `lineNumber` and `columnNumber` are counted from 0. */
  readonly callFrame: {
    readonly functionName: string;
    readonly url: string;
    readonly lineNumber: number;
    readonly columnNumber: number;
  };
}

export interface ProfileSummary {
  /** Without waiting. */
  readonly busyMicroseconds: number;
  /** What took most first; time of a function is without that of what it calls. */
  readonly functions: readonly ProfileEntry[];
  readonly files: readonly ProfileEntry[];
}

export interface ProfileEntry {
  readonly name: string;
  readonly microseconds: number;
}

const IDLE = '(idle)';
const NATIVE = 'native code that JavaScript calls';
/** V8's words for what is not JavaScript. */
const OUTSIDE: Readonly<Record<string, string>> = {
  '(program)': 'outside JavaScript: the system, sockets, the event loop',
  '(garbage collector)': 'garbage collection',
};

/** Between two moments of the machine's monotonic clock. `root`: the folder that files are named from, as a URL that ends with a slash. */
export function summarizeProfile(
  profile: CpuProfile,
  root: string,
  fromMicroseconds: number,
  toMicroseconds: number,
): ProfileSummary {
  const frames = new Map(profile.nodes.map(({ id, callFrame }) => [id, callFrame]));
  const functions = new Map<string, number>();
  const files = new Map<string, number>();
  let busyMicroseconds = 0;
  let at = profile.startTime;
  profile.timeDeltas.forEach((delta, index) => {
    at += delta;
    const frame = frames.get(profile.samples[index] as number);
    if (!frame || at < fromMicroseconds || at > toMicroseconds || frame.functionName === IDLE) return;
    // A sample stands for the time until the next one.
    const microseconds = profile.timeDeltas[index + 1] ?? 0;
    busyMicroseconds += microseconds;
    const file = fileOf(frame, root);
    const name = nameOf(frame, file);
    functions.set(name, (functions.get(name) ?? 0) + microseconds);
    files.set(file, (files.get(file) ?? 0) + microseconds);
  });
  return { busyMicroseconds, functions: largestFirst(functions), files: largestFirst(files) };
}

function fileOf({ url, functionName }: ProfileNode['callFrame'], root: string): string {
  if (url === '') return OUTSIDE[functionName] ?? NATIVE;
  return url.startsWith(root) ? url.slice(root.length) : url;
}

function nameOf({ url, functionName, lineNumber }: ProfileNode['callFrame'], file: string): string {
  if (url !== '') return `${functionName || '(anonymous)'} ${file}:${lineNumber + 1}`;
  return file === NATIVE ? `${functionName || '(anonymous)'}, native` : file;
}

function largestFirst(times: ReadonlyMap<string, number>): readonly ProfileEntry[] {
  return [...times]
    .map(([name, microseconds]) => ({ name, microseconds }))
    .toSorted((one, other) => other.microseconds - one.microseconds);
}

/** As Markdown: the first ones of each kind, per request and as a share of all. */
export function printProfile(
  { busyMicroseconds, functions, files }: ProfileSummary,
  requests: number,
  most: number,
): string {
  const table = (title: string, entries: readonly ProfileEntry[]): readonly string[] => [
    `| ${title} | µs a request | share |`,
    '|---|--:|--:|',
    ...entries.slice(0, most).map(({ name, microseconds }) => {
      const share = (100 * microseconds) / busyMicroseconds;
      return `| ${name} | ${(microseconds / requests).toFixed(2)} | ${share.toFixed(1)} % |`;
    }),
  ];
  return [...table('function, without what it calls', functions), '', ...table('file', files)].join('\n');
}
