import type { Command, CommandFlag, Commands, Operand } from './command.ts';
import { EXIT_MEANINGS } from './exit.ts';

/** Help, on every level, made of the table of commands. */

export interface SettingText {
  readonly variable: string;
  readonly flag: string | undefined;
  readonly otherwise: string;
  readonly description: string;
}

export const SECTIONS: Readonly<Record<Command['where'], string>> = {
  client: 'Through the API, with your token',
  server: 'The operator’s, on the machine of the server, with its settings',
  offline: 'Without a server',
};

/** `postern token create <name> --account <account> [flags]`. */
export function usageOf(name: string, { operands = [], flags = {}, where, takesCommand }: Command): string {
  const required = Object.entries(flags).filter(([, flag]) => flag.required);
  const hasMore = where === 'server' || Object.keys(flags).length > required.length;
  return [
    `postern ${name}`,
    ...operands.map(operandText),
    ...required.map(([flag, facts]) => flagText(flag, facts)),
    ...(hasMore ? ['[flags]'] : []),
    ...(takesCommand ? ['--', '<command…>'] : []),
  ].join(' ');
}

export function flagText(flag: string, { value }: Pick<CommandFlag, 'value'>): string {
  return value ? `--${flag} <${value}>` : `--${flag}`;
}

/** What else is to know of a flag, in a few words. */
export function flagFacts({ required, many }: CommandFlag): string {
  const again = many === 'commas' ? 'may be given again, or hold several, separated by commas' : 'may be given again';
  return [required && 'needed', many && again].filter(Boolean).join('; ');
}

function operandText({ name, optional, many }: Operand): string {
  const text = `<${name}${many ? '…' : ''}>`;
  return optional ? `[${text}]` : text;
}

/** One command: what it does, its usage and flags. */
export function commandHelp(name: string, command: Command, settings: readonly SettingText[]): string {
  const { summary, details = [], flags = {}, columns } = command;
  return [
    `${summary}.`,
    ...details,
    '',
    `Usage: ${usageOf(name, command)}`,
    ...(Object.keys(flags).length > 0 ? ['', 'Flags:', ...flagLines(flags)] : []),
    ...(columns ? ['', `Columns in a pipe, separated by tabs: ${columns.join(', ')}`] : []),
    ...(command.where === 'server'
      ? ['', 'Settings, as flags, variables, or in a .env file:', ...settingLines(settings)]
      : []),
  ].join('\n');
}

/** All commands, or those of one noun. */
export function overview(commands: Commands, noun: string | undefined): string {
  const names = Object.keys(commands).filter((name) => noun === undefined || name.split(' ')[0] === noun);
  const sections = (['client', 'server', 'offline'] as const).flatMap((where) => {
    const own = names.filter((name) => commands[name]?.where === where);
    const lines = own.flatMap((name) => {
      const command = commands[name] as Command;
      return [`  ${usageOf(name, command).slice('postern '.length)}`, `      ${command.summary}`];
    });
    return lines.length > 0 ? ['', `${SECTIONS[where]}:`, ...lines] : [];
  });
  if (noun !== undefined) return [`postern ${noun}`, ...sections].join('\n');
  return [
    'postern: service accounts and tokens for programs',
    ...sections,
    '',
    'Names work where ids do; `sa` is short for `service-account`. `postern <noun>` and `postern <command> --help` say more.',
    'POSTERN_URL with POSTERN_TOKEN or POSTERN_TOKEN_FILE wins over the profile of `postern login`.',
    '',
    'Exit codes:',
    ...Object.entries(EXIT_MEANINGS).map(([code, meaning]) => `  ${code.padEnd(3)} ${meaning}`),
  ].join('\n');
}

function flagLines(flags: NonNullable<Command['flags']>): string[] {
  return Object.entries(flags).flatMap(([flag, facts]) => {
    const more = flagFacts(facts);
    return [`  ${flagText(flag, facts)}`, `      ${facts.summary}${more && ` (${more})`}`];
  });
}

function settingLines(settings: readonly SettingText[]): string[] {
  return settings.flatMap(({ variable, flag, otherwise, description }) => [
    `  ${variable}${flag === undefined ? '' : `, --${flag}`}`,
    `      ${description}`,
    `      Default: ${otherwise}`,
  ]);
}
