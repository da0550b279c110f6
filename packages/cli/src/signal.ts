import type { ChildProcess } from 'node:child_process';
import { constants } from 'node:os';

const HELD = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const;
/** A terminal sends these to all that runs on it, and so to a command that was started here. */
const OF_TERMINAL: ReadonlySet<NodeJS.Signals> = new Set(['SIGINT', 'SIGQUIT']);
/** A shell's exit code for what a signal has ended is this and the signal's number. */
const BY_SIGNAL = 128;

export interface HeldSignals {
  /** The first that came. */
  first(): NodeJS.Signals | undefined;
  /** Aborted by it. */
  readonly abort: AbortSignal;
  /** From now on this command gets them, once each. */
  handTo(child: ChildProcess): void;
  /** They end this process again. */
  release(): void;
}

/** From here on a signal does not end this process: there is something to put in order first. */
export function holdSignals(): HeldSignals {
  let first: NodeJS.Signals | undefined;
  let command: ChildProcess | undefined;
  const controller = new AbortController();
  const note = (signal: NodeJS.Signals): void => {
    first ??= signal;
    controller.abort();
    if (!(OF_TERMINAL.has(signal) && isOnTerminal())) command?.kill(signal);
  };
  for (const signal of HELD) process.on(signal, note);
  return {
    first: () => first,
    abort: controller.signal,
    handTo(child) {
      command = child;
    },
    release() {
      for (const signal of HELD) process.off(signal, note);
    },
  };
}

export function exitCodeOfSignal(signal: NodeJS.Signals): number {
  return BY_SIGNAL + constants.signals[signal];
}

function isOnTerminal(): boolean {
  return [process.stdin, process.stdout, process.stderr].some(({ isTTY }) => isTTY);
}
