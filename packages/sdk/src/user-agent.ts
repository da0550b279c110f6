const MAX_LENGTH = 200;

/** What calls, in its own words, as far as Postern takes it: its beginning; undefined where no database could hold it. */
export function parseUserAgent(text: string | undefined): string | undefined {
  const beginning = text?.slice(0, MAX_LENGTH);
  return beginning?.includes('\0') ? undefined : beginning?.toWellFormed();
}
