import { createInterface } from 'node:readline';
import { type CommandInput, isGiven, say } from './command.ts';
import { CommandError, usageError } from './exit.ts';

/**
 * Whether to end what these lines say: with `--yes`, or once a person has typed yes. False with `--dry-run`. Throws CommandError
 * where there is nobody to ask, or the answer is another.
 */
export async function confirm(input: CommandInput, lines: readonly string[]): Promise<boolean> {
  for (const line of lines) say(line);
  if (isGiven(input, 'dry-run')) {
    say('Nothing was done.');
    return false;
  }
  if (isGiven(input, 'yes')) return true;
  if (!process.stdin.isTTY || !process.stderr.isTTY) {
    throw usageError('There is no terminal to ask on: --yes does it, --dry-run only says what would end.');
  }
  const dialogue = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await new Promise<string>((resolve) => {
    dialogue.once('close', () => resolve(''));
    dialogue.question('Type yes to go on: ', resolve);
  });
  dialogue.close();
  if (answer.trim().toLowerCase() === 'yes') return true;
  throw new CommandError('Nothing was done.');
}
