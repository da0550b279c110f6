import {
  lockedOut,
  type MutationContext,
  type OrganizationId,
  type RevokedTokens,
  type TokenId,
  type TokenRevocation,
} from '@postern/core';
import type { ExpressionBuilder, ExpressionWrapper, Kysely, SqlBool } from 'kysely';
import { wipeSealsOfDeletedTokens } from './idempotency.ts';
import { type Commit, type Effect, type Mutation, type MutationScope, mutate, unchanged } from './mutation.ts';
import { inParts } from './part.ts';
import type { Reading } from './reading.ts';
import type { Schema } from './schema.ts';
import { selectTokens, toToken } from './token.ts';
import { IS_LIVING } from './token-living.ts';

/** How many of the revoked tokens an answer shows. */
const SHOWN = 200;
/** Ids per statement: below every engine's limit of parameters. */
const IDS_PER_STATEMENT = 5_000;

interface Ended {
  readonly id: string;
  readonly account_id: string;
}

export async function listRevocableTokens(
  { db, now }: Reading,
  organizationId: OrganizationId,
  revocation: TokenRevocation,
): Promise<RevokedTokens> {
  const { count } = await db
    .selectFrom('token')
    .select((select) => select.fn.countAll<number>().as('count'))
    .where((where) => isMeant(where, organizationId, revocation))
    .executeTakeFirstOrThrow();
  const rows = await selectTokens(db, organizationId, now)
    .where((where) => isMeant(where, organizationId, revocation))
    .orderBy('token.id')
    .limit(SHOWN)
    .execute();
  return { revoked: count, tokens: rows.map(toToken) };
}

export function revokeTokens(
  scope: MutationScope,
  context: MutationContext,
  revocation: TokenRevocation,
): Promise<Commit<RevokedTokens>> {
  return mutate(scope, context, async (mutation) => {
    const { db, actor, organization } = mutation;
    // The update itself decides which tokens are meant: use may be recorded meanwhile.
    const ended: readonly Ended[] = await db
      .updateTable('token')
      .set((token) => ({ deleted_at: context.at, version: token('version', '+', 1) }))
      .where((where) => isMeant(where, organization.id, revocation))
      .returning(['id', 'account_id'])
      .execute();
    if (ended.length === 0) return unchanged({ revoked: 0, tokens: [] });
    if (actor && ended.some(({ id }) => id === actor.record.token?.id))
      throw lockedOut('revoke the token that asks for it');
    const tokens = await readAsTheyWere(mutation, ended);
    await wipeSealsOfDeletedTokens(db, organization.id);
    await recount(db, ended);
    return effect(mutation, revocation, { revoked: ended.length, tokens }, ended);
  });
}

/** Not deleted, and meeting every condition that is there. */
function isMeant(
  where: ExpressionBuilder<Schema, 'token'>,
  organizationId: OrganizationId,
  { accountId, createdBy, createdBefore, unusedSince }: TokenRevocation,
): ExpressionWrapper<Schema, 'token', SqlBool> {
  const conditions = [where('token.organization_id', '=', organizationId), where.and([IS_LIVING])];
  if (accountId !== null) conditions.push(where('token.account_id', '=', accountId));
  if (createdBy !== null) conditions.push(where('token.created_by_id', '=', createdBy));
  if (createdBefore !== null) conditions.push(where('token.created_at', '<', createdBefore));
  if (unusedSince !== null) {
    conditions.push(where('token.last_used_at', '<', unusedSince), where('token.created_at', '<', unusedSince));
  }
  return where.and(conditions);
}

/** Only the end has to be taken back: nothing else of a token changes with it. */
async function readAsTheyWere({ db, context }: Mutation, ended: readonly Ended[]) {
  const first = ended
    .map(({ id }) => id)
    .sort()
    .slice(0, SHOWN);
  const rows = await selectTokens(db, context.organizationId, context.at)
    .where('token.id', 'in', first)
    .orderBy('token.id')
    .execute();
  return rows.map((row) => toToken({ ...row, deleted_at: null, version: row.version - 1 }));
}

async function recount(db: Kysely<Schema>, ended: readonly Ended[]): Promise<void> {
  for (const ids of inParts([...new Set(ended.map((token) => token.account_id))], IDS_PER_STATEMENT)) {
    await db
      .updateTable('principal')
      .set((account) => ({
        token_count: account
          .selectFrom('token')
          .select((select) => select.fn.countAll<number>().as('count'))
          .whereRef('token.organization_id', '=', 'principal.organization_id')
          .whereRef('token.account_id', '=', 'principal.id')
          .where(IS_LIVING),
      }))
      .where('id', 'in', ids)
      .execute();
  }
}

function effect(
  { organization, context }: Mutation,
  revocation: TokenRevocation,
  result: RevokedTokens,
  ended: readonly Ended[],
): Effect<RevokedTokens> {
  const accountIds = new Set(ended.map((token) => token.account_id));
  const [only] = accountIds.size === 1 ? accountIds : [];
  return {
    changed: true,
    result,
    audit: {
      action: 'token.revoke',
      target: { kind: 'organization', id: organization.id, displayName: organization.name },
      details: { ...revocation, tokensDeleted: result.revoked },
      concerned: [...accountIds],
    },
    // One change reaches all tokens of an account, or of the organization, at once.
    change:
      only === undefined
        ? { kind: 'organization', subjectId: context.organizationId }
        : { kind: 'service_account', subjectId: only },
    revokes: ended.map(({ id }) => ({ kind: 'token', id: id as TokenId })),
  };
}
