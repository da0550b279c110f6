import { readFileSync } from 'node:fs';
import { type ParseArgsConfig, parseArgs } from 'node:util';
import { generateTokenText, keyStatus, SETTING_DESCRIPTIONS, StartError, serve } from '@postern/server';

/** The command `postern`. What it was asked for goes to stdout; what is wrong, in sentences, to stderr. */

const EXIT_USAGE = 2;
const EXIT_FAILURE = 1;

interface Command {
  readonly summary: string;
  /** Whether the settings' flags are understood. */
  readonly settings: boolean;
  readonly run: (flags: Record<string, string>) => Promise<void>;
}

const COMMANDS: Readonly<Record<string, Command>> = {
  serve: { summary: 'Run the server', settings: true, run: serve },
  'token generate': {
    summary: 'Print a new token value, for POSTERN_ADMIN_TOKEN',
    settings: false,
    async run() {
      process.stdout.write(`${generateTokenText()}\n`);
    },
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
  const flags = parseFlags(command, name, args);
  if (flags) await command.run(flags);
}

/** The flags of a command, or undefined once what is wrong with them has been said. */
function parseFlags(command: Command, name: string, args: readonly string[]): Record<string, string> | undefined {
  const options: NonNullable<ParseArgsConfig['options']> = {};
  if (command.settings) {
    for (const { flag } of SETTING_DESCRIPTIONS) if (flag !== undefined) options[flag] = { type: 'string' };
  }
  try {
    const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true, strict: true });
    if (positionals.length > name.split(' ').length) {
      refuse(`\`postern ${name}\` takes flags only.`);
      return undefined;
    }
    return values as Record<string, string>;
  } catch {
    refuse(explainFlags(command, name, args));
    return undefined;
  }
}

/** What was wrong with the flags, without repeating a value: it may be a secret. */
function explainFlags(command: Command, name: string, args: readonly string[]): string {
  const flags = args.filter((arg) => arg.startsWith('--')).map((arg) => arg.slice(2).split('=', 1)[0] ?? '');
  for (const flag of flags) {
    const known = command.settings && SETTING_DESCRIPTIONS.some((setting) => setting.flag === flag);
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

async function printKeyStatus(flags: Record<string, string>): Promise<void> {
  const uses = await keyStatus(flags);
  if (uses.length === 0) return print('No secret key has been used with this database yet.');
  for (const { kid, liveValues } of uses) {
    const drop = liveValues === 0 ? 'it can be dropped without ending any token' : 'dropping it would end them';
    print(`${kid}: ${liveValues} live token ${liveValues === 1 ? 'value' : 'values'} stored under it only; ${drop}`);
  }
}

function help(): string {
  const commands = Object.entries(COMMANDS).map(([name, { summary }]) => `  ${name.padEnd(16)} ${summary}`);
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
    'Settings of `serve` and `key status`, from flags, the environment, or a .env file in the working directory:',
    ...settings,
  ].join('\n');
}

function readVersion(): string {
  const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string };
  return manifest.version;
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
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
