/** What `postern` can be asked for, as data: flags are read, explained and listed from it. */
export interface Command {
  readonly summary: string;
  /** Whether the settings' flags are understood. */
  readonly settings: boolean;
  /** Flags of its own, without the dashes. */
  readonly flags?: Readonly<Record<string, CommandFlag>>;
  /** What has to follow its name, in this order. */
  readonly operands?: readonly string[];
  readonly run: (input: CommandInput) => Promise<void>;
}

export interface CommandFlag {
  /** How its value is called; absent: it takes none. */
  readonly value?: string;
  readonly required?: boolean;
}

export interface CommandInput {
  /** The settings' flags. */
  readonly settings: Readonly<Record<string, string>>;
  /** The command's own; undefined = not given, '' = given, without a value. */
  readonly flags: Readonly<Record<string, string | undefined>>;
  /** As many as the command has. */
  readonly operands: readonly string[];
}

export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
