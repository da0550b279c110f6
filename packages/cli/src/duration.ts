import { usageError } from './exit.ts';

const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400, w: 604_800 };
const TIME = /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?(?:Z|[+-]\d{2}:\d{2}))?$/;

/** `90d`, `24h`, `30m`, `45s`, `2w` in seconds. Throws CommandError (usage), naming the flag and never the text. */
export function parseDuration(text: string, flag: string): number {
  const [, number, unit = ''] = /^(\d{1,7})([smhdw])$/.exec(text) ?? [];
  const seconds = Number(number) * (SECONDS[unit] ?? Number.NaN);
  if (seconds > 0) return seconds;
  throw usageError(`--${flag} must be a duration like 90d, 24h or 30m.`);
}

/** When it ends: a duration from now, or a time. null = `never`. Throws CommandError (usage). */
export function parseEnd(text: string, flag: string, now: number): string | null {
  return text === 'never' ? null : parseFrom(text, flag, now, 1);
}

/** A time in the past: a duration before now, or a time. Throws CommandError (usage). */
export function parsePast(text: string, flag: string, now: number): string {
  return parseFrom(text, flag, now, -1);
}

/** A time to come: a duration from now, or a time. Throws CommandError (usage). */
export function parseFuture(text: string, flag: string, now: number): string {
  return parseFrom(text, flag, now, 1);
}

function parseFrom(text: string, flag: string, now: number, sign: 1 | -1): string {
  const time = TIME.test(text) ? Date.parse(text) : now + sign * parseDuration(text, flag) * 1_000;
  // The latest time that four digits of a year can say.
  if (time > 0 && time < 253_402_300_800_000) return new Date(time).toISOString();
  throw usageError(`--${flag} is too far away.`);
}

const STEPS = [
  [86_400_000, 'd'],
  [3_600_000, 'h'],
  [60_000, 'min'],
  [1_000, 's'],
] as const;

/** `3 d ago`, `in 2 h`, `now`. */
export function relativeTime(iso: string, now: number): string {
  const distance = Date.parse(iso) - now;
  const step = STEPS.find(([ms]) => Math.abs(distance) >= ms);
  if (!step) return 'now';
  const text = `${Math.floor(Math.abs(distance) / step[0])} ${step[1]}`;
  return distance < 0 ? `${text} ago` : `in ${text}`;
}
