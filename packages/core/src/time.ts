import { LATEST_TIME_MS } from './clock.ts';
import { invalidField } from './error.ts';

// RFC 3339 section 5.6, with a zone; lower-case "t" and "z" and leap seconds are not accepted.
const RFC_3339 =
  /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,9})?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/;

/** An RFC 3339 time with a zone, as milliseconds since the epoch; finer digits are cut off. Throws `request.invalid`. */
export function parseTime(text: string, path: string): number {
  const time = RFC_3339.test(text) ? Date.parse(text.replace(/(\.\d{3})\d+/, '$1')) : Number.NaN;
  if (Number.isNaN(time) || !dayExists(text)) {
    throw invalidField(path, 'must be an RFC 3339 time with a zone, like 2026-11-23T20:00:00.000Z');
  }
  if (time > LATEST_TIME_MS || time < 0) throw invalidField(path, 'must be a time between 1970 and 9999');
  return time;
}

/** Milliseconds since the epoch as RFC 3339 UTC with milliseconds. */
export function formatTime(time: number): string {
  return new Date(time).toISOString();
}

/** Date.parse takes 31 February for 3 March; a calendar does not. */
function dayExists(text: string): boolean {
  const year = Number(text.slice(0, 4));
  const month = Number(text.slice(5, 7));
  return Number(text.slice(8, 10)) <= new Date(Date.UTC(year, month, 0)).getUTCDate();
}
