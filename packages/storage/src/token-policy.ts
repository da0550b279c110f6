import { type GroupId, type PrincipalId, requireTokenPolicy } from '@postern/core';
import type { Mutation } from './mutation.ts';

/** For a generation that the account is about to get. Throws `token.policy_forbids`, `token.expiry_not_allowed`. */
export async function requireAllowedByPolicy(
  { db, organization, context }: Mutation,
  accountId: PrincipalId,
  expiresAt: number | null,
): Promise<void> {
  const { tokenPolicy } = organization;
  const groups =
    typeof tokenPolicy.creation === 'string'
      ? []
      : await db
          .selectFrom('group_member')
          .select('group_id as id')
          .where('principal_id', '=', accountId)
          .$castTo<{ readonly id: GroupId }>()
          .execute();
  requireTokenPolicy(tokenPolicy, groups, { startedAt: context.at, expiresAt });
}
