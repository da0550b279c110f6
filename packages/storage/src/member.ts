import {
  type Creator,
  DomainError,
  type InvitationDigest,
  lockedOut,
  type Member,
  type MemberChange,
  type MemberId,
  type MemberQuery,
  type MutationContext,
  type NewMember,
  nameKey,
  type OrganizationId,
  type OrganizationRole,
  type Page,
  requireOrganizationRoleGrantable,
  requireRecentSignIn,
} from '@postern/core';
import { sql } from 'kysely';
import { changedFields } from './changed-fields.ts';
import {
  type Commit,
  concerning,
  creatorOf,
  type Effect,
  type Mutation,
  type MutationScope,
  mutate,
  requireVersion,
  revoking,
  unchanged,
} from './mutation.ts';
import { contains, isStorable, searchText, toPage, withinPage } from './page.ts';
import { forgetPermissionUses } from './permission-use.ts';
import { removeMemberships } from './principal.ts';
import { DELETED, findPrincipalRow, type PrincipalRow, requirePrincipalRow, updatePrincipal } from './principal-row.ts';
import type { Reading } from './reading.ts';
import { NEVER_USED } from './schema.ts';
import { removeOwner } from './service-account-owner.ts';
import { endTokensWithAccount } from './token-end.ts';

export async function findMember(
  { db }: Reading,
  organizationId: OrganizationId,
  id: MemberId,
): Promise<Member | undefined> {
  const row = await findPrincipalRow(db, organizationId, id);
  return row && toMember(row);
}

/** By name. */
export async function listMembers(
  { db }: Reading,
  organizationId: OrganizationId,
  query: MemberQuery,
): Promise<Page<Member>> {
  const { search, status, organizationRole } = query;
  if (!isStorable(search)) return { items: [], next: null };
  let members = db
    .selectFrom('principal')
    .selectAll()
    .where('organization_id', '=', organizationId)
    .where('status', '<>', DELETED)
    .where('kind', '=', 'member');
  if (search !== null) members = members.where(contains('search_text', search));
  if (status !== null) members = members.where('status', '=', status);
  if (organizationRole !== null) members = members.where('organization_role', '=', organizationRole);
  const order = { key: sql.ref('name_key'), id: 'id', descending: false };
  const rows = await withinPage(members, order, query).execute();
  return toPage(rows, query, (row) => ({ key: row.name_key, id: row.id }), toMember);
}

/** Somebody who is not in yet; until then the e-mail stands for the name. */
export function inviteMember(
  scope: MutationScope,
  context: MutationContext,
  { id, email, organizationRole }: NewMember,
  invitation: InvitationDigest,
): Promise<Commit<Member>> {
  return mutate(scope, context, async (mutation) => {
    if (mutation.actor) requireOrganizationRoleGrantable(mutation.actor.subject, organizationRole);
    const person = { id, email, displayName: email, organizationRole };
    const row = newMemberRow(
      person,
      { organizationId: context.organizationId, status: 'invited', userId: null },
      creatorOf(mutation),
      context.at,
    );
    await mutation.db.insertInto('principal').values(row).execute();
    await mutation.db
      .insertInto('invitation')
      .values({
        member_id: id,
        organization_id: context.organizationId,
        digest: invitation.digest,
        expires_at: invitation.expiresAt,
        invited_by: mutation.actor?.record.principal.id ?? null,
      })
      .execute();
    return changed('member.invite', row, { organizationRole });
  });
}

/** A new link; the one before ends. */
export function resendInvitation(
  scope: MutationScope,
  context: MutationContext,
  id: MemberId,
  invitation: InvitationDigest,
): Promise<Commit<Member>> {
  return mutate(scope, context, async (mutation) => {
    const row = await requirePrincipalRow(mutation, id);
    if (row.status !== 'invited') throw new DomainError('member.joined');
    if (mutation.actor) requireOrganizationRoleGrantable(mutation.actor.subject, row.organization_role);
    // Its link makes an admin, as an invitation does.
    if (mutation.actor && row.organization_role === 'admin') requireRecentSignIn(mutation.actor, context.at);
    const link = {
      digest: invitation.digest,
      expires_at: invitation.expiresAt,
      invited_by: mutation.actor?.record.principal.id ?? null,
    };
    // A restore takes links away, and leaves the members that they were for.
    await mutation.db
      .insertInto('invitation')
      .values({ member_id: id, organization_id: context.organizationId, ...link })
      .onConflict((conflict) => conflict.column('member_id').doUpdateSet(link))
      .execute();
    return changed('member.resend', row, {});
  });
}

export function updateMember(
  scope: MutationScope,
  context: MutationContext,
  id: MemberId,
  change: MemberChange,
): Promise<Commit<Member>> {
  return mutate(scope, context, async (mutation) => {
    const row = await requirePrincipalRow(mutation, id);
    requireVersion(context, row.version);
    const fields = changedFields(toMember(row), change);
    if (fields.changed.length === 0) return unchanged(toMember(row));
    const { organizationRole } = change;
    if (organizationRole !== undefined && organizationRole !== row.organization_role) {
      await requireRoleChange(mutation, row, organizationRole);
    }
    const displayName = change.displayName ?? row.display_name;
    const after = await updatePrincipal(mutation, row, {
      ...nameColumns(displayName, row.email ?? ''),
      organization_role: organizationRole ?? row.organization_role,
    });
    const effect = changed('member.update', after, { ...fields });
    return after.organization_role === row.organization_role || after.organization_role === 'admin'
      ? effect
      : revoking(effect, { kind: 'organization_role', id });
  });
}

