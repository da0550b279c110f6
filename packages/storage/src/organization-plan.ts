import { DomainError, type MutationContext, type Organization, type Plan } from '@postern/core';
import { type Commit, type MutationScope, mutate, unchanged } from './mutation.ts';
import { toOrganization } from './organization.ts';

/** Verdicts read the plan as it is: nothing else has to be written for tokens to be paused, or to work again. */
export function setOrganizationPlan(
  scope: MutationScope,
  context: MutationContext,
  plan: Plan,
): Promise<Commit<Organization>> {
  return mutate(scope, context, async ({ db, organization, actor }) => {
    if (actor) throw new DomainError('internal', { internal: 'a plan is set by the operator only' });
    const { id } = organization;
    const before = toOrganization(
      await db.selectFrom('organization').selectAll().where('id', '=', id).executeTakeFirstOrThrow(),
    );
    if (before.plan === plan) return unchanged(before);
    await db.updateTable('organization').set({ plan }).where('id', '=', id).execute();
    return {
      changed: true,
      result: { ...before, plan, version: before.version + 1 },
      audit: {
        action: 'organization.set_plan',
        target: { kind: 'organization', id, displayName: before.name },
        details: { from: before.plan, to: plan },
      },
      change: { kind: 'organization', subjectId: id },
      revokes: [{ kind: 'plan', plan }],
    };
  });
}
