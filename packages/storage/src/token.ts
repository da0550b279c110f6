import {
  DomainError,
  type OrganizationId,
  type Permission,
  type PrincipalId,
  type Restrictions,
  requirePermission,
  type Token,
  type TokenAddress,
  type TokenId,
} from '@postern/core';
import { type InferResult, type Kysely, sql } from 'kysely';
import { fixedStatement } from './fixed-statement.ts';
import type { Mutation, ReadFirst } from './mutation.ts';
import { requireKnown } from './permission.ts';
import type { Reading } from './reading.ts';
import { toRestrictions } from './restriction.ts';
import { NEVER_ENDS, NEVER_USED, type Schema } from './schema.ts';
import { IS_LIVING } from './token-living.ts';

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
      .where(IS_LIVING),
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

/** Throws `request.invalid` for a permission that is neither built in nor registered. */
export function requireKnownPermissions({ db, context }: Mutation, restrictions: Restrictions | null): Promise<void> {
  return requireKnown(db, context.organizationId, restrictions?.permissions ?? [], '/restrictions/permissions');
}
