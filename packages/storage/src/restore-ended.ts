import {
  type Ended,
  type OrganizationId,
  planIncludesServiceAccounts,
  stricterPolicy,
  type TokenPolicy,
} from '@postern/core';
import { type Kysely, sql } from 'kysely';
import type { Schema } from './schema.ts';
import { IS_LIVING } from './token-living.ts';

/**
 * Takes away from a copy of the database what a revocation took away from the database: at least that, never less. What is
 * not in the copy needs nothing. Unless what was set comes in the order in which it was set, the stricter holds.
 */
export async function applyEnded(
  db: Kysely<Schema>,
  organizationId: OrganizationId,
  ended: Ended,
  { at, ordered }: { readonly at: number; readonly ordered: boolean },
): Promise<void> {
  switch (ended.kind) {
    case 'token':
      return endTokens(db, organizationId, { id: ended.id }, at);
    case 'tokens':
      return endTokens(db, organizationId, { accountId: ended.id }, at);
    case 'generation':
      return endGenerations(db, organizationId, ended, at);
    case 'expiry':
      return shorten(db, organizationId, ended);
    case 'principal':
      await endTokens(db, organizationId, { accountId: ended.id }, at);
      return endPrincipal(db, organizationId, ended);
    case 'organization_role':
      await db
        .updateTable('principal')
        .set({ organization_role: 'member' })
        .where('id', '=', ended.id)
        .where('organization_id', '=', organizationId)
        .execute();
      return;
    case 'policy':
      return setPolicy(db, organizationId, ended.policy, ordered);
    case 'plan':
      if (!ordered && planIncludesServiceAccounts(ended.plan)) return;
      await db.updateTable('organization').set({ plan: ended.plan }).where('id', '=', organizationId).execute();
      return;
    default:
      return endAccess(db, organizationId, ended);
  }
}

async function setPolicy(
  db: Kysely<Schema>,
  organizationId: OrganizationId,
  policy: TokenPolicy,
  ordered: boolean,
): Promise<void> {
  const { token_policy: present } = await db
    .selectFrom('organization')
    .select('token_policy')
    .where('id', '=', organizationId)
    .executeTakeFirstOrThrow();
  const set = ordered ? policy : stricterPolicy(JSON.parse(present) as TokenPolicy, policy);
  await db
    .updateTable('organization')
    .set({ token_policy: JSON.stringify(set) })
    .where('id', '=', organizationId)
    .execute();
}

/** What is counted beside the rows is counted anew. */
export async function recountTokens(db: Kysely<Schema>): Promise<void> {
  await db
    .updateTable('principal')
    .set((account) => ({
      version: account('version', '+', 1),
      token_count: account
        .selectFrom('token')
        .select((select) => select.fn.countAll<number>().as('count'))
        .whereRef('token.organization_id', '=', 'principal.organization_id')
        .whereRef('token.account_id', '=', 'principal.id')
        .where(IS_LIVING),
    }))
    .execute();
  await db
    .updateTable('principal_group')
    .set((group) => ({
      member_count: group
        .selectFrom('group_member')
        .select((select) => select.fn.countAll<number>().as('count'))
        .whereRef('group_member.group_id', '=', 'principal_group.id'),
    }))
    .execute();
}

async function endTokens(
  db: Kysely<Schema>,
  organizationId: OrganizationId,
  which: { readonly id: string } | { readonly accountId: string },
  at: number,
): Promise<void> {
  const tokens = db
    .updateTable('token')
    .set((token) => ({ deleted_at: at, version: token('version', '+', 1) }))
    .where('organization_id', '=', organizationId)
    .where('deleted_at', 'is', null);
  await ('id' in which
    ? tokens.where('id', '=', which.id)
    : tokens.where('account_id', '=', which.accountId)
  ).execute();
}

