import {
  type GroupId,
  invalidField,
  type MutationContext,
  type Organization,
  type OrganizationChange,
  type OrganizationId,
  requireStillAdmitted,
  type TokenPolicy,
} from '@postern/core';
import type { Kysely } from 'kysely';
import { changedFields } from './changed-fields.ts';
import { type Commit, type Mutation, type MutationScope, mutate, requireVersion, unchanged } from './mutation.ts';
import { toOrganization } from './organization.ts';
import type { Schema } from './schema.ts';

/** Its name, its token policy, and what becomes of leaked tokens. */
export function updateOrganization(
  scope: MutationScope,
  context: MutationContext,
  change: OrganizationChange,
): Promise<Commit<Organization>> {
  return mutate(scope, context, async (mutation) => {
    const { db, organization } = mutation;
    requireVersion(context, organization.version);
    const before = toOrganization(
      await db.selectFrom('organization').selectAll().where('id', '=', organization.id).executeTakeFirstOrThrow(),
    );
    const fields = changedFields(before, change);
    if (fields.changed.length === 0) return unchanged(before);
    if (change.tokenPolicy) await requireLivable(mutation, change.tokenPolicy);
    const { name, tokenPolicy, leakResponse } = { ...before, ...change };
    await db
      .updateTable('organization')
      .set({ name, token_policy: JSON.stringify(tokenPolicy), leak_response: leakResponse })
      .where('id', '=', organization.id)
      .execute();
    return {
      changed: true,
      result: { ...before, name, tokenPolicy, leakResponse, version: before.version + 1 },
      audit: {
        action: 'organization.update',
        target: { kind: 'organization', id: organization.id, displayName: name },
        details: { ...fields },
      },
      change: { kind: 'organization', subjectId: organization.id },
      // Looser or stricter: a copy gets the policy that was last set.
      revokes: change.tokenPolicy ? [{ kind: 'policy', policy: tokenPolicy }] : [],
    };
  });
}

/** Groups that the policy names anew must exist, and the token that asks must work under it. */
async function requireLivable({ db, organization, actor, context }: Mutation, policy: TokenPolicy): Promise<void> {
  const named = groupsOf(policy);
  const known = new Set([...groupsOf(organization.tokenPolicy), ...(await existing(db, organization.id, named))]);
  const unknown = named.findIndex((id) => !known.has(id));
  if (unknown >= 0) throw invalidField(`/tokenPolicy/creation/groupIds/${unknown}`, 'is not a group');
  const changed = { organization: { tokenPolicy: policy } };
  if (actor) requireStillAdmitted(actor.record, changed, context, 'make the token that asks for it invalid');
}

function groupsOf({ creation }: TokenPolicy): readonly GroupId[] {
  return typeof creation === 'object' ? creation.groupIds : [];
}

async function existing(
  db: Kysely<Schema>,
  organizationId: OrganizationId,
  ids: readonly GroupId[],
): Promise<readonly GroupId[]> {
  if (ids.length === 0) return [];
  const rows = await db
    .selectFrom('principal_group')
    .select('id')
    .where('organization_id', '=', organizationId)
    .where('id', 'in', ids)
    .execute();
  return rows.map(({ id }) => id as GroupId);
}
