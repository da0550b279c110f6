import { readFileSync } from 'node:fs';

/** A file of values, one a line and all of one length. They are taken out of it one by one: there may be millions. */
export interface ValueFile {
  readonly count: number;
  /** Counted from 0; after the last one comes the first. */
  at(index: number): string;
}

export function openValueFile(path: string): ValueFile {
  const content = readFileSync(path);
  const lineBytes = content.indexOf('\n') + 1;
  const count = content.length / lineBytes;
  return {
    count,
    at(index) {
      const start = (index % count) * lineBytes;
      return content.toString('latin1', start, start + lineBytes - 1);
    },
  };
}
