import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { usageError } from './exit.ts';

const SECRET_MAX_LENGTH = 4_096;

/**
 * One secret: asked for without showing it on a terminal, otherwise the standard input, read whole. Throws CommandError (usage)
 * when it is empty or too long.
 */
export async function readSecret(prompt: string): Promise<string> {
  const text = (process.stdin.isTTY ? await ask(prompt) : await readInput()).trim();
  if (text === '') throw usageError('Nothing was given on the standard input.');
  return text;
}

async function readInput(): Promise<string> {
  let text = '';
  process.stdin.setEncoding('utf8');
  for await (const chunk of process.stdin) {
    text += chunk;
    if (text.length > SECRET_MAX_LENGTH) throw usageError('The standard input is too long to be a token.');
  }
  return text;
}

/** What is typed is shown nowhere: the line editor writes into nothing. */
function ask(prompt: string): Promise<string> {
  process.stderr.write(prompt);
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: process.stdin, output: nowhere, terminal: true });
  return new Promise((resolve) => {
    let answer = '';
    lines.once('line', (line) => {
      answer = line;
      lines.close();
    });
    lines.once('SIGINT', () => lines.close());
    lines.once('close', () => {
      process.stderr.write('\n');
      resolve(answer);
    });
  });
}
