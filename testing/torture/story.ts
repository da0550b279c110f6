import type { Violation } from './check.ts';
import type { Operation } from './history.ts';

/** Something else that happened: a fault. */
export interface Note {
  readonly startedAt: number;
  readonly endedAt: number;
  readonly what: string;
}

/** How many verifications are told before and after the impossible one. */
const READS_TOLD = 3;
/** And how many changes. */
const WRITES_TOLD = { before: 10, after: 3 };
const LEASE_MS = 2_000;

/** A history that cannot have happened, short enough to be read: the changes, verifications and faults around it. */
export function tell(
  register: string,
  operations: readonly Operation[],
  { impossible, held }: Violation,
  notes: readonly Note[] = [],
): string {
  const writes = operations.filter(({ kind }) => kind === 'write').toSorted((a, b) => a.startedAt - b.startedAt);
  const turn = writes.filter(({ startedAt }) => startedAt <= impossible.startedAt).length;
  const changes = writes.slice(Math.max(0, turn - WRITES_TOLD.before), turn + WRITES_TOLD.after);
  const reads = operations.filter(({ kind }) => kind === 'read').toSorted((a, b) => a.startedAt - b.startedAt);
  const place = reads.indexOf(impossible as (typeof reads)[number]);
  const near = place < 0 ? [] : reads.slice(Math.max(0, place - READS_TOLD), place + READS_TOLD + 1);
  const told: readonly (Operation | Note)[] = [...changes, ...near];
  const from = Math.min(...told.map(({ startedAt }) => startedAt));
  const last = Math.max(...told.map(({ startedAt }) => startedAt));
  const around = notes.filter(({ startedAt, endedAt }) => endedAt > from - LEASE_MS && startedAt < last + LEASE_MS);
  const lines = [...told, ...around]
    .toSorted((a, b) => a.startedAt - b.startedAt)
    .map((event) => `${event === impossible ? '→' : ' '} ${span(event, from)}  ${describe(event)}`);
  return [`${register}: it was ${held}, and this cannot have happened:`, ...lines].join('\n');
}

function span({ startedAt, endedAt }: Operation | Note, from: number): string {
  const end = endedAt === null ? 'no answer' : `${(endedAt - from).toFixed(1)}`;
  return `${(startedAt - from).toFixed(1).padStart(9)} … ${end.padStart(9)} ms`;
}

function describe(event: Operation | Note): string {
  if (!('kind' in event)) return `(${event.what})`;
  return event.kind === 'write' ? `${event.what}: ${event.to} from here on` : `${event.what}: ${event.saw}`;
}
