import { setTimeout as wait } from 'node:timers/promises';
import { type Mutator, mutate } from './mutation.ts';
import type { Register } from './register.ts';
import type { Value } from './verification.ts';

/** An account whose tokens never expire, and a workspace in which it may run things. */
export interface PolicyPlace {
  readonly accountId: string;
  readonly workspaceId: string;
}

const PAUSE_MS = 400;
/** So often the policy is tightened and loosened before another token takes over: a short history is checked in little memory. */
const ROUNDS_PER_TOKEN = 10;
/** After so long a call that was not answered has taken effect, or never will: no fault lasts longer. */
const UNSURE_MS = 60_000;

/**
 * Tightens the organization's policy and loosens it: a token that never expires is denied while every token must. All others
 * expire, and do not notice.
 */
export async function keepChangingPolicy(mutator: Mutator, place: PolicyPlace, values: Set<Value>): Promise<void> {
  let value: Value | undefined;
  for (let round = 0; !mutator.isOver(); round += 1) {
    if (value === undefined || round % ROUNDS_PER_TOKEN === 0) value = await takeOver(mutator, place, values, value);
    for (const requireExpiry of [true, false]) {
      if (value) await change(mutator, value, requireExpiry);
      await wait(PAUSE_MS * mutator.random.fraction());
    }
  }
}

async function change(mutator: Mutator, { alive, may }: Value, requireExpiry: boolean): Promise<void> {
  await mutate(mutator, {
    what: requireExpiry ? 'require expiry' : 'require no expiry',
    method: 'PATCH',
    path: '/api/v1/organization',
    body: { tokenPolicy: { creation: 'everyone', requireExpiry } },
    ...(requireExpiry ? { takes: [alive, may] } : { gives: [alive, may] }),
  });
}

/** A new token instead of the old one; the old one where the policy does not let it be made. */
async function takeOver(
  mutator: Mutator,
  { accountId, workspaceId }: PolicyPlace,
  values: Set<Value>,
  old: Value | undefined,
): Promise<Value | undefined> {
  const { registers, now } = mutator;
  const done = await mutate(mutator, {
    what: 'create token',
    method: 'POST',
    path: `/api/v1/service-accounts/${accountId}/tokens`,
    body: { name: 'never expires', expiresAt: null },
    keyed: true,
  });
  if (done?.answer.status !== 201) return old;
  const { token, value } = done.answer.body;
  const since = now() - UNSURE_MS;
  const open = (right: string, before: Register | undefined): Register => {
    const register = registers.open(`${token.id}, which never expires, ${right}`);
    const unsure = before?.operations.filter(({ endedAt, startedAt }) => endedAt === null && startedAt > since) ?? [];
    const issue = { kind: 'write', to: 'allowed', startedAt: done.startedAt, endedAt: now(), what: 'issue' } as const;
    register.operations.push(...unsure.map((write) => ({ ...write })), issue);
    return register;
  };
  const made: Value = {
    value,
    tokenId: token.id,
    workspaceId,
    alive: open('is valid', old?.alive),
    may: open('may run things', old?.may),
  };
  values.add(made);
  if (old) {
    values.delete(old);
    registers.close(old.alive);
    registers.close(old.may);
  }
  return made;
}
