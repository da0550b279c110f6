import { inOrder } from './in-order.ts';
import type { Redigest, RefusedUse, UsageBatch } from './storage-usage.ts';
import type { UseSlot } from './usage-slot.ts';

/** What was noted until a time. Nobody writes to its slots any more. */
export interface Round {
  readonly slots: readonly UseSlot[];
  readonly refusals: readonly RefusedUse[];
  readonly redigests: readonly Redigest[];
  /** Everything before this time had been written when it was closed. */
  readonly completeBefore: number;
  /** Everything before this time is written when all of it is. */
  readonly completeUntil: number;
}

/** A batch, before it is put together. */
export type Part = Omit<UsageBatch, 'uses'> & Pick<Round, 'slots'>;

/**
 * The round in parts, at least one, each to be put together when it is its turn: all of them at once would stall verifications.
 * They come in the order of token ids, so that each part is of neighbours in the database: that halves what writing costs,
 * and more with many tokens.
 */
export async function* inParts(
  { slots, refusals, redigests, completeBefore, completeUntil }: Round,
  limits: { readonly size: number; readonly pause: () => Promise<void> },
): AsyncGenerator<Part, void> {
  const { size } = limits;
  const ordered = inOrder(slots, ({ record }) => record.token.id, limits);
  const parts = Math.max(1, Math.ceil(Math.max(slots.length, refusals.length, redigests.length) / size));
  for (let index = 0; index < parts; index += 1) {
    const next = await ordered.next();
    yield {
      completeUntil: index === parts - 1 ? completeUntil : completeBefore,
      slots: next.value ?? [],
      refusals: refusals.slice(index * size, (index + 1) * size),
      redigests: redigests.slice(index * size, (index + 1) * size),
    };
  }
}
