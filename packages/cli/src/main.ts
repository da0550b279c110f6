import manifest from '../package.json' with { type: 'json' };
import { parseArguments } from './arguments.ts';
import { print, say } from './command.ts';
import { COMMANDS, findCommand, spelledOut } from './command-table.ts';
import { complete } from './complete.ts';
import { explain, usageError } from './exit.ts';
import { commandHelp, overview } from './help.ts';
import { endWithStdout } from './stdout.ts';

/** The command `postern`. What it was asked for goes to stdout; what is wrong, in sentences, to stderr. */

const VALUE = /pst_[0-9A-Za-z]{49}/;

async function main(args: readonly string[]): Promise<void> {
  if (args[0] === '__complete') return complete(args.slice(1));
  if (args.some((arg) => VALUE.test(arg))) {
    throw usageError(
      'A token value is among the arguments: it is in your shell’s history now, and everybody on this machine could see it. ' +
        'Revoke it. Values are given by POSTERN_TOKEN, POSTERN_TOKEN_FILE or the standard input.',
    );
  }
  const ours = args.includes('--') ? args.slice(0, args.indexOf('--')) : args;
  const wantsHelp = ours.includes('--help') || ours.includes('-h') || args[0] === 'help';
  const words = args[0] === 'help' ? args.slice(1) : args;
  const found = findCommand(words);
  if (!found) return print(answerWithoutCommand(words, wantsHelp));
  const { name, command } = found;
  // The server's code is many files: it is loaded only where it is needed.
  const settings = command.where === 'server' ? (await import('@postern/server')).SETTING_DESCRIPTIONS : [];
  if (wantsHelp) return print(commandHelp(name, command, settings));
  await command.run(parseArguments(name, command, words.slice(name.split(' ').length), settings));
}

/** Help where it was asked for. Throws CommandError (usage) otherwise. */
function answerWithoutCommand(words: readonly string[], wantsHelp: boolean): string {
  const [noun] = spelledOut(words.filter((word) => !word.startsWith('-')));
  const isNoun = Object.keys(COMMANDS).some((name) => name.startsWith(`${noun} `));
  if (words.length === 0 || (wantsHelp && noun === '')) return overview(COMMANDS, undefined);
  if (words.includes('--version') && noun === '') return manifest.version;
  if (isNoun && (wantsHelp || words.length === 1)) return overview(COMMANDS, noun);
  throw usageError(
    isNoun
      ? `\`postern ${noun}\` does not know that; \`postern ${noun}\` says what it does.`
      : 'postern does not know that command; `postern --help` lists them all.',
  );
}

endWithStdout();
// Where nobody hears what is said, the rest is done all the same.
process.stderr.on('error', () => undefined);

try {
  await main(process.argv.slice(2));
} catch (error) {
  const { text, exitCode } = explain(error, process.argv.includes('--json'));
  say(text);
  process.exitCode = exitCode;
}
