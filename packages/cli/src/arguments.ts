import { type ParseArgsConfig, parseArgs } from 'node:util';
import type { Command, CommandFlag, CommandInput } from './command.ts';
import { usageError } from './exit.ts';
import { usageOf } from './help.ts';

/** A setting as a flag, as far as arguments need to know it. */
export interface SettingFlag {
  readonly variable: string;
  readonly flag: string | undefined;
}

/** What a command is given. Throws CommandError (usage), which says the right usage and never repeats a value. */
export function parseArguments(
  name: string,
  command: Command,
  args: readonly string[],
  settings: readonly SettingFlag[],
): CommandInput {
  const { flags: own = {}, operands: wanted = [], takesCommand } = command;
  const end = takesCommand ? args.indexOf('--') : -1;
  const before = end < 0 ? args : args.slice(0, end);
  const options: NonNullable<ParseArgsConfig['options']> = {};
  for (const { flag } of settings) if (flag !== undefined) options[flag] = { type: 'string' };
  for (const [flag, { value, many }] of Object.entries(own)) {
    options[flag] = { type: value ? 'string' : 'boolean', multiple: many !== undefined };
  }
  const refuse = (sentence: string): Error => usageError(`${sentence}\nUsage: ${usageOf(name, command)}`);
  let parsed: ReturnType<typeof parseArgs>;
  try {
    parsed = parseArgs({ args: [...before], options, allowPositionals: true, strict: true });
  } catch {
    throw refuse(explainFlags(name, command, before, settings));
  }
  const { values, positionals } = parsed;
  const missing = Object.keys(own).find((flag) => own[flag]?.required && values[flag] === undefined);
  if (missing !== undefined) throw refuse(`\`postern ${name}\` needs --${missing}.`);
  const least = wanted.filter(({ optional }) => !optional).length;
  const most = wanted.at(-1)?.many ? Number.POSITIVE_INFINITY : wanted.length;
  if (positionals.length < least || positionals.length > most) throw refuse(explainOperands(name, command));
  const given: [string, string][] = [];
  const lists: Record<string, readonly string[]> = {};
  for (const [flag, value] of Object.entries(values)) {
    if (!Array.isArray(value)) given.push([flag, typeof value === 'string' ? value : '']);
    else lists[flag] = value.flatMap((each) => listOf(String(each), own[flag]?.many, flag, refuse));
  }
  for (const [flag, value] of given) {
    const choices = own[flag]?.choices;
    if (choices && !choices.includes(value)) throw refuse(`--${flag} must be one of ${choices.join(', ')}.`);
  }
  return {
    settings: Object.fromEntries(given.filter(([flag]) => !Object.hasOwn(own, flag))),
    flags: Object.fromEntries(given.filter(([flag]) => Object.hasOwn(own, flag))),
    lists,
    operands: positionals,
    command: end < 0 ? [] : args.slice(end + 1),
  };
}

/** An empty value is no value left out: what it comes from, such as a variable, was meant to hold one. */
function listOf(
  text: string,
  many: CommandFlag['many'],
  flag: string,
  refuse: (sentence: string) => Error,
): readonly string[] {
  const parts = many === 'commas' ? text.split(',').map((part) => part.trim()) : [text];
  const values = parts.filter((part) => part.trim() !== '');
  if (values.length === 0) throw refuse(`--${flag} is given without a value: say one, or leave the flag out.`);
  return values;
}

function explainOperands(name: string, { operands = [] }: Command): string {
  const wanted = operands.map((operand) => `<${operand.name}>`).join(' and ');
  return `\`postern ${name}\` takes ${wanted === '' ? 'flags only' : wanted}.`;
}

/** What was wrong with the flags, without repeating a value: it may be a secret. */
function explainFlags(
  name: string,
  { flags: own = {} }: Command,
  args: readonly string[],
  settings: readonly SettingFlag[],
): string {
  for (const arg of args.filter((each) => each.startsWith('-'))) {
    const flag = /^--([a-z][a-z0-9-]*)/.exec(arg)?.[1];
    if (flag === undefined) return `A flag of \`postern ${name}\` begins with two dashes and a letter.`;
    const known = own[flag];
    if (known && !known.value && arg.startsWith(`--${flag}=`)) return `--${flag} takes no value.`;
    if (known || settings.some((setting) => setting.flag === flag)) continue;
    const variable = `POSTERN_${flag.toUpperCase().replaceAll('-', '_')}`;
    return settings.some((setting) => setting.variable === variable)
      ? `--${flag} is not a flag, because everybody on this machine can read a command line: set ${variable} instead.`
      : `\`postern ${name}\` has no flag --${flag}.`;
  }
  return `A flag of \`postern ${name}\` needs a value, as in --name=value.`;
}
