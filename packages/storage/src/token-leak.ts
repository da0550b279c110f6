import { type Ended, HOUR_MS, type LeakedToken, type MutationContext, type TokenId } from '@postern/core';
import { type Commit, type Mutation, type MutationScope, mutate, unchanged } from './mutation.ts';
import { requireToken, type TokenRow, targetOf, toToken } from './token.ts';
import { endToken } from './token-end.ts';
import { overlapEnd } from './token-refresh.ts';

/**
 * The value of this generation has leaked: the token ends, or of a retiring generation its overlap, since the current value
 * is another. Where the organization wants to be told only, it is told once an hour.
 */
export function reportLeakedToken(
  scope: MutationScope,
  context: MutationContext,
  leaked: LeakedToken,
): Promise<Commit<null>> {
  return mutate(scope, context, async (mutation) => {
    const row = await requireToken(mutation, leaked);
    const isRetiring = row.retiring_generation === leaked.generation;
    if (!isRetiring && (row.generation !== leaked.generation || row.expires_at <= context.at)) return unchanged(null);
    const { leakResponse } = mutation.organization;
    if (leakResponse === 'notify' && (await wasToldLately(mutation, row))) return unchanged(null);
    const effect = leakResponse === 'notify' ? 'noted' : end(mutation, row, isRetiring);
    return {
      changed: true,
      result: null,
      audit: {
        action: 'token.leak_reported',
        target: targetOf(toToken(row)),
        details: { accountId: row.account_id, generation: leaked.generation, effect },
        concerned: [row.account_id],
      },
      change: { kind: 'token', subjectId: row.id },
      revokes: endedBy(effect, row, leaked.generation),
    };
  });
}

function endedBy(
  effect: 'noted' | 'token_ended' | 'overlap_ended',
  { id }: TokenRow,
  generation: number,
): readonly Ended[] {
  switch (effect) {
    case 'noted':
      return [];
    case 'token_ended':
      return [{ kind: 'token', id: id as TokenId }];
    case 'overlap_ended':
      return [{ kind: 'generation', id: id as TokenId, generation, until: null }];
  }
}

function end(mutation: Mutation, row: TokenRow, isRetiring: boolean): 'token_ended' | 'overlap_ended' {
  if (!isRetiring) {
    endToken(mutation, row);
    return 'token_ended';
  }
  mutation.writeLast(...overlapEnd(mutation, row));
  return 'overlap_ended';
}

async function wasToldLately({ db, context }: Mutation, row: TokenRow): Promise<boolean> {
  const told = await db
    .selectFrom('audit_event')
    .select('id')
    .where('organization_id', '=', context.organizationId)
    .where('target_id', '=', row.id)
    .where('action', '=', 'token.leak_reported')
    .where('at', '>', context.at - HOUR_MS)
    .limit(1)
    .executeTakeFirst();
  return told !== undefined;
}
