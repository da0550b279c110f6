import { networkOf } from './address.ts';
import { HOUR_MS } from './clock.ts';
import { DomainError } from './error.ts';
import type { AuditEventId, TokenId } from './id.ts';
import type { PermissionName } from './permission.ts';
import type { RefusalReason, TokenRecord } from './principal.ts';
import type { Storage } from './storage.ts';
import type { Redigest, RefusedUse } from './storage-usage.ts';
import { detached } from './text.ts';
import { USAGE_LIMITS } from './usage-limit.ts';
import { inParts, type Part, type Round } from './usage-round.ts';
import { allOf, noteCall, noteExercise, noteOutcome, openSlot, toUse, type UseSlot } from './usage-slot.ts';

/**
 * Use is noted in memory on the verification path and written elsewhere, in batches. Bounded: generations and permissions per
 * window, callers and permissions per generation, request ids per refusal, lengths. Past a bound, single facts are lost,
 * never the path's speed.
 */
export interface UsageRecorder {
  /** Notes one use of a valid token, and the permission that was asked about (null: none), where it was allowed. */
  record(
    record: TokenRecord,
    outcome: 'allowed' | 'denied',
    caller: UsageCaller,
    permission?: PermissionName | null,
  ): void;
  /** Notes one refused use of a known token. */
  recordRefusal(
    record: TokenRecord,
    reason: Exclude<RefusalReason, 'unknown'>,
    caller: UsageCaller,
    requestId: string,
  ): void;
  redigest(redigest: Redigest): void;
  /** Writes what was noted, one flush at a time. What cannot be written now is kept for the next flush. */
  flush(storage: Pick<Storage, 'recordUsage'>): Promise<void>;
  stats(): UsageStats;
}

export interface UsageCaller {
  readonly address: string;
  readonly userAgent: string;
}

/** When a permission was last exercised. */
export interface PermissionUse {
  readonly permission: PermissionName;
  readonly lastAt: number;
}

export interface UsageStats {
  /** Everything before this time has been written. */
  readonly completeUntil: number;
  /** Generations whose use is not written yet. */
  readonly pending: number;
  /** Uses that a bound, or a lost commit, kept from being written. */
  readonly lost: number;
}

export interface UsageRecorderDependencies {
  readonly now: () => number;
  readonly newEventId: () => AuditEventId;
  /** Resolves after other work had its turn. */
  readonly pause: () => Promise<void>;
}

type Mutable<Value> = { -readonly [Key in keyof Value]: Value[Key] };

export function createUsageRecorder(dependencies: UsageRecorderDependencies): UsageRecorder {
  const { now } = dependencies;
  /** Of each token, the generation that was used first; it leads to the others. */
  let slots = new Map<TokenId, UseSlot>();
  let generations = 0;
  let refusals = new Map<string, Mutable<RefusedUse> & { requestIds: string[] }>();
  let redigests: Redigest[] = [];
  /** Permissions that all slots together hold. */
  let exercised = 0;
  /** What is being written, and the part whose turn it is. */
  let round: AsyncIterator<Part, void> | undefined;
  let part: Part | undefined;
  let unwritten = 0;
  let completeUntil = now();
  let lost = 0;
  let flushing: Promise<void> | undefined;

  /** Undefined where there is no room for another. */
  function slotOf(record: TokenRecord): UseSlot | undefined {
    const { id, generation } = record.token;
    const first = slots.get(id);
    for (let slot = first; slot; slot = slot.next) if (slot.record.token.generation === generation) return slot;
    if (generations >= USAGE_LIMITS.generations) {
      lost += 1;
      return undefined;
    }
    generations += 1;
    const slot = openSlot(record);
    if (first) {
      slot.next = first.next;
      first.next = slot;
    } else {
      slots.set(id, slot);
    }
    return slot;
  }

  function exercise(slot: UseSlot, permission: PermissionName, at: number): void {
    const noted = noteExercise(slot, permission, at, exercised < USAGE_LIMITS.permissions);
    if (noted === 'added') exercised += 1;
    else if (noted === 'lost') lost += 1;
  }

  function close(): Round {
    const closed: Round = {
      slots: allOf(slots.values()),
      refusals: [...refusals.values()],
      redigests,
      completeBefore: completeUntil,
      completeUntil: now(),
    };
    slots = new Map();
    generations = 0;
    refusals = new Map();
    redigests = [];
    exercised = 0;
    unwritten = closed.slots.length;
    return closed;
  }

  async function write(storage: Pick<Storage, 'recordUsage'>): Promise<void> {
    round ??= inParts(close(), { size: USAGE_LIMITS.generationsPerBatch, pause: dependencies.pause });
    for (part ??= await nextOf(round); part; part = await nextOf(round)) {
      try {
        const { slots: used, ...rest } = part;
        await storage.recordUsage({ ...rest, uses: used.map(toUse) });
      } catch (error) {
        // What may have been written must not be counted twice, and what cannot be written not keep the rest from it;
        // everything else is tried again.
        if (!isOver(error)) throw error;
        lost += part.slots.length;
      }
      unwritten -= part.slots.length;
      completeUntil = part.completeUntil;
    }
    round = undefined;
  }

  return {
    record(record, outcome, caller, permission = null) {
      const slot = slotOf(record);
      if (!slot) return;
      const at = now();
      noteOutcome(slot, outcome, at);
      noteCall(slot, caller, at);
      if (permission !== null && outcome === 'allowed') exercise(slot, permission, at);
    },

    recordRefusal(record, reason, caller, requestId) {
      const at = now();
      const slot = slotOf(record);
      if (slot) noteOutcome(slot, 'refused', at);
      const network = networkOf(caller.address);
      const hour = at - (at % HOUR_MS);
      const { id: tokenId, generation } = record.token;
      const key = `${tokenId} ${generation} ${reason} ${network} ${hour}`;
      const noted = refusals.get(key);
      if (noted) {
        noted.calls += 1;
        if (noted.requestIds.length < USAGE_LIMITS.requestIdsPerRefusal) noted.requestIds.push(requestId);
      } else if (refusals.size < USAGE_LIMITS.refusals) {
        refusals.set(key, {
          eventId: dependencies.newEventId(),
          organizationId: record.organization.id,
          accountId: record.principal.id,
          tokenId,
          generation,
          reason,
          network,
          hour,
          calls: 1,
          firstAt: at,
          address: detached(caller.address),
          userAgent: detached(caller.userAgent.slice(0, USAGE_LIMITS.userAgentLength)),
          requestIds: [requestId],
        });
      } else {
        lost += 1;
      }
    },

    redigest(redigest) {
      if (redigests.length < USAGE_LIMITS.redigests) redigests.push(redigest);
    },

    flush(storage) {
      flushing ??= write(storage).finally(() => {
        flushing = undefined;
      });
      return flushing;
    },

    stats: () => ({ completeUntil, pending: generations + unwritten, lost }),
  };
}

async function nextOf(round: AsyncIterator<Part, void>): Promise<Part | undefined> {
  return (await round.next()).value ?? undefined;
}

function isOver(error: unknown): boolean {
  return error instanceof DomainError && (error.code === 'outcome_unknown' || error.code === 'internal');
}
