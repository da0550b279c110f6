import { type CommandInput, type Commands, isGiven, print } from './command.ts';
import { EXIT } from './exit.ts';
import { CLIENT_FLAGS } from './flag.ts';
import { readSecret } from './secret-input.ts';
import { printOnce } from './stdout.ts';
import { generateText, inspectText } from './token-text.ts';

/** What can be done with a value alone, without a server. */
export const TOKEN_VALUE_COMMANDS: Commands = {
  'token generate': {
    summary: 'Print a new token value and nothing else, for POSTERN_ADMIN_TOKEN',
    where: 'offline',
    run: () => printOnce(generateText()),
  },
  'token inspect': {
    summary: 'Say of a value on the standard input whether it is whole; asks nobody',
    details: [
      'Exits with 10 when it is no token value, or was mistyped. Whether it is valid, `postern check` or `whoami` know.',
    ],
    where: 'offline',
    flags: { json: CLIENT_FLAGS['json'] as NonNullable<(typeof CLIENT_FLAGS)['json']> },
    run: inspect,
  },
};

async function inspect(input: CommandInput): Promise<void> {
  const found = inspectText(await readSecret('Token: '));
  const isWhole = found.shape && found.checksum;
  if (!isWhole) process.exitCode = EXIT.no;
  if (isGiven(input, 'json')) return print(JSON.stringify(found));
  if (!found.shape) return print('That has not the shape of a token value.');
  print(
    found.checksum
      ? `A whole token value; before its checksum it ends in …${found.hint}`
      : 'Its checksum is wrong: a character is missing or mistyped.',
  );
}
