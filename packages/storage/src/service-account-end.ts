import { lockedOut, type MutationContext, type ServiceAccount, type ServiceAccountId } from '@postern/core';
import { type Commit, type Mutation, type MutationScope, mutate, requireVersion, unchanged } from './mutation.ts';
import { forgetPermissionUses } from './permission-use.ts';
import { removeMemberships } from './principal.ts';
import { type PrincipalRow, requirePrincipalRow, updatePrincipal } from './principal-row.ts';
import { toServiceAccount } from './service-account.ts';
import { endTokensWithAccount } from './token-end.ts';

/** The account stays, disabled; its tokens end for good. */
export function disableServiceAccount(
  scope: MutationScope,
  context: MutationContext,
  id: ServiceAccountId,
): Promise<Commit<ServiceAccount>> {
  return mutate(scope, context, async (mutation) => {
    const row = await requirePrincipalRow(mutation, id);
    requireVersion(context, row.version);
    requireOther(mutation, id, 'disable');
    if (row.status === 'disabled') return unchanged(toServiceAccount(row));
    const { tokensDeleted, columns } = await endTokensWithAccount(mutation, row);
    const after = await updatePrincipal(mutation, row, { status: 'disabled', ...columns });
    return ended('service_account.disable', row, toServiceAccount(after), tokensDeleted);
  });
}

/** The account, its memberships and its tokens end for good; a tombstone keeps their ids taken. */
export function deleteServiceAccount(
  scope: MutationScope,
  context: MutationContext,
  id: ServiceAccountId,
): Promise<Commit<null>> {
  return mutate(scope, context, async (mutation) => {
    const row = await requirePrincipalRow(mutation, id);
    requireVersion(context, row.version);
    requireOther(mutation, id, 'delete');
    const { tokensDeleted, columns } = await endTokensWithAccount(mutation, row);
    await removeMemberships(mutation.db, id);
    await forgetPermissionUses(scope.engine, mutation.db, id);
    await updatePrincipal(mutation, row, { status: 'deleted', ...columns });
    return ended('service_account.delete', row, null, tokensDeleted);
  });
}

/** Throws `caller.locked_out` for the actor's own account. */
function requireOther({ actor }: Mutation, id: ServiceAccountId, verb: string): void {
  if (actor?.record.principal.id === id) throw lockedOut(`${verb} the account that asks for it`);
}

function ended<Result>(
  action: 'service_account.disable' | 'service_account.delete',
  row: PrincipalRow,
  result: Result,
  tokensDeleted: number,
) {
  return {
    changed: true,
    result,
    audit: {
      action,
      target: { kind: 'service_account', id: row.id, displayName: row.display_name },
      details: { tokensDeleted },
    },
    change: { kind: 'service_account', subjectId: row.id },
    revokes: [
      {
        kind: 'principal',
        id: row.id as ServiceAccountId,
        status: action === 'service_account.delete' ? 'deleted' : 'disabled',
      },
    ],
  } as const;
}
