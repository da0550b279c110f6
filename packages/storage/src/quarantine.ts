import { DomainError, type MutationContext, type Organization, type PrincipalId } from '@postern/core';
import { wipeSealsOfDeletedTokens } from './idempotency.ts';
import { type Commit, type Effect, type Mutation, type MutationScope, mutate, unchanged } from './mutation.ts';
import { toOrganization } from './organization.ts';
import { markAllEndedIn } from './token-end.ts';

/** What the copy holds and no journal has ended works again. */
export function releaseOrganization(scope: MutationScope, context: MutationContext): Promise<Commit<Organization>> {
  return mutate(scope, context, async (mutation) => {
    const before = await readOrganization(mutation);
    if (before.quarantine === null) return unchanged(before);
    if (before.quarantine === 'delete_only') throw new DomainError('quarantine.delete_only');
    await endQuarantine(mutation);
    const result = { ...before, quarantine: null, version: before.version + 1 };
    return ended(before, result, 'organization.release', {});
  });
}

/** Every token of the organization ends, the accounts stay. */
export function deleteQuarantinedTokens(scope: MutationScope, context: MutationContext): Promise<Commit<number>> {
  return mutate(scope, context, async (mutation) => {
    const { db } = mutation;
    const before = await readOrganization(mutation);
    if (before.quarantine === null) return unchanged(0);
    await markAllEndedIn(mutation);
    const tokens = await db
      .updateTable('token')
      .set((token) => ({ deleted_at: context.at, version: token('version', '+', 1) }))
      .where('organization_id', '=', before.id)
      .where('deleted_at', 'is', null)
      .returning(['id', 'account_id'])
      .execute();
    await wipeSealsOfDeletedTokens(db, before.id);
    await db.updateTable('principal').set({ token_count: 0 }).where('organization_id', '=', before.id).execute();
    await endQuarantine(mutation);
    const accounts = [...new Set(tokens.map(({ account_id }) => account_id))];
    const effect = ended(before, tokens.length, 'organization.delete_tokens', { tokensDeleted: tokens.length });
    return {
      ...effect,
      audit: { ...effect.audit, concerned: accounts },
      revokes: accounts.map((id) => ({ kind: 'tokens', id: id as PrincipalId })),
    };
  });
}

async function readOrganization({ db, organization }: Mutation): Promise<Organization> {
  return toOrganization(
    await db.selectFrom('organization').selectAll().where('id', '=', organization.id).executeTakeFirstOrThrow(),
  );
}

async function endQuarantine({ db, organization }: Mutation): Promise<void> {
  await db.updateTable('organization').set({ quarantine: null }).where('id', '=', organization.id).execute();
}

function ended<Result>(
  { id, name }: Organization,
  result: Result,
  action: 'organization.release' | 'organization.delete_tokens',
  details: Readonly<Record<string, unknown>>,
): Extract<Effect<Result>, { readonly changed: true }> {
  return {
    changed: true,
    result,
    audit: { action, target: { kind: 'organization', id, displayName: name }, details },
    change: { kind: 'organization', subjectId: id },
  };
}
