import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import type { CommandInput } from './command.ts';
import { CommandError, usageError } from './exit.ts';
import { openNewFile } from './new-file.ts';
import type { HeldSignals } from './signal.ts';
import { printOnce } from './stdout.ts';

/** Where a token value goes: stdout, a new file, or a command's standard input. */
export interface Delivery {
  /** Takes the value, or the document that holds it. Throws CommandError when it did not get there. */
  deliver(value: string): Promise<void>;
  /** Takes the file away again, where no value came or it did not get there. */
  abandon(): Promise<void>;
  /** Whether the value is printed with the answer. */
  readonly toStdout: boolean;
}

/** Made before the value is: a file that exists is refused while nothing has been done yet. */
export async function prepareDelivery({ flags }: CommandInput, signals: HeldSignals): Promise<Delivery> {
  const { out, pipe } = flags;
  if (out !== undefined && pipe !== undefined) throw usageError('--out and --pipe exclude each other.');
  if (out !== undefined) return toFile(out);
  if (pipe !== undefined) {
    return { toStdout: false, deliver: (value) => feed(pipe, value, signals), abandon: async () => undefined };
  }
  return { toStdout: true, deliver: printOnce, abandon: async () => undefined };
}

async function toFile(path: string): Promise<Delivery> {
  const file = await openNewFile(path);
  return {
    toStdout: false,
    async deliver(value) {
      try {
        await file.writeFile(`${value}\n`);
        await file.sync();
        await file.close();
      } catch (error) {
        throw new CommandError(`${path} cannot be written (${(error as { code?: string }).code}).`);
      }
    },
    async abandon() {
      await file.close().catch(() => undefined);
      await rm(path, { force: true });
    },
  };
}

/** Without a line end: not every command takes one off. What the command prints goes to stderr. */
async function feed(command: string, value: string, signals: HeldSignals): Promise<void> {
  // The value is not among what the command inherits: neither is the token that it was made with.
  const { POSTERN_TOKEN: _token, ...env } = process.env;
  const child = spawn(command, { shell: true, env, stdio: ['pipe', 'pipe', 'inherit'] });
  signals.handTo(child);
  const closed = once(child, 'close');
  closed.catch(() => undefined);
  child.stdout.pipe(process.stderr, { end: false });
  // A command that ends without reading is judged by its exit code.
  child.stdin.on('error', () => undefined).end(value);
  const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
  // What the command has started may live on, and is not waited for then.
  if (signal === null) await closed;
  else child.stdout.destroy();
  if (code !== 0) throw new CommandError(`The command of --pipe ended with ${signal ?? code}.`);
}
