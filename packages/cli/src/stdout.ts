import { say } from './command.ts';
import { CommandError, EXIT } from './exit.ts';

/** What becomes of a command whose output cannot be written. */

/** From here on the process ends where what it prints is not taken. */
export function endWithStdout(): void {
  process.stdout.on('error', leave);
}

/** Prints what is not printed again, and waits until it was taken. Throws CommandError where it was not. */
export async function printOnce(text: string): Promise<void> {
  // What is left to do then is up to whoever waits here: the process does not end by itself.
  process.stdout.off('error', leave).on('error', ignore);
  await new Promise<void>((resolve, reject) => {
    process.stdout.write(`${text}\n`, (error) => (error ? reject(new CommandError(explain(error))) : resolve()));
  });
  process.stdout.off('error', ignore).on('error', leave);
}

/** Whoever reads our output may have had enough, like `head`: that is no failure, and what was found stays found. */
function leave(error: NodeJS.ErrnoException): void {
  if (error.code === 'EPIPE') process.exit(process.exitCode ?? EXIT.done);
  say(explain(error));
  process.exit(EXIT.failed);
}

function ignore(): void {}

function explain({ code }: NodeJS.ErrnoException): string {
  return code === 'EPIPE'
    ? 'What was printed is lost: nobody reads the standard output.'
    : `The standard output cannot be written (${code}).`;
}
