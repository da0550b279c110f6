import { expect } from 'vitest';
import { matchesTranscript, type Step } from './transcript.ts';

/** Fails where a block of a document did not print what the document says it prints. */
export function expectPrinted({ line, expected }: Step, printed: string): void {
  if (expected === undefined) expect(printed, `the block of line ${line}`).toBe('');
  else if (!matchesTranscript(expected, printed)) expect(printed, `the block of line ${line}`).toBe(expected);
}
