import { readFileSync } from 'node:fs';
import { type ParseArgsConfig, parseArgs } from 'node:util';
import {
  EXIT_FAILURE,
  EXIT_USAGE,
  generateTokenText,
  keyStatus,
  SETTING_DESCRIPTIONS,
  StartError,
  serve,
} from '@postern/server';
import { type Command, type CommandInput, print } from './command.ts';
import { MEMBER_COMMANDS } from './member.ts';
import { ORGANIZATION_COMMANDS } from './organization.ts';
import { PLATFORM_VERIFIER_COMMANDS } from './platform-verifier.ts';
import { SETUP_COMMANDS } from './setup.ts';

/** The command `postern`. What it was asked for goes to stdout; what is wrong, in sentences, to stderr. */

const COMMANDS: Readonly<Record<string, Command>> = {
  serve: { summary: 'Run the server', settings: true, run: ({ settings }) => serve(settings) },
  ...SETUP_COMMANDS,
  ...ORGANIZATION_COMMANDS,
  ...MEMBER_COMMANDS,
  ...PLATFORM_VERIFIER_COMMANDS,
  'token generate': {
    summary: 'Print a new token value, for POSTERN_ADMIN_TOKEN',
    settings: false,
    run: async () => print(generateTokenText()),
  },
  'key status': {
    summary: 'Show what is stored under which secret key, and whether the previous one can be dropped',
    settings: true,
    run: printKeyStatus,
  },
};

async function main(args: readonly string[]): Promise<void> {
  const words = args.filter((arg) => !arg.startsWith('-'));
  const name = Object.keys(COMMANDS).find((each) => each === words.slice(0, each.split(' ').length).join(' '));
  const command = name === undefined ? undefined : COMMANDS[name];
  if (args.includes('--help') || args.includes('-h') || args.length === 0) return print(help());
  if (args.includes('--version') && !command) return print(readVersion());
  if (!command || name === undefined) {
    return refuse(`postern does not know that command; \`postern --help\` lists them all.`);
  }
  const input = parseInput(command, name, args);
  if (input) await command.run(input);
}

/** What a command is given, or undefined once what is wrong with it has been said. */
function parseInput(command: Command, name: string, args: readonly string[]): CommandInput | undefined {
  const { flags: own = {}, operands: wanted = [] } = command;
  const options: NonNullable<ParseArgsConfig['options']> = {};
  if (command.settings) {
    for (const { flag } of SETTING_DESCRIPTIONS) if (flag !== undefined) options[flag] = { type: 'string' };
  }
  for (const [flag, { value }] of Object.entries(own)) options[flag] = { type: value ? 'string' : 'boolean' };
  try {
    const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true, strict: true });
    const operands = positionals.slice(name.split(' ').length);
    const missing = Object.keys(own).find((flag) => own[flag]?.required && values[flag] === undefined);
    if (operands.length !== wanted.length || missing !== undefined) {
      refuse(`\`postern ${name}\` ${explainShape(command, missing)}.`);
      return undefined;
    }
    const given = Object.entries(values).map(([flag, value]) => [flag, typeof value === 'string' ? value : '']);
    return {
      settings: Object.fromEntries(given.filter(([flag = '']) => !Object.hasOwn(own, flag))),
      flags: Object.fromEntries(given.filter(([flag = '']) => Object.hasOwn(own, flag))),
      operands,
    };
  } catch {
    refuse(explainFlags(command, name, args));
    return undefined;
  }
}

function explainShape({ operands = [] }: Command, missing: string | undefined): string {
  if (missing !== undefined) return `needs --${missing}`;
  return operands.length > 0 ? `takes ${operands.map((each) => `<${each}>`).join(' and ')}` : 'takes flags only';
}

/** What was wrong with the flags, without repeating a value: it may be a secret. */
function explainFlags(command: Command, name: string, args: readonly string[]): string {
  const flags = args.filter((arg) => arg.startsWith('--')).map((arg) => arg.slice(2).split('=', 1)[0] ?? '');
  for (const flag of flags) {
    const own = command.flags?.[flag];
    if (own && !own.value && args.some((arg) => arg.startsWith(`--${flag}=`))) return `--${flag} takes no value.`;
    const known = own || (command.settings && SETTING_DESCRIPTIONS.some((setting) => setting.flag === flag));
    if (known) continue;
    const secret = SETTING_DESCRIPTIONS.find(({ variable }) => variable === toVariable(flag));
    return command.settings && secret
      ? `--${flag} is not a flag, because everybody on this machine can read a command line: set ${secret.variable} instead.`
      : `\`postern ${name}\` has no flag --${flag}; see \`postern --help\`.`;
  }
  return `A flag of \`postern ${name}\` needs a value, like --port 7070; see \`postern --help\`.`;
}

function toVariable(flag: string): string {
  return `POSTERN_${flag.toUpperCase().replaceAll('-', '_')}`;
}

async function printKeyStatus({ settings }: CommandInput): Promise<void> {
  const uses = await keyStatus(settings);
  if (uses.length === 0) return print('No token value is stored in this database yet.');
  for (const { kid, liveValues } of uses) {
    const drop = liveValues === 0 ? 'it can be dropped without ending any token' : 'dropping it would end them';
    print(`${kid}: ${liveValues} live token ${liveValues === 1 ? 'value' : 'values'} stored under it only; ${drop}`);
  }
}

function help(): string {
  const commands = Object.entries(COMMANDS).flatMap(([name, command]) => [
    `  ${[name, ...usage(command)].join(' ')}`,
    `      ${command.summary}`,
  ]);
  const settings = SETTING_DESCRIPTIONS.map(({ variable, flag, otherwise, description }) =>
    [
      `  ${variable}${flag === undefined ? '' : `, --${flag}`}`,
      `      ${description}`,
      `      Default: ${otherwise}`,
    ].join('\n'),
  );
  return [
    'postern: service accounts and tokens for programs',
    '',
    'Commands:',
    ...commands,
    '',
    'Settings of all of them but `token generate`, from flags, the environment, or a .env file in the working directory:',
    ...settings,
  ].join('\n');
}

function usage({ operands = [], flags = {} }: Command): readonly string[] {
  const written = Object.entries(flags).map(([flag, { value, required }]) => {
    const text = value ? `--${flag} <${value}>` : `--${flag}`;
    return required ? text : `[${text}]`;
  });
  return [...operands.map((each) => `<${each}>`), ...written];
}

function readVersion(): string {
  const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string };
  return manifest.version;
}

function refuse(sentence: string, exitCode: number = EXIT_USAGE): void {
  process.stderr.write(`${sentence}\n`);
  process.exitCode = exitCode;
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  if (error instanceof StartError) refuse(error.message, error.exitCode);
  else refuse(`Postern could not start: ${error instanceof Error ? error.message : String(error)}`, EXIT_FAILURE);
}
