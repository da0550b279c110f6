import { checkRegister } from './check.ts';
import type { Operation, Read, Write } from './history.ts';
import { type Note, tell } from './story.ts';

/** For so long a process may answer from memory that it has not brought up to date, by whatever clock runs slowest. */
const STALE_MS = 2_000;

/** One right, everything that was done to it, and everything that was seen of it. */
export interface Register {
  readonly name: string;
  readonly operations: Operation[];
  /** Calls about it that are not answered yet. */
  pending: number;
  /** Nothing more is begun about it. */
  closed: boolean;
}

/** All registers of a run; those that are over are checked and forgotten, so that a run may be long. */
export interface Registers {
  open(name: string): Register;
  /** Records a write that begins now, to be answered later. */
  begin(register: Register, to: Write['to'], what: string): { -readonly [Key in keyof Write]: Write[Key] };
  close(register: Register): void;
  /** A call about it begins; the returned function notes its end, with what it saw of it, if anything. */
  ask(register: Register, what: string): (saw: Read['saw'] | undefined) => void;
  /** Checks what is left. */
  finish(): void;
  readonly findings: readonly string[];
  readonly counts: {
    readonly writes: number;
    readonly unsure: number;
    readonly allowed: number;
    readonly denied: number;
  };
}

export function createRegisters(now: () => number, notes: readonly Note[]): Registers {
  const left = new Set<Register>();
  const findings: string[] = [];
  const counts = { writes: 0, unsure: 0, allowed: 0, denied: 0 };

  function check(register: Register): void {
    if (!left.delete(register)) return;
    const { name, operations } = register;
    for (const operation of operations) {
      if (operation.kind === 'read') counts[operation.saw] += 1;
      else if (operation.endedAt === null) counts.unsure += 1;
      else counts.writes += 1;
    }
    const violation = checkRegister(operations, STALE_MS);
    if (violation) findings.push(tell(name, operations, violation, notes));
    operations.length = 0;
  }

  function settle(register: Register): void {
    if (register.closed && register.pending === 0) check(register);
  }

  return {
    findings,
    counts,
    open(name) {
      const register: Register = { name, operations: [], pending: 0, closed: false };
      left.add(register);
      return register;
    },
    begin({ operations }, to, what) {
      const write = { kind: 'write' as const, to, startedAt: now(), endedAt: null as number | null, what };
      operations.push(write);
      return write;
    },
    close(register) {
      register.closed = true;
      settle(register);
    },
    ask(register, what) {
      const startedAt = now();
      register.pending += 1;
      return (saw) => {
        register.pending -= 1;
        if (saw && left.has(register)) {
          register.operations.push({ kind: 'read', saw, startedAt, endedAt: now(), what });
        }
        settle(register);
      };
    },
    finish() {
      for (const register of [...left]) check(register);
    },
  };
}
