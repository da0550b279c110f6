import {
  DomainError,
  type FoundSetup,
  type Member,
  type MutationContext,
  type NewSetup,
  type OrganizationId,
  type SetupOffer,
} from '@postern/core';
import { newMemberRow, toMember } from './member.ts';
import { findUnpeopledOrganization } from './member-join.ts';
import { type Commit, creatorOf, type MutationScope, mutate, unchanged } from './mutation.ts';
import type { Reading } from './reading.ts';
import { insertSignInUser } from './sign-in.ts';

/** The one link that lets the first person in. */
const ONLY = 1;

export async function findSetup({ db, jsonRows, now }: Reading, digest: string): Promise<FoundSetup | undefined> {
  const row = await db
    .selectFrom('setup')
    .innerJoin('organization', 'organization.id', 'setup.organization_id')
    .select(['organization.id', 'organization.name', 'setup.expires_at'])
    .where('setup.digest', '=', digest)
    .where('setup.expires_at', '>', now)
    .executeTakeFirst();
  // Somebody may have been let in by other means since.
  if (!row || (await findUnpeopledOrganization({ db, jsonRows, now })) !== row.id) return undefined;
  return { organizationId: row.id as OrganizationId, organizationName: row.name, expiresAt: row.expires_at };
}

/** False where there is nobody to wait for any more, or, without `renew`, a link that is still good. */
export function offerSetup(
  scope: MutationScope,
  context: MutationContext,
  { digest, expiresAt, renew }: SetupOffer,
): Promise<Commit<boolean>> {
  return mutate(scope, context, async ({ db, jsonRows, organization }) => {
    const reading = { db, jsonRows, now: context.at };
    if ((await findUnpeopledOrganization(reading)) !== context.organizationId) return unchanged(false);
    const before = await db.selectFrom('setup').select('expires_at').where('id', '=', ONLY).executeTakeFirst();
    if (before && before.expires_at > context.at && !renew) return unchanged(false);
    await db.deleteFrom('setup').execute();
    await db
      .insertInto('setup')
      .values({ id: ONLY, organization_id: context.organizationId, digest, expires_at: expiresAt })
      .execute();
    return {
      changed: true,
      result: true,
      audit: {
        action: 'setup.offer',
        target: { kind: 'organization', id: organization.id, displayName: null },
        details: {},
      },
      change: { kind: 'organization', subjectId: organization.id },
    };
  });
}

/** Person, sign-in and name in one; the link ends with it. */
export function completeSetup(
  scope: MutationScope,
  context: MutationContext,
  { digest, organizationName, member: { id, organizationRole, user } }: NewSetup,
): Promise<Commit<Member>> {
  return mutate(scope, context, async (mutation) => {
    const { db, jsonRows } = mutation;
    const waitedFor = await findUnpeopledOrganization({ db, jsonRows, now: context.at });
    if (waitedFor !== context.organizationId) throw new DomainError('setup.invalid');
    const { numDeletedRows } = await db
      .deleteFrom('setup')
      .where('digest', '=', digest)
      .where('organization_id', '=', context.organizationId)
      .where('expires_at', '>', context.at)
      .executeTakeFirst();
    if (numDeletedRows === 0n) throw new DomainError('setup.invalid');
    await insertSignInUser(db, user, context.at);
    const person = { id, email: user.email, displayName: user.name, organizationRole };
    const standing = { organizationId: context.organizationId, status: 'active', userId: user.id } as const;
    const row = newMemberRow(person, standing, creatorOf(mutation), context.at);
    await db.insertInto('principal').values(row).execute();
    await db
      .updateTable('organization')
      .set({ name: organizationName })
      .where('id', '=', context.organizationId)
      .execute();
    return {
      changed: true,
      result: toMember(row),
      audit: {
        action: 'setup.complete',
        target: { kind: 'member', id: row.id, displayName: row.display_name },
        details: { organizationRole, organizationName },
      },
      // Every answer names the organization.
      change: { kind: 'organization', subjectId: context.organizationId },
    };
  });
}
