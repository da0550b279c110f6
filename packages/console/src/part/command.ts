/** What follows a command's words: a flag that is undefined is left out, one that is true takes no value. */
export type CommandFlags = Readonly<Record<string, string | readonly string[] | true | undefined>>;

/** A command of `postern`, as a POSIX shell takes it: `command('group edit', [id], { name })`. */
export function command(words: string, operands: readonly string[] = [], flags: CommandFlags = {}): string {
  const written = Object.entries(flags).flatMap(([flag, value]) => {
    if (value === undefined) return [];
    if (value === true) return [`--${flag}`];
    return [value].flat().map((each) => flagText(flag, each));
  });
  // What begins with a dash would be read as a flag.
  const ambiguous = operands.some((operand) => operand.startsWith('-'));
  const quoted = operands.map(shellQuote);
  return ['postern', words, ...(ambiguous ? [...written, '--', ...quoted] : [...quoted, ...written])].join(' ');
}

function flagText(flag: string, value: string): string {
  return value.startsWith('-') ? `--${flag}=${shellQuote(value)}` : `--${flag} ${shellQuote(value)}`;
}

/** A text as one argument of a POSIX shell. */
function shellQuote(text: string): string {
  return /^[\w./:@,-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
