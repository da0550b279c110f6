import {
  DomainError,
  decide,
  type FoundInvitation,
  type JoiningMember,
  type Member,
  type MemberId,
  type MutationContext,
  type NewJoinedMember,
  type OrganizationId,
  PLATFORM_ORGANIZATION,
  type PrincipalId,
  type PrincipalRecord,
  requireOrganizationRoleGrantable,
  subjectOfPrincipal,
  type UnpeopledOrganization,
} from '@postern/core';
import { changed, nameColumns, newMemberRow } from './member.ts';
import { type Commit, creatorOf, type Mutation, type MutationScope, mutate } from './mutation.ts';
import { findPrincipal } from './principal.ts';
import { requirePrincipalRow, updatePrincipal } from './principal-row.ts';
import type { Reading } from './reading.ts';
import { insertSignInUser } from './sign-in.ts';

/** What a link that invites leads to; undefined when it is not, or no longer, one. */
export async function findInvitation({ db, now }: Reading, digest: string): Promise<FoundInvitation | undefined> {
  const row = await db
    .selectFrom('invitation')
    .innerJoin('principal', 'principal.id', 'invitation.member_id')
    .innerJoin('organization', 'organization.id', 'invitation.organization_id')
    .select(['principal.id', 'principal.email', 'invitation.expires_at'])
    .select(['organization.id as organization_id', 'organization.name as organization_name'])
    .where('invitation.digest', '=', digest)
    .where('invitation.expires_at', '>', now)
    .executeTakeFirst();
  return (
    row && {
      memberId: row.id as MemberId,
      email: row.email ?? '',
      organizationId: row.organization_id as OrganizationId,
      organizationName: row.organization_name,
      expiresAt: row.expires_at,
    }
  );
}

/** The invited person joins: the link ends, and whoever proves to be that person is a member from here. */
export function joinMember(
  scope: MutationScope,
  context: MutationContext,
  { memberId, digest, user }: JoiningMember,
): Promise<Commit<Member>> {
  return mutate(scope, context, async (mutation) => {
    const { db } = mutation;
    const invitation = await db
      .selectFrom('invitation')
      .selectAll()
      .where('member_id', '=', memberId)
      .where('digest', '=', digest)
      .where('expires_at', '>', context.at)
      .executeTakeFirst();
    if (!invitation) throw new DomainError('invitation.invalid');
    const row = await requirePrincipalRow(mutation, memberId);
    await requireInviter(mutation, invitation.invited_by as PrincipalId | null, row.organization_role);
    await insertSignInUser(db, { ...user, email: row.email ?? '' }, context.at);
    await db.deleteFrom('invitation').where('member_id', '=', memberId).execute();
    const after = await updatePrincipal(mutation, row, {
      ...nameColumns(user.name, row.email ?? ''),
      status: 'active',
      user_id: user.id,
    });
    return changed('member.join', after, { organizationRole: row.organization_role });
  });
}

/** Somebody who is a member from the start: for the operator. */
export function createMember(
  scope: MutationScope,
  context: MutationContext,
  { id, organizationRole, user }: NewJoinedMember,
): Promise<Commit<Member>> {
  return mutate(scope, context, async (mutation) => {
    await insertSignInUser(mutation.db, user, context.at);
    const person = { id, email: user.email, displayName: user.name, organizationRole };
    const standing = { organizationId: context.organizationId, status: 'active', userId: user.id } as const;
    const row = newMemberRow(person, standing, creatorOf(mutation), context.at);
    await mutation.db.insertInto('principal').values(row).execute();
    return changed('member.create', row, { organizationRole });
  });
}

/** The oldest organization, for as long as no person has ever been in the database. */
export async function findUnpeopledOrganization({ db }: Reading): Promise<UnpeopledOrganization | undefined> {
  const row = await db
    .selectFrom('organization')
    .select('id')
    .select((organization) =>
      organization
        .selectFrom('principal')
        .select('principal.id')
        .whereRef('principal.organization_id', '=', 'organization.id')
        .limit(1)
        .as('principal_id'),
    )
    .where('id', '<>', PLATFORM_ORGANIZATION)
    .where((where) => where.not(where.exists(where.selectFrom('principal').select('id').where('kind', '=', 'member'))))
    .orderBy('created_at')
    .orderBy('id')
    .limit(1)
    .executeTakeFirst();
  return row && { id: row.id as OrganizationId, hasPrincipals: row.principal_id !== null };
}

/** The member who signs in as this user, in whichever organization; undefined where nobody does. */
export async function findMemberOfUser(reading: Reading, userId: string): Promise<PrincipalRecord | undefined> {
  const row = await reading.db
    .selectFrom('principal')
    .select(['id', 'organization_id'])
    .where('user_id', '=', userId)
    .executeTakeFirst();
  return row && findPrincipal(reading, row.organization_id as OrganizationId, row.id as MemberId);
}

/** Whoever invited must still be one who may. Throws `invitation.invalid`. */
async function requireInviter(
  { db, context, jsonRows }: Mutation,
  invitedBy: PrincipalId | null,
  role: Member['organizationRole'],
): Promise<void> {
  if (invitedBy === null) return;
  const inviter = await findPrincipal({ db, jsonRows, now: context.at }, context.organizationId, invitedBy);
  const subject = inviter && subjectOfPrincipal(inviter);
  if (!subject || !decide(subject, 'member.create').allowed) throw new DomainError('invitation.invalid');
  try {
    requireOrganizationRoleGrantable(subject, role);
  } catch {
    throw new DomainError('invitation.invalid');
  }
}
