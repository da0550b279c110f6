import { setTimeout as wait } from 'node:timers/promises';
import { type Mutator, mutate } from './mutation.ts';
import type { Value } from './verification.ts';

const PAUSE_MS = 400;

/**
 * Tightens the organization's policy and loosens it: a token that never expires is denied while every token must. All others
 * expire, and do not notice.
 */
export async function keepChangingPolicy(mutator: Mutator, { alive, may }: Value): Promise<void> {
  for (let requireExpiry = true; !mutator.isOver(); requireExpiry = !requireExpiry) {
    await mutate(mutator, {
      what: requireExpiry ? 'require expiry' : 'require no expiry',
      method: 'PATCH',
      path: '/api/v1/organization',
      body: { tokenPolicy: { creation: 'everyone', requireExpiry } },
      ...(requireExpiry ? { takes: [alive, may] } : { gives: [alive, may] }),
    });
    await wait(PAUSE_MS * mutator.random.fraction());
  }
}
