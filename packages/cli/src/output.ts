import { type CommandInput, isGiven, print, say } from './command.ts';
import { relativeTime } from './duration.ts';
import { EXIT, usageError } from './exit.ts';

/** One fact of a thing, as tables and lines show it. */
export interface Column<Item> {
  readonly name: string;
  readonly of: (item: Item) => string | number | boolean | null | undefined;
  /** An RFC 3339 time, which a person sees as "3 d ago". */
  readonly time?: true;
}

const GAP = '  ';
const DEFAULT_LIMIT = 50;
const LIMIT_MAX = 1_000_000;
/** Rows that a terminal's table holds at once; longer lists are written in parts, so that memory stays bounded. */
const PART = 1_000;

export function namesOf<Item>(columns: readonly Column<Item>[]): readonly string[] {
  return columns.map(({ name }) => name);
}

/**
 * A list: on a terminal a table, in a pipe tab-separated lines without a heading, whole and with ISO times. `--json` makes it
 * one document, `--ndjson` one a line. With `--fail`, having found any is the exit code 10.
 */
export async function printList<Item>(
  list: AsyncIterable<Item>,
  columns: readonly Column<Item>[],
  input: CommandInput,
): Promise<void> {
  const limit = limitOf(input);
  const asJson = isGiven(input, 'json');
  const kept: Item[] = [];
  let shown = 0;
  let more = false;
  const flush = (): void => {
    if (kept.length > 0) print(toTable(kept, columns, Date.now(), shown <= PART));
    kept.length = 0;
  };
  for await (const item of list) {
    if (shown === limit) {
      more = true;
      break;
    }
    shown += 1;
    // Before it is printed: whoever reads the output may have had enough by then.
    if (isGiven(input, 'fail')) process.exitCode = EXIT.no;
    if (asJson) kept.push(item);
    else if (isGiven(input, 'ndjson')) print(JSON.stringify(item));
    else if (!process.stdout.isTTY) print(toLine(item, columns));
    else if (kept.push(item) === PART) flush();
  }
  if (asJson) print(JSON.stringify(kept, null, 2));
  else flush();
  if (more) say(`These are the first ${limit}; --limit or --all shows more.`);
  if (shown === 0 && process.stdout.isTTY && !asJson) say('Nothing found.');
}

/** What is answered whole, as the pages of other lists come. */
export async function* each<Item>(items: readonly Item[]): AsyncGenerator<Item, void, undefined> {
  yield* items;
}

/** One thing: on a terminal and in a pipe a line for each fact; `--json`: all of it. */
export function printItem<Item>(item: Item, columns: readonly Column<Item>[], input: CommandInput): void {
  if (isGiven(input, 'json')) {
    print(JSON.stringify(item, null, 2));
    return;
  }
  const isTerminal = process.stdout.isTTY;
  const width = Math.max(...columns.map(({ name }) => name.length));
  for (const column of columns) {
    const text = isTerminal ? toCell(item, column, Date.now()) : toText(column.of(item));
    print(isTerminal ? `${dim(column.name.padEnd(width))}${GAP}${text}` : `${column.name}\t${text}`);
  }
}

/** A table for a terminal: aligned, relative times, control characters taken out. */
export function toTable<Item>(
  items: readonly Item[],
  columns: readonly Column<Item>[],
  now: number,
  heading = true,
): string {
  const rows = items.map((item) => columns.map((column) => toCell(item, column, now)));
  const widths = columns.map(({ name }, index) =>
    Math.max(name.length, ...rows.map((row) => displayWidth(row[index] ?? ''))),
  );
  const lines = rows.map((row) => alignRow(row, widths));
  return [...(heading ? [dim(alignRow(namesOf(columns), widths))] : []), ...lines].join('\n');
}

/** A line for a program: tabs between, and tabs, line ends and backslashes inside written as `\t`, `\n`, `\r`, `\\`. */
function toLine<Item>(item: Item, columns: readonly Column<Item>[]): string {
  return columns.map((column) => toText(column.of(item))).join('\t');
}

function alignRow(row: readonly string[], widths: readonly number[]): string {
  return row
    .map((cell, index) => cell + ' '.repeat(Math.max(0, (widths[index] ?? 0) - displayWidth(cell))))
    .join(GAP)
    .trimEnd();
}

function toCell<Item>(item: Item, column: Column<Item>, now: number): string {
  const value = column.of(item);
  if (value === null || value === undefined || value === '') return '-';
  if (column.time) return relativeTime(String(value), now);
  return plain(String(value));
}

function toText(value: string | number | boolean | null | undefined): string {
  const escapes: Readonly<Record<string, string>> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' };
  return String(value ?? '').replaceAll(/[\\\t\n\r]/g, (character) => escapes[character] ?? character);
}

/** Without what a terminal would obey: names are other people's text. */
export function plain(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, ' ');
}

/** Columns on a terminal, near enough: wide East Asian characters take two, marks none. */
function displayWidth(text: string): number {
  let width = 0;
  for (const character of text) {
    if (/\p{M}/u.test(character)) continue;
    width +=
      /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}]/u.test(
        character,
      )
        ? 2
        : 1;
  }
  return width;
}

/** Grey on a terminal; NO_COLOR (no-color.org) and dumb terminals get it plain. */
function dim(text: string): string {
  const colour = process.stdout.isTTY && !process.env['NO_COLOR'] && process.env['TERM'] !== 'dumb';
  return colour ? `\u001b[2m${text}\u001b[22m` : text;
}

function limitOf(input: CommandInput): number {
  const text = input.flags['limit'];
  if (isGiven(input, 'all')) {
    if (text !== undefined) throw usageError('--limit and --all exclude each other.');
    return Number.POSITIVE_INFINITY;
  }
  if (text === undefined) return DEFAULT_LIMIT;
  const limit = /^\d{1,7}$/.test(text) ? Number(text) : 0;
  if (limit >= 1 && limit <= LIMIT_MAX) return limit;
  throw usageError(`--limit must be a whole number from 1 to ${LIMIT_MAX}.`);
}
