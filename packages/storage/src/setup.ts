import {
  DomainError,
  type FoundSetup,
  type Member,
  type MutationContext,
  type OrganizationId,
  type SetupCompletion,
  type SetupLink,
} from '@postern/core';
import type { Kysely } from 'kysely';
import { newMemberRow, toMember } from './member.ts';
import { type Commit, type Effect, type Mutation, type MutationScope, mutate } from './mutation.ts';
import type { Reading } from './reading.ts';
import type { Schema } from './schema.ts';
import { insertSignInUser } from './sign-in.ts';

/** A link for the first person. Those that are over are forgotten. */
export function createSetupLink(
  scope: MutationScope,
  context: MutationContext,
  { digest, expiresAt, endsOthers }: SetupLink,
): Promise<Commit<null>> {
  return mutate(scope, context, async (mutation) => {
    const { db, organization } = mutation;
    const ends = db.deleteFrom('setup_link');
    await (endsOthers ? ends : ends.where('expires_at', '<=', context.at)).execute();
    const link = { digest, organization_id: organization.id, expires_at: expiresAt };
    await db.insertInto('setup_link').values(link).execute();
    const name = await nameOf(mutation);
    return changed('organization.setup_link', organization.id, name, { endsOthers }, null);
  });
}

/** What a link for the first person leads to; undefined when it is not, or no longer, one. */
export async function findSetup({ db, now }: Reading, digest: string): Promise<FoundSetup | undefined> {
  const row = await db
    .selectFrom('setup_link')
    .innerJoin('organization', 'organization.id', 'setup_link.organization_id')
    .select(['organization.id', 'organization.name', 'setup_link.expires_at'])
    .where('setup_link.digest', '=', digest)
    .where('setup_link.expires_at', '>', now)
    .executeTakeFirst();
  if (!row || (await hasPeople(db))) return undefined;
  return { organizationId: row.id as OrganizationId, organizationName: row.name, expiresAt: row.expires_at };
}

/** The first person, and the name of the organization. Under its lock, so of two at once one is too late. */
export function completeSetup(
  scope: MutationScope,
  context: MutationContext,
  { digest, memberId, organizationName, user }: SetupCompletion,
): Promise<Commit<Member>> {
  return mutate(scope, context, async ({ db, organization }) => {
    const used = await db
      .deleteFrom('setup_link')
      .where('digest', '=', digest)
      .where('organization_id', '=', organization.id)
      .where('expires_at', '>', context.at)
      .returning('digest')
      .executeTakeFirst();
    if (!used || (await hasPeople(db))) throw new DomainError('setup.link_invalid');
    await db.deleteFrom('setup_link').execute();
    await insertSignInUser(db, user, context.at);
    const person = { id: memberId, email: user.email, displayName: user.name, organizationRole: 'admin' } as const;
    const standing = { organizationId: organization.id, status: 'active', userId: user.id } as const;
    const self = { kind: 'member', id: memberId, displayName: user.name } as const;
    const row = newMemberRow(person, standing, self, context.at);
    await db.insertInto('principal').values(row).execute();
    await db.updateTable('organization').set({ name: organizationName }).where('id', '=', organization.id).execute();
    const member = { id: memberId, displayName: user.name };
    return changed('organization.setup', organization.id, organizationName, { member }, toMember(row));
  });
}

function changed<Result>(
  action: 'organization.setup_link' | 'organization.setup',
  id: OrganizationId,
  displayName: string,
  details: Readonly<Record<string, unknown>>,
  result: Result,
): Effect<Result> {
  return {
    changed: true,
    result,
    audit: { action, target: { kind: 'organization', id, displayName }, details },
    change: { kind: 'organization', subjectId: id },
  };
}

async function hasPeople(db: Kysely<Schema>): Promise<boolean> {
  const person = await db.selectFrom('principal').select('id').where('kind', '=', 'member').limit(1).executeTakeFirst();
  return person !== undefined;
}

async function nameOf({ db, organization }: Mutation): Promise<string> {
  const { id } = organization;
  return (await db.selectFrom('organization').select('name').where('id', '=', id).executeTakeFirstOrThrow()).name;
}
