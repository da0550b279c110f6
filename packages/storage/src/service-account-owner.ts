import { invalidField, type MemberId } from '@postern/core';
import { sql } from 'kysely';
import type { Mutation } from './mutation.ts';

/** Accounts that the event of a removed member names; it counts all of them. */
const NAMED_MAX = 100;

/** Throws `request.invalid` for the first that is no member of the organization who has joined. */
export async function requireOwners({ db, context }: Mutation, owners: readonly MemberId[]): Promise<void> {
  if (owners.length === 0) return;
  const rows = await db
    .selectFrom('principal')
    .select('id')
    .where('organization_id', '=', context.organizationId)
    .where('kind', '=', 'member')
    .where('status', '=', 'active')
    .where('id', 'in', owners)
    .execute();
  const known = new Set(rows.map(({ id }) => id));
  const unknown = owners.findIndex((id) => !known.has(id));
  if (unknown >= 0) throw invalidField(`/owners/${unknown}`, 'must be a member who has joined');
}

/** Takes the member out of the owners of all accounts: of which ones, and what to tell of it in the event. */
export async function removeOwner(
  { db, context }: Mutation,
  id: MemberId,
): Promise<{ readonly accountIds: readonly string[]; readonly details: Readonly<Record<string, unknown>> }> {
  // The first or one in the middle, the last, the only one; in one statement, however many accounts there are.
  const quoted = JSON.stringify(id);
  const without = sql<string>`replace(replace(replace(owners, ${`${quoted},`}, ''), ${`,${quoted}`}, ''), ${quoted}, '')`;
  const rows = await db
    .updateTable('principal')
    .set((account) => ({ owners: without, version: account('version', '+', 1), updated_at: context.at }))
    .where('organization_id', '=', context.organizationId)
    .where(sql<boolean>`owners <> '[]'`)
    .where(sql<boolean>`owners <> ${without}`)
    .returning('id')
    .execute();
  const accountIds = rows.map((row) => row.id).sort();
  if (accountIds.length === 0) return { accountIds, details: {} };
  return {
    accountIds,
    details: { accountsDisowned: accountIds.length, disownedAccountIds: accountIds.slice(0, NAMED_MAX) },
  };
}