/** The person is out: sessions, tokens and memberships end in this very transaction, and so does a link that invited. */
export function deleteMember(scope: MutationScope, context: MutationContext, id: MemberId): Promise<Commit<null>> {
  return mutate(scope, context, async (mutation) => {
    const { db, actor } = mutation;
    const row = await requirePrincipalRow(mutation, id);
    requireVersion(context, row.version);
    if (actor?.record.principal.id === id) throw lockedOut('remove the member who asks for it');
    if (actor) requireOrganizationRoleGrantable(actor.subject, row.organization_role);
    await requireAnotherAdmin(mutation, row);
    const { tokensDeleted, columns } = await endTokensWithAccount(mutation, row);
    const disowned = await removeOwner(mutation, id);
    await forgetPermissionUses(scope.engine, db, id);
    await removeMemberships(db, id);
    await db.deleteFrom('invitation').where('member_id', '=', id).execute();
    if (row.user_id !== null) {
      // Sessions, passwords and second steps go with it.
      await db.deleteFrom('auth_verification').where('value', '=', row.user_id).execute();
      await db.deleteFrom('auth_user').where('id', '=', row.user_id).execute();
    }
    await updatePrincipal(mutation, row, { status: 'deleted', user_id: null, ...columns });
    return {
      ...concerning(changed('member.delete', row, { tokensDeleted, ...disowned.details }), disowned.accountIds),
      result: null,
      revokes: [{ kind: 'principal', id, status: 'deleted' }],
    };
  });
}

/** What a member is made of. */
interface Person {
  readonly id: MemberId;
  readonly email: string;
  readonly displayName: string;
  readonly organizationRole: OrganizationRole;
}

export function newMemberRow(
  { id, email, displayName, organizationRole }: Person,
  standing: {
    readonly organizationId: OrganizationId;
    readonly status: 'invited' | 'active';
    readonly userId: string | null;
  },
  creator: Creator,
  at: number,
): PrincipalRow {
  return {
    id,
    kind: 'member',
    organization_id: standing.organizationId,
    description: '',
    ...nameColumns(displayName, email),
    status: standing.status,
    organization_role: organizationRole,
    external_id: null,
    owners: '[]',
    email,
    user_id: standing.userId,
    token_count: 0,
    tokens_end_at: null,
    last_used_at: NEVER_USED,
    created_at: at,
    updated_at: at,
    version: 1,
    created_by_kind: creator.kind,
    created_by_id: creator.id,
    created_by_name: creator.displayName,
  };
}

export function toMember(row: PrincipalRow): Member {
  return {
    id: row.id as MemberId,
    organizationId: row.organization_id as OrganizationId,
    displayName: row.display_name,
    email: row.email ?? '',
    status: row.status === 'invited' ? 'invited' : 'active',
    organizationRole: row.organization_role,
    userId: row.user_id,
    createdAt: row.created_at,
    createdBy: { kind: row.created_by_kind, id: row.created_by_id, displayName: row.created_by_name },
    updatedAt: row.updated_at,
    version: row.version,
  };
}

export function nameColumns(displayName: string, email: string) {
  return {
    display_name: displayName,
    name_key: nameKey(displayName),
    search_text: searchText(displayName, '', email),
  };
}

export function changed(
  action: 'member.invite' | 'member.resend' | 'member.join' | 'member.create' | 'member.update' | 'member.delete',
  row: PrincipalRow,
  details: Readonly<Record<string, unknown>>,
): Extract<Effect<Member>, { readonly changed: true }> {
  return {
    changed: true,
    result: toMember(row),
    audit: { action, target: { kind: 'member', id: row.id, displayName: row.display_name }, details },
    change: { kind: 'member', subjectId: row.id },
  };
}

async function requireRoleChange(mutation: Mutation, row: PrincipalRow, role: OrganizationRole): Promise<void> {
  const { actor } = mutation;
  if (actor?.record.principal.id === row.id)
    throw lockedOut('change the organization role of the member who asks for it');
  if (actor) requireOrganizationRoleGrantable(actor.subject, row.organization_role, role);
  await requireAnotherAdmin(mutation, row);
}

/** One admin who is a person and has joined stays. Under the organization's lock, so two at once cannot both go. */
async function requireAnotherAdmin({ db, context }: Mutation, row: PrincipalRow): Promise<void> {
  if (row.organization_role !== 'admin' || row.status !== 'active') return;
  const other = await db
    .selectFrom('principal')
    .select('id')
    .where('organization_id', '=', context.organizationId)
    .where('kind', '=', 'member')
    .where('status', '=', 'active')
    .where('organization_role', '=', 'admin')
    .where('id', '<>', row.id)
    .limit(1)
    .executeTakeFirst();
  if (!other) throw new DomainError('member.last_admin');
}
