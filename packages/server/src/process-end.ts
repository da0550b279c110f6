import type { Logger } from 'pino';
import type { LogBuffer } from './log-buffer.ts';
import { EXIT_FAILURE } from './start-error.ts';

/** How a process of ours ends, in good order and otherwise. */

/** When the process goes down in bad order. */
const END_LIMIT_MS = 10_000;

export interface Ending {
  /** `why`: a signal's name, or what else there is. */
  readonly end: (why: string) => Promise<void>;
  readonly logger: Logger;
  readonly buffer: LogBuffer;
}

/** Ends the process in good order, at most 10 s later; called again, it does nothing. `why` is for the log. */
export function createEnd({ end, logger, buffer }: Ending): (why: string) => void {
  let ending = false;
  return (why) => {
    if (ending) return;
    ending = true;
    logger.info({ why }, 'stopping');
    setTimeout(() => leave(buffer, EXIT_FAILURE), END_LIMIT_MS).unref();
    end(why).then(
      () => leave(buffer, 0),
      (error) => {
        logger.fatal({ internal: String(error) }, 'could not stop in good order');
        leave(buffer, EXIT_FAILURE);
      },
    );
  };
}

/** The first signal ends the process in good order; the second at once. */
export function endOnSignal(ending: Ending): void {
  const end = createEnd(ending);
  let signals = 0;

  function onSignal(signal: NodeJS.Signals): void {
    signals += 1;
    if (signals > 1) leave(ending.buffer, EXIT_FAILURE);
    end(signal);
  }

  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
}

/** What nobody expected ends the process: going on in an unknown state would be a guess. */
export function crashLoudly(logger: Logger, buffer: LogBuffer): void {
  const crash = (error: unknown): void => {
    logger.fatal({ internal: error instanceof Error ? (error.stack ?? error.message) : String(error) }, 'crashed');
    leave(buffer, EXIT_FAILURE);
  };
  process.on('unhandledRejection', crash);
  process.on('uncaughtException', crash);
}

function leave(buffer: LogBuffer, code: number): never {
  buffer.flushSync();
  process.exit(code);
}
