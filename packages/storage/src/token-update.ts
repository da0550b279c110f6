import {
  type Ended,
  invalidField,
  lockedOut,
  type MutationContext,
  nameKey,
  type Restrictions,
  requireStillAdmitted,
  type Token,
  type TokenAddress,
  type TokenChange,
  type TokenId,
} from '@postern/core';
import { changedFields } from './changed-fields.ts';
import { type Commit, type Mutation, type MutationScope, mutate, requireVersion, unchanged } from './mutation.ts';
import { searchText } from './page.ts';
import { requireNarrower, toRestrictions, toRestrictionsText } from './restriction.ts';
import { requireKnownPermissions, requireOwner, requireToken, type TokenRow, targetOf, toToken } from './token.ts';

export function updateToken(
  scope: MutationScope,
  context: MutationContext,
  address: TokenAddress,
  change: TokenChange,
): Promise<Commit<Token>> {
  return mutate(scope, context, async (mutation) => {
    const row = await requireToken(mutation, address);
    requireOwner(mutation, address.accountId, 'token.update');
    requireVersion(context, row.version);
    const before = toToken(row);
    const restrictions = change.restrictions ? toRestrictionsText(change.restrictions) : row.restrictions;
    const fields = changedFields(before, {
      ...change,
      ...(change.restrictions && { restrictions: toRestrictions(restrictions) }),
    });
    if (fields.changed.length === 0) return unchanged(before);
    if (change.restrictions) await narrow(mutation, before, change.restrictions);
    if (change.expiresAt !== undefined) await shorten(mutation, row, change.expiresAt);
    const name = change.name ?? row.name;
    const description = change.description ?? row.description;
    await mutation.db
      .updateTable('token')
      .set({
        name,
        description,
        name_key: nameKey(name),
        search_text: searchText(name, description),
        restrictions,
        version: row.version + 1,
      })
      .where('id', '=', row.id)
      .execute();
    const result = toToken(await requireToken(mutation, address));
    return {
      changed: true,
      result,
      audit: {
        action: 'token.update',
        target: targetOf(result),
        details: { accountId: result.accountId, ...fields },
        concerned: [result.accountId],
      },
      change: { kind: 'token', subjectId: row.id },
      revokes: narrowedBy(change, row),
    };
  });
}

/** What is narrower than before cannot be said by ids: a copy that knows the wider token ends it. */
function narrowedBy({ restrictions, expiresAt }: TokenChange, row: TokenRow): readonly Ended[] {
  const id = row.id as TokenId;
  if (restrictions !== undefined) return [{ kind: 'token', id }];
  return expiresAt === undefined ? [] : [{ kind: 'expiry', id, until: expiresAt }];
}

/** Throws `request.invalid` for wider restrictions, `caller.locked_out` where the token that asks would not work from here. */
async function narrow(mutation: Mutation, before: Token, restrictions: Restrictions): Promise<void> {
  const { context, actor } = mutation;
  requireNarrower(restrictions, before.restrictions);
  // What the token was restricted to already may have been unregistered since.
  if (!before.restrictions?.permissions) await requireKnownPermissions(mutation, restrictions);
  if (actor?.record.token?.id !== before.id) return;
  requireStillAdmitted(
    actor.record,
    { token: { restrictions } },
    context,
    'keep the token that asks for it from its own network',
  );
}

/** Ends the token, and a value that is retiring, at the given time instead of later. */
async function shorten({ db, context, actor }: Mutation, row: TokenRow, expiresAt: number): Promise<void> {
  if (expiresAt > row.expires_at) throw invalidField('/expiresAt', 'must not be later than it is now');
  if (expiresAt <= context.at && actor?.record.token?.id === row.id) throw lockedOut('end the token that asks for it');
  await db.updateTable('token').set({ expires_at: expiresAt }).where('id', '=', row.id).execute();
  await db
    .updateTable('token_digest')
    .set({ valid_until: expiresAt })
    .where('token_id', '=', row.id)
    .where('state', '<>', 'retired')
    .where('valid_until', '>', expiresAt)
    .execute();
}
