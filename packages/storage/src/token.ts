import {
  type Creator,
  DomainError,
  type Ended,
  invalidField,
  lockedOut,
  type MutationContext,
  type NewToken,
  nameKey,
  type OrganizationId,
  type Permission,
  type PrincipalId,
  type Restrictions,
  requireMintable,
  requirePermission,
  requireStillAdmitted,
  type Token,
  type TokenAddress,
  type TokenChange,
  type TokenId,
} from '@postern/core';
import { type InferResult, type Insertable, type Kysely, sql } from 'kysely';
import { changedFields } from './changed-fields.ts';
import { type Write, writeAndRead } from './engine.ts';
import { fixedStatement } from './fixed-statement.ts';
import {
  type Commit,
  creatorOf,
  type Mutation,
  type MutationScope,
  mintingTokenOf,
  mutate,
  mutateWith,
  type ReadFirst,
  requirePlan,
  requireVersion,
  unchanged,
} from './mutation.ts';
import { searchText } from './page.ts';
import { requireKnown } from './permission.ts';
import { readPrincipal, requireFoundPrincipal } from './principal-row.ts';
import type { Reading } from './reading.ts';
import { requireNarrower, toRestrictions, toRestrictionsText } from './restriction.ts';
import { NEVER_ENDS, NEVER_USED, type Schema, type TokenTable } from './schema.ts';
import { digestWrite } from './token-digest.ts';
import { requireAllowedByPolicy } from './token-policy.ts';

export type TokenRow = InferResult<ReturnType<typeof selectTokens>>[number];

/**
 * Tokens of the organization, each with its retiring generation while that still works. Deleted tokens are among them.
 * Where a subquery names a few ids, `few` keeps the planners from walking the organization's other tokens.
 */
export function selectTokens(db: Kysely<Schema>, organizationId: OrganizationId, now: number, few = false) {
  return db
    .selectFrom('token')
    .leftJoin('token_digest as retiring', (join) =>
      join
        .onRef('retiring.token_id', '=', 'token.id')
        .on('retiring.state', '=', sql.lit('retiring'))
        .on('retiring.valid_until', '>', now),
    )
    .leftJoin('token_generation_use as retiring_use', (join) =>
      join
        .onRef('retiring_use.token_id', '=', 'retiring.token_id')
        .onRef('retiring_use.generation', '=', 'retiring.generation'),
    )
    .where(
      few ? sql<string>`token.organization_id || ''` : sql.ref<string>('token.organization_id'),
      '=',
      organizationId,
    )
    .selectAll('token')
    .select([
      'retiring.generation as retiring_generation',
      'retiring.hint as retiring_hint',
      'retiring.valid_until as retiring_valid_until',
      'retiring_use.last_at as retiring_last_used_at',
      'retiring_use.address as retiring_last_used_ip',
      'retiring_use.user_agent as retiring_last_used_user_agent',
    ]);
}

export async function findToken(
  { db, now }: Reading,
  organizationId: OrganizationId,
  address: TokenAddress,
): Promise<Token | undefined> {
  const row = await findRow(db, organizationId, address, now);
  return row && toToken(row);
}

export function createToken(scope: MutationScope, context: MutationContext, token: NewToken): Promise<Commit<Token>> {
  return mutateWith(scope, context, readPrincipal(token.accountId), async (mutation, found) => {
    const { db, actor } = mutation;
    const account = requireFoundPrincipal(found, token.accountId);
    requireOwner(mutation, token.accountId, 'token.create');
    if (account.kind === 'service_account') requirePlan(mutation);
    if (account.status === 'disabled') throw new DomainError('service_account.disabled');
    await requireAllowedByPolicy(mutation, token.accountId, token.expiresAt);
    if (actor) requireMintable(actor.record, account.organization_role, token);
    await requireKnownPermissions(mutation, token.restrictions);
    const minting = { creator: creatorOf(mutation), mintedBy: mintingTokenOf(mutation), at: context.at };
    const address = { accountId: token.accountId, tokenId: token.id };
    const writes = tokenWrites(db, token, context.organizationId, minting);
    const result = toToken(await writeAndRead(db, writes, () => requireToken(mutation, address)));
    return {
      changed: true,
      result,
      audit: {
        action: 'token.create',
        target: targetOf(result),
        details: {
          accountId: result.accountId,
          expiresAt: result.expiresAt,
          restrictions: result.restrictions,
          generation: 1,
        },
        concerned: [result.accountId],
      },
      change: { kind: 'token', subjectId: token.id },
      issued: { accountId: token.accountId, tokenId: token.id, generation: 1 },
    };
  });
}

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

/** The token's row, deleted ones excluded. Throws `token.not_found`. */
export async function requireToken(mutation: Mutation, address: TokenAddress): Promise<TokenRow> {
  return requireFound(await readToken(address)(mutation));
}

/** The same, to be read first, and to be required where it is its turn. */
export function readToken(address: TokenAddress): ReadFirst<TokenRow | undefined> {
  return ({ db, context }) => findRow(db, context.organizationId, address, context.at);
}

