import { hasChecksumAt, hasShapeAt, VALUE_LENGTH } from './token-text.ts';

/** A token value in a stream of bytes. The value itself goes no further than to the question whether it is alive. */
export interface FoundValue {
  /** From 1; 0 where lines were not counted. */
  readonly line: number;
  readonly value: string;
}

const PREFIX = Buffer.from('pst_', 'latin1');
const LINE_END = 10;
/** What of a chunk the next one is looked at with: a value may lie across the border. */
const CARRIED = VALUE_LENGTH - 1;

/**
 * Finds values by shape and checksum, whatever stands around them. Memory is one chunk, however long a line is; `hasLines` also
 * counts lines, which costs more than finding.
 */
export function createFinder(hasLines: boolean): {
  /** The chunk may be overwritten afterwards. */
  push(chunk: Buffer): readonly FoundValue[];
} {
  let carried = Buffer.alloc(0);
  let line = 1;

  return {
    push(chunk) {
      const found: FoundValue[] = [];
      // The border first: the end of the last chunk with the beginning of this one.
      const border = Buffer.concat([carried, chunk.subarray(0, CARRIED)]);
      const borderLine = hasLines ? line - countLines(carried, 0, carried.length) : 0;
      for (const start of startsOf(border)) {
        if (start < carried.length)
          found.push(valueAt(border, start, hasLines ? borderLine + countLines(border, 0, start) : 0));
      }
      let counted = 0;
      for (const start of startsOf(chunk)) {
        if (hasLines) line += countLines(chunk, counted, start);
        counted = start;
        found.push(valueAt(chunk, start, hasLines ? line : 0));
      }
      if (hasLines) line += countLines(chunk, counted, chunk.length);
      carried = chunk.length >= CARRIED ? Buffer.from(chunk.subarray(-CARRIED)) : border.subarray(-CARRIED);
      return found;
    },
  };
}

/** Where values begin that lie wholly within the buffer. */
export function startsOf(bytes: Buffer): number[] {
  const starts: number[] = [];
  for (let at = bytes.indexOf(PREFIX); at >= 0; at = bytes.indexOf(PREFIX, at + 1)) {
    if (hasShapeAt(bytes, at) && hasChecksumAt(bytes, at)) starts.push(at);
  }
  return starts;
}

export function textAt(bytes: Buffer, start: number): string {
  return bytes.toString('latin1', start, start + VALUE_LENGTH);
}

function valueAt(bytes: Buffer, start: number, line: number): FoundValue {
  return { line, value: textAt(bytes, start) };
}

function countLines(bytes: Uint8Array, from: number, to: number): number {
  let count = 0;
  for (let index = from; index < to; index += 1) if (bytes[index] === LINE_END) count += 1;
  return count;
}