/** Where the copy's newest generation has ended the token is expired: its holders have the value that came after. */
async function endGenerations(
  db: Kysely<Schema>,
  organizationId: OrganizationId,
  { id, generation, until }: Extract<Ended, { kind: 'generation' }>,
  at: number,
): Promise<void> {
  const end = until ?? at;
  await db
    .updateTable('token_digest')
    .set({ valid_until: earlier('valid_until', end) })
    .where('token_id', '=', id)
    .where('organization_id', '=', organizationId)
    .where('generation', '<=', generation)
    .where('state', '<>', 'retired')
    .execute();
  if (end <= at) {
    await db
      .updateTable('token_digest')
      .set({ state: 'retired', retired_at: at })
      .where('token_id', '=', id)
      .where('organization_id', '=', organizationId)
      .where('generation', '<=', generation)
      .where('state', '<>', 'retired')
      .execute();
  }
  await db
    .updateTable('token')
    .set((token) => ({ expires_at: earlier('expires_at', end), version: token('version', '+', 1) }))
    .where('id', '=', id)
    .where('organization_id', '=', organizationId)
    .where('generation', '<=', generation)
    .execute();
}

async function shorten(
  db: Kysely<Schema>,
  organizationId: OrganizationId,
  { id, until }: Extract<Ended, { kind: 'expiry' }>,
): Promise<void> {
  await db
    .updateTable('token_digest')
    .set({ valid_until: earlier('valid_until', until) })
    .where('token_id', '=', id)
    .where('organization_id', '=', organizationId)
    .execute();
  await db
    .updateTable('token')
    .set((token) => ({ expires_at: earlier('expires_at', until), version: token('version', '+', 1) }))
    .where('id', '=', id)
    .where('organization_id', '=', organizationId)
    .execute();
}

async function endPrincipal(
  db: Kysely<Schema>,
  organizationId: OrganizationId,
  { id, status }: Extract<Ended, { kind: 'principal' }>,
): Promise<void> {
  const found = await db
    .selectFrom('principal')
    .select(['status', 'user_id'])
    .where('id', '=', id)
    .where('organization_id', '=', organizationId)
    .executeTakeFirst();
  if (!found || found.status === 'deleted') return;
  if (status === 'deleted') {
    await db.deleteFrom('group_member').where('principal_id', '=', id).execute();
    await db.deleteFrom('workspace_member').where('principal_id', '=', id).execute();
    await db.deleteFrom('invitation').where('member_id', '=', id).execute();
    if (found.user_id !== null) await db.deleteFrom('auth_user').where('id', '=', found.user_id).execute();
  }
  await db
    .updateTable('principal')
    .set(status === 'deleted' ? { status, user_id: null } : { status })
    .where('id', '=', id)
    .execute();
}

/** Memberships, and what access hangs on. Ids are random and never come again, so an organization's are its own. */
async function endAccess(
  db: Kysely<Schema>,
  organizationId: OrganizationId,
  ended: Extract<
    Ended,
    { kind: 'group_member' | 'workspace_member' | 'workspace_group' | 'group' | 'workspace' | 'role' | 'permission' }
  >,
): Promise<void> {
  const { id } = ended;
  switch (ended.kind) {
    case 'group_member':
      await db
        .deleteFrom('group_member')
        .where('group_id', '=', id)
        .where('principal_id', '=', ended.principalId)
        .execute();
      return;
    case 'workspace_member':
      await db
        .deleteFrom('workspace_member')
        .where('workspace_id', '=', id)
        .where('principal_id', '=', ended.principalId)
        .execute();
      return;
    case 'workspace_group':
      await db
        .deleteFrom('workspace_group')
        .where('workspace_id', '=', id)
        .where('group_id', '=', ended.groupId)
        .execute();
      return;
    case 'group':
      await db.deleteFrom('workspace_group').where('group_id', '=', id).execute();
      await db.deleteFrom('group_member').where('group_id', '=', id).execute();
      await db.deleteFrom('principal_group').where('id', '=', id).execute();
      return;
    case 'workspace':
      await db.deleteFrom('workspace_group').where('workspace_id', '=', id).execute();
      await db.deleteFrom('workspace_member').where('workspace_id', '=', id).execute();
      await db.deleteFrom('workspace').where('id', '=', id).execute();
      return;
    case 'role':
      await db.updateTable('role').set({ permissions: '[]' }).where('id', '=', id).execute();
      return;
    case 'permission':
      await db
        .deleteFrom('registered_permission')
        .where('organization_id', '=', organizationId)
        .where('name', '=', id)
        .execute();
  }
}

function earlier(column: 'valid_until' | 'expires_at', until: number) {
  return sql<number>`case when ${sql.ref(column)} > ${until} then ${until} else ${sql.ref(column)} end`;
}
