import { useSyncExternalStore } from 'react';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
/** What two clocks may differ by. */
const SKEW_MS = 15_000;
/** Beyond this a date says more than a count of days. */
const RELATIVE_DAYS = 30;
/** How often what is said about now is said anew. */
const TICK_MS = 10_000;

let now = Date.now();
const listeners = new Set<() => void>();
setInterval(() => {
  now = Date.now();
  for (const listener of listeners) listener();
}, TICK_MS);

/** The present, as precise as relative times need it. */
export function useNow(): number {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => now,
  );
}

const EXACT = new Intl.DateTimeFormat(undefined, {
  weekday: 'short',
  day: 'numeric',
  month: 'short',
  year: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
  timeZoneName: 'short',
});
const DATE = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short', year: 'numeric' });
const DAY_AND_CLOCK = new Intl.DateTimeFormat(undefined, {
  weekday: 'short',
  day: 'numeric',
  month: 'short',
  hour: '2-digit',
  minute: '2-digit',
});
const CLOCK = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });

/** "Mon, 22 Feb 2027, 14:00 CET", in the reader's own way of writing it. */
export function exactTime(at: string | number | Date): string {
  return EXACT.format(new Date(at));
}

/** "14:02". */
export function clockTime(at: string | number | Date): string {
  return CLOCK.format(new Date(at));
}

/** "14:20", or on another day "Sat 28 Nov, 14:20": until when something goes on. */
export function untilTime(at: string | number | Date, present: number): string {
  const sameDay = new Date(at).toDateString() === new Date(present).toDateString();
  return (sameDay ? CLOCK : DAY_AND_CLOCK).format(new Date(at));
}

/** "just now", "2 min ago", "in 12 days"; beyond 30 days the date. */
export function relativeTime(at: string | number | Date, present: number): string {
  const ms = new Date(at).getTime() - present;
  const size = Math.abs(ms);
  // Another machine's clock may be a little ahead of this one's.
  if (size < MINUTE_MS) return ms > SKEW_MS ? 'in under a minute' : 'just now';
  if (size > RELATIVE_DAYS * DAY_MS) return DATE.format(new Date(at));
  const amount =
    size < HOUR_MS
      ? count(size / MINUTE_MS, 'min', 'min')
      : size < DAY_MS
        ? count(size / HOUR_MS, 'h', 'h')
        : count(size / DAY_MS, 'day', 'days');
  return ms > 0 ? `in ${amount}` : `${amount} ago`;
}

/** "8 s ago", for what is asked for again every few seconds; older, as `relativeTime`. */
export function recentTime(at: string | number | Date, present: number): string {
  const seconds = Math.round((present - new Date(at).getTime()) / 1_000);
  return seconds < 1 || seconds >= 60 ? relativeTime(at, present) : `${seconds} s ago`;
}

function count(size: number, one: string, many: string): string {
  const whole = Math.round(size);
  return `${whole} ${whole === 1 ? one : many}`;
}

interface TimeProps {
  readonly at: string;
  /** Reached by Tab, so that the exact time can be read without a mouse; not in tables, where rows are walked by name. */
  readonly focusable?: boolean;
  /** How it is written: `relativeTime` unless this says otherwise. */
  readonly write?: (at: string, present: number) => string;
}

export function Time({ at, focusable = false, write = relativeTime }: TimeProps) {
  const present = useNow();
  const exact = exactTime(at);
  return (
    <time dateTime={at} title={exact} className="nowrap" {...(focusable && { tabIndex: 0, 'aria-label': exact })}>
      {write(at, Math.max(present, Date.now() - TICK_MS))}
    </time>
  );
}