/** Throws `token.not_found`. */
export function requireFound(row: TokenRow | undefined): TokenRow {
  if (!row) throw new DomainError('token.not_found');
  return row;
}

/** The token, its first digest and the account's count. */
export function tokenWrites(
  db: Kysely<Schema>,
  token: NewToken,
  organizationId: OrganizationId,
  { creator, mintedBy, at }: { readonly creator: Creator; readonly mintedBy: TokenId | null; readonly at: number },
): readonly Write[] {
  const row: Insertable<TokenTable> = {
    id: token.id,
    organization_id: organizationId,
    account_id: token.accountId,
    name: token.name,
    description: token.description,
    name_key: nameKey(token.name),
    search_text: searchText(token.name, token.description),
    hint: token.hint,
    generation: 1,
    expires_at: token.expiresAt ?? NEVER_ENDS,
    restrictions: toRestrictionsText(token.restrictions),
    created_at: at,
    created_by_kind: creator.kind,
    created_by_id: creator.id,
    created_by_name: creator.displayName,
    minted_by: mintedBy,
    refreshed_at: null,
    last_used_at: NEVER_USED,
    last_used_ip: null,
    last_used_user_agent: null,
    deleted_at: null,
    version: 1,
  };
  return [
    tokenInsert.fill(db, row),
    digestWrite(db, token, { organizationId, tokenId: token.id, generation: 1, at }),
    oneTokenMore.fill(db, { accountId: token.accountId }),
  ];
}

const tokenInsert = fixedStatement((db, row: Insertable<TokenTable>) => db.insertInto('token').values(row));

const oneTokenMore = fixedStatement((db, { accountId }: { accountId: string }) =>
  db
    .updateTable('principal')
    .set((account) => ({ token_count: account('token_count', '+', 1) }))
    .where('id', '=', accountId),
);

export function targetOf({ id, name }: Pick<Token, 'id' | 'name'>) {
  return { kind: 'token', id, displayName: name } as const;
}

export function toToken(row: TokenRow): Token {
  return {
    id: row.id as TokenId,
    organizationId: row.organization_id as OrganizationId,
    accountId: row.account_id as PrincipalId,
    name: row.name,
    description: row.description,
    hint: row.hint,
    generation: row.generation,
    expiresAt: row.expires_at === NEVER_ENDS ? null : row.expires_at,
    restrictions: toRestrictions(row.restrictions),
    createdAt: row.created_at,
    createdBy: { kind: row.created_by_kind, id: row.created_by_id, displayName: row.created_by_name },
    mintedBy: row.minted_by as TokenId | null,
    refreshedAt: row.refreshed_at,
    lastUsedAt: row.last_used_at === NEVER_USED ? null : row.last_used_at,
    lastUsedIp: row.last_used_ip,
    lastUsedUserAgent: row.last_used_user_agent,
    previous: toRetiring(row),
    deletedAt: row.deleted_at,
    version: row.version,
  };
}

function toRetiring(row: TokenRow): Token['previous'] {
  const { retiring_generation: generation, retiring_hint: hint, retiring_valid_until: validUntil } = row;
  if (row.deleted_at !== null || generation === null || hint === null || validUntil === null) return null;
  return {
    generation,
    hint,
    validUntil,
    lastUsedAt: row.retiring_last_used_at,
    lastUsedIp: row.retiring_last_used_ip,
    lastUsedUserAgent: row.retiring_last_used_user_agent,
  };
}

const tokenOfAccount = fixedStatement(
  (db, of: { organizationId: OrganizationId; accountId: string; tokenId: string; now: number }) =>
    selectTokens(db, of.organizationId, of.now)
      .where('token.id', '=', of.tokenId)
      .where('token.account_id', '=', of.accountId)
      .where('token.deleted_at', 'is', null),
);

async function findRow(
  db: Kysely<Schema>,
  organizationId: OrganizationId,
  { accountId, tokenId }: TokenAddress,
  now: number,
): Promise<TokenRow | undefined> {
  const [row] = await tokenOfAccount(db, { organizationId, accountId, tokenId, now });
  return row;
}

/** Without the permission, people manage what is theirs. Throws `permission.missing`. */
export function requireOwner(
  { actor, context }: Pick<Mutation, 'actor' | 'context'>,
  accountId: PrincipalId,
  permission: Permission,
): void {
  if (!actor || context.permission !== null) return;
  const { principal, token } = actor.record;
  // A token that is narrower than its owner is not the owner.
  const isOwner = principal.kind === 'member' && principal.id === accountId && !token?.restrictions;
  if (!isOwner) requirePermission(actor.subject, permission);
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

/** Throws `request.invalid` for a permission that is neither built in nor registered. */
function requireKnownPermissions({ db, context }: Mutation, restrictions: Restrictions | null): Promise<void> {
  return requireKnown(db, context.organizationId, restrictions?.permissions ?? [], '/restrictions/permissions');
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
