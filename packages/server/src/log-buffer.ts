import { write, writeSync } from 'node:fs';
import type { DestinationStream } from 'pino';

/**
 * Lines on their way to a file descriptor. A line costs the caller one concatenation; whole blocks of them are written
 * elsewhere. A reader that stands still costs lines, never memory without bound or somebody's answer.
 */
export interface LogBuffer extends DestinationStream {
  /** Writes what is buffered; resolves when it is on its way. */
  flush(): Promise<void>;
  /** The same at once, for when nothing can be waited for. What was just being written may come twice. */
  flushSync(): void;
}

const BLOCK_CHARACTERS = 32_768;
const HELD_CHARACTERS_MAX = 8_388_608;
const FLUSH_MS = 250;
const RETRY_MS = 50;

export function createLogBuffer(descriptor: number): LogBuffer {
  let lines = '';
  let dropped = 0;
  let writing: Buffer | undefined;
  const onceWritten: (() => void)[] = [];

  function takeBlock(): Buffer {
    if (dropped > 0)
      lines += `{"level":"warn","time":${Date.now()},"dropped":${dropped},"msg":"log lines were dropped"}\n`;
    dropped = 0;
    const block = Buffer.from(lines);
    lines = '';
    return block;
  }

  function startWriting(): void {
    if (!writing && lines !== '') writeOn(takeBlock());
  }

  function ended(): void {
    writing = undefined;
    for (const resolve of onceWritten.splice(0)) resolve();
  }

  function writeOn(block: Buffer): void {
    writing = block;
    write(descriptor, block, (error, written) => {
      // Meanwhile everything may have been written at once.
      if (writing !== block) return;
      if (error?.code === 'EAGAIN') setTimeout(() => writing === block && writeOn(block), RETRY_MS).unref();
      else if (!error && written < block.length) writeOn(block.subarray(written));
      else ended();
      if (lines.length >= BLOCK_CHARACTERS) startWriting();
    });
  }

  setInterval(startWriting, FLUSH_MS).unref();

  return {
    write(line) {
      if (lines.length > HELD_CHARACTERS_MAX) {
        dropped += 1;
        return;
      }
      lines += line;
      if (lines.length >= BLOCK_CHARACTERS) startWriting();
    },

    async flush() {
      while (writing) await new Promise<void>((resolve) => onceWritten.push(resolve));
      writeWhole(descriptor, takeBlock());
    },

    flushSync() {
      const blocks = [writing ?? Buffer.alloc(0), takeBlock()];
      ended();
      writeWhole(descriptor, Buffer.concat(blocks));
    },
  };
}

const ATTEMPTS_MAX = 100;

/** All of it, or as much as a reader takes who is given a second. */
function writeWhole(descriptor: number, bytes: Buffer): void {
  let rest = bytes;
  for (let attempt = 0; rest.length > 0 && attempt < ATTEMPTS_MAX; attempt += 1) {
    try {
      rest = rest.subarray(writeSync(descriptor, rest));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') return;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
    }
  }
}
