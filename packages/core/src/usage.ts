import { networkOf } from './address.ts';
import { HOUR_MS } from './clock.ts';
import { DomainError } from './error.ts';
import type { AuditEventId } from './id.ts';
import type { PermissionName } from './permission.ts';
import type { RefusalReason, TokenRecord } from './principal.ts';
import type { Redigest, RefusedUse, Storage, UsageBatch } from './storage.ts';
import { USAGE_LIMITS } from './usage-limit.ts';
import { detached, noteCall, noteExercise, noteOutcome, openSlot, toUse, type UseSlot } from './usage-slot.ts';

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
  readonly pending: number;
  /** Uses that a bound, or a lost commit, kept from being written. */
  readonly lost: number;
}

export interface UsageRecorderDependencies {
  readonly now: () => number;
  readonly newEventId: () => AuditEventId;
}

/** A batch, before it is put together. Nobody writes to its slots any more. */
type Part = Omit<UsageBatch, 'uses'> & { readonly slots: readonly UseSlot[] };

type Mutable<Value> = { -readonly [Key in keyof Value]: Value[Key] };

export function createUsageRecorder(dependencies: UsageRecorderDependencies): UsageRecorder {
  const { now } = dependencies;
  let slots = new Map<string, UseSlot>();
  /** The same slots by the records that memory hands out again and again. */
  let slotsByRecord = new Map<TokenRecord, UseSlot>();
  let refusals = new Map<string, Mutable<RefusedUse> & { requestIds: string[] }>();
  let redigests: Redigest[] = [];
  /** Permissions that all slots together hold. */
  let exercised = 0;
  /** What is closed, in parts that are each put together when it is their turn: all of them at once would stall verifications. */
  let queue: Part[] = [];
  let completeUntil = now();
  let lost = 0;
  let flushing: Promise<void> | undefined;

  function slotOf(record: TokenRecord): UseSlot | undefined {
    return slotsByRecord.get(record) ?? findSlot(record);
  }

  function findSlot(record: TokenRecord): UseSlot | undefined {
    const key = `${record.token.id}.${record.token.generation}`;
    let slot = slots.get(key);
    if (!slot) {
      if (slots.size >= USAGE_LIMITS.generations) {
        lost += 1;
        return undefined;
      }
      slot = openSlot(record);
      slots.set(key, slot);
    }
    if (slotsByRecord.size < USAGE_LIMITS.generations) slotsByRecord.set(record, slot);
    return slot;
  }

  function exercise(slot: UseSlot, permission: PermissionName, at: number): void {
    const noted = noteExercise(slot, permission, at, exercised < USAGE_LIMITS.permissions);
    if (noted === 'added') exercised += 1;
    else if (noted === 'lost') lost += 1;
  }

  function close(): void {
    const until = now();
    const used = [...slots.values()];
    const refused = [...refusals.values()];
    const renewed = redigests;
    slots = new Map();
    slotsByRecord = new Map();
    refusals = new Map();
    redigests = [];
    exercised = 0;
    const size = USAGE_LIMITS.generationsPerBatch;
    const parts = Math.max(1, Math.ceil(Math.max(used.length, refused.length, renewed.length) / size));
    queue = Array.from({ length: parts }, (_, index) => {
      const from = index * size;
      return {
        completeUntil: index === parts - 1 ? until : completeUntil,
        slots: used.slice(from, from + size),
        refusals: refused.slice(from, from + size),
        redigests: renewed.slice(from, from + size),
      };
    });
  }

  async function write(storage: Pick<Storage, 'recordUsage'>): Promise<void> {
    if (queue.length === 0) close();
    for (let part = queue[0]; part; part = queue[0]) {
      try {
        const { slots: used, ...rest } = part;
        await storage.recordUsage({ ...rest, uses: used.map(toUse) });
      } catch (error) {
        // What may have been written must not be counted twice; everything else is tried again.
        if (!(error instanceof DomainError) || error.code !== 'outcome_unknown') throw error;
        lost += part.slots.length;
      }
      queue.shift();
      completeUntil = part.completeUntil;
    }
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

    stats: () => ({ completeUntil, pending: slots.size + queue.length, lost }),
  };
}
