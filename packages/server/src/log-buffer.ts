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

const BLOCK_BYTES = 32_768;
/** POSIX `PIPE_BUF` on Linux: what is written to a pipe at once, and not mixed with what others write. */
const UNMIXED_BYTES = 4_096;
const HELD_BYTES_MAX = 8_388_608;
const FLUSH_MS = 250;
const RETRY_MS = 50;

/** `shared`: other processes write to the descriptor, too, and lines must stay whole. */
export function createLogBuffer(descriptor: number, { shared = false } = {}): LogBuffer {
  const blockBytes = shared ? UNMIXED_BYTES : BLOCK_BYTES;
  /** Whole blocks, the oldest first; then the one that is being filled. */
  let blocks: string[] = [];
  let lines = '';
  let lineBytes = 0;
  let heldBytes = 0;
  let dropped = 0;
  let writing: Buffer | undefined;
  const onceWritten: (() => void)[] = [];

  function add(line: string): void {
    const bytes = Buffer.byteLength(line);
    if (lines !== '' && lineBytes + bytes > blockBytes) closeBlock();
    lines += line;
    lineBytes += bytes;
    heldBytes += bytes;
  }

  function closeBlock(): void {
    blocks.push(lines);
    lines = '';
    lineBytes = 0;
  }

  function tellDropped(): void {
    if (dropped === 0) return;
    const line = `{"level":"warn","time":${Date.now()},"dropped":${dropped},"msg":"log lines were dropped"}\n`;
    dropped = 0;
    add(line);
  }

  /** All that is held, in blocks. */
  function takeAll(): Buffer[] {
    tellDropped();
    if (lines !== '') closeBlock();
    const taken = blocks.map((block) => Buffer.from(block));
    blocks = [];
    heldBytes = 0;
    return taken;
  }

  function startWriting(): void {
    if (writing) return;
    if (blocks.length === 0) {
      tellDropped();
      if (lines !== '') closeBlock();
    }
    const block = blocks.shift();
    if (block === undefined) return;
    const bytes = Buffer.from(block);
    heldBytes -= bytes.length;
    writeOn(bytes);
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
      if (blocks.length > 0) startWriting();
    });
  }

  setInterval(startWriting, FLUSH_MS).unref();

  return {
    write(line) {
      if (heldBytes > HELD_BYTES_MAX) {
        dropped += 1;
        return;
      }
      add(line);
      if (blocks.length > 0) startWriting();
    },

    async flush() {
      while (writing) await new Promise<void>((resolve) => onceWritten.push(resolve));
      for (const block of takeAll()) writeWhole(descriptor, block);
    },

    flushSync() {
      const blocks = [writing ?? Buffer.alloc(0), ...takeAll()];
      ended();
      for (const block of blocks) writeWhole(descriptor, block);
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
