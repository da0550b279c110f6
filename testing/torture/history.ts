/**
 * What was done to a register, and what was seen of it. A register is one right as callers see it: that a token value is
 * valid, or that it may do something. It begins as denied. Times are milliseconds of one monotonic clock.
 */
export type Verdict = 'allowed' | 'denied';

export interface Write {
  readonly kind: 'write';
  readonly to: Verdict;
  readonly startedAt: number;
  /** When its success was answered; null when no such answer came: then it takes effect at any later time, or never. */
  readonly endedAt: number | null;
  /** What was done, and where; for the story. */
  readonly what: string;
}

/** A verification that was answered. One that was refused service (503) saw nothing, and is not here. */
export interface Read {
  readonly kind: 'read';
  readonly saw: Verdict;
  readonly startedAt: number;
  readonly endedAt: number;
  readonly what: string;
}

export type Operation = Write | Read;
