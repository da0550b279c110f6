/** What `postern` can be asked for, as data: arguments are read, explained, completed and documented from it. */
export interface Command {
  readonly summary: string;
  /** More that its help says, a sentence or paragraph each. */
  readonly details?: readonly string[];
  /**
   * `server`: the operator's, on the server's machine, with the settings' flags. `client`: calls the API, with a profile or the
   * environment's token. `offline`: neither.
   */
  readonly where: 'server' | 'client' | 'offline';
  /** By their names without the dashes. */
  readonly flags?: Readonly<Record<string, CommandFlag>>;
  /** What follows its name, in this order. */
  readonly operands?: readonly Operand[];
  /** What a list answers in a pipe, from left to right. */
  readonly columns?: readonly string[];
  /** Takes a command of somebody else's after `--`. */
  readonly takesCommand?: true;
  readonly run: (input: CommandInput) => Promise<void>;
}

export interface CommandFlag {
  readonly summary: string;
  /** How its value is called; absent: it takes none. */
  readonly value?: string;
  readonly required?: true;
  /** May be given again; `commas`: each may hold several, separated by commas, where no value has one in it. */
  readonly many?: true | 'commas';
  /** What it may be; others are refused. */
  readonly choices?: readonly string[];
  readonly names?: NamedThing;
}

export interface Operand {
  readonly name: string;
  readonly optional?: true;
  /** The last one only: any number of them. */
  readonly many?: true;
  readonly names?: NamedThing;
}

/** What names are completed from, and looked up in. */
export type NamedThing =
  | 'service-account'
  | 'token'
  | 'member'
  | 'principal'
  | 'group'
  | 'workspace'
  | 'role'
  | 'permission';

export interface CommandInput {
  /** The settings' flags. */
  readonly settings: Readonly<Record<string, string>>;
  /** The command's own; undefined = not given, '' = given, without a value. */
  readonly flags: Readonly<Record<string, string | undefined>>;
  /** Of those that may come again, all values: at least one, and none of them empty. */
  readonly lists: Readonly<Record<string, readonly string[]>>;
  /** At least as many as the command needs. */
  readonly operands: readonly string[];
  /** What stood after `--`. */
  readonly command: readonly string[];
}

export type Commands = Readonly<Record<string, Command>>;

/** Whether a flag that takes no value was given. */
export function isGiven({ flags }: CommandInput, flag: string): boolean {
  return flags[flag] !== undefined;
}

/** The values of a flag that may come again; undefined = not given. */
export function valuesOf({ lists }: CommandInput, flag: string): readonly string[] | undefined {
  return lists[flag];
}

export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** What is said to a person, beside what was asked for. */
export function say(sentence: string): void {
  process.stderr.write(`${sentence}\n`);
}
