import { HOUR_MS } from './clock.ts';
import type { PermissionName } from './permission.ts';
import type { TokenRecord } from './principal.ts';
import type { GenerationUse } from './storage-usage.ts';
import { detached } from './text.ts';
import type { UsageOutcome } from './token.ts';
import type { PermissionUse, UsageCaller } from './usage.ts';
import { USAGE_LIMITS } from './usage-limit.ts';

/** What is noted of the use of one generation until it is written. */
export interface UseSlot {
  readonly record: TokenRecord;
  /** Of another generation of the token, if there is one. */
  next: UseSlot | undefined;
  /** Nearly always of one, and made anew for another: a list that can grow has room for many. */
  callers: readonly Call[];
  hours: readonly Hour[];
  last: Call | undefined;
  lastAt: number;
  /** Made with the first permission that is exercised. */
  exercises: Map<PermissionName, Exercise> | undefined;
  lastExercise: Exercise | undefined;
}

interface Hour extends Record<UsageOutcome, number> {
  /** Its start, in milliseconds since the epoch. */
  readonly hour: number;
}

interface Call extends UsageCaller {
  readonly firstAt: number;
  lastAt: number;
  calls: number;
}

type Exercise = { -readonly [Key in keyof PermissionUse]: PermissionUse[Key] };

export function openSlot(record: TokenRecord): UseSlot {
  return {
    ...{ record, next: undefined, callers: [], hours: [], last: undefined, lastAt: 0 },
    ...{ exercises: undefined, lastExercise: undefined },
  };
}

/** The slots, and those that they lead to. */
export function allOf(firsts: Iterable<UseSlot>): readonly UseSlot[] {
  const all: UseSlot[] = [];
  for (const first of firsts) for (let slot: UseSlot | undefined = first; slot; slot = slot.next) all.push(slot);
  return all;
}

export function noteOutcome(slot: UseSlot, outcome: UsageOutcome, at: number): void {
  const hour = at - (at % HOUR_MS);
  let counts = slot.hours.at(-1);
  if (counts?.hour !== hour) counts = slot.hours.find((each) => each.hour === hour);
  if (!counts) {
    counts = { hour, allowed: 0, denied: 0, refused: 0 };
    slot.hours = [...slot.hours, counts];
  }
  counts[outcome] += 1;
}

/** The time is noted whether there is room for another caller or not. */
export function noteCall(slot: UseSlot, caller: UsageCaller, at: number): void {
  slot.lastAt = at;
  const call = findCall(slot, caller) ?? addCall(slot, caller, at);
  if (!call) return;
  call.lastAt = at;
  call.calls += 1;
  slot.last = call;
}

function findCall({ last, callers }: UseSlot, { address, userAgent: told }: UsageCaller): Call | undefined {
  if (last && last.address === address && last.userAgent === told) return last;
  const userAgent = told.slice(0, USAGE_LIMITS.userAgentLength);
  return callers.find((each) => each.address === address && each.userAgent === userAgent);
}

function addCall(slot: UseSlot, { address, userAgent }: UsageCaller, at: number): Call | undefined {
  if (slot.callers.length >= USAGE_LIMITS.callersPerGeneration) return undefined;
  const kept = keep(address, userAgent.slice(0, USAGE_LIMITS.userAgentLength));
  const call: Call = { address: kept.address, userAgent: kept.userAgent, firstAt: at, lastAt: at, calls: 0 };
  slot.callers = [...slot.callers, call];
  return call;
}

/** The caller that was kept last: many tokens are used from one place, which is then kept once. */
let lastKept: UsageCaller = { address: '', userAgent: '' };

function keep(address: string, userAgent: string): UsageCaller {
  if (lastKept.address !== address || lastKept.userAgent !== userAgent)
    lastKept = { address: detached(address), userAgent: detached(userAgent) };
  return lastKept;
}

/** `hasRoom`: whether all slots together may hold one permission more. Says whether they do, or it was lost. */
export function noteExercise(
  slot: UseSlot,
  permission: PermissionName,
  at: number,
  hasRoom: boolean,
): 'noted' | 'added' | 'lost' {
  const { lastExercise } = slot;
  const known = lastExercise?.permission === permission ? lastExercise : slot.exercises?.get(permission);
  if (known) {
    known.lastAt = at;
    slot.lastExercise = known;
    return 'noted';
  }
  slot.exercises ??= new Map();
  if (!hasRoom || slot.exercises.size >= USAGE_LIMITS.permissionsPerGeneration) return 'lost';
  slot.lastExercise = { permission, lastAt: at };
  slot.exercises.set(permission, slot.lastExercise);
  return 'added';
}

export function toUse(slot: UseSlot): GenerationUse {
  const { record, last, lastAt, callers, hours, exercises } = slot;
  return {
    organizationId: record.organization.id,
    accountId: record.principal.id,
    tokenId: record.token.id,
    generation: record.token.generation,
    lastAt,
    lastAddress: last?.address ?? '',
    lastUserAgent: last?.userAgent ?? '',
    hours: hours.flatMap(({ hour, ...counts }) =>
      (['allowed', 'denied', 'refused'] as const)
        .filter((outcome) => counts[outcome] > 0)
        .map((outcome) => ({ hour, outcome, calls: counts[outcome] })),
    ),
    callers,
    permissions: exercises ? [...exercises.values()] : [],
  };
}
