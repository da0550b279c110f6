import { LATEST_TIME_MS, SECOND_MS } from './clock.ts';
import {
  type Authorized,
  boundKey,
  type Caller,
  type Domain,
  type MutationOptions,
  mutationContext,
  plainContext,
  toClaim,
} from './command.ts';
import { DomainError, invalidField } from './error.ts';
import { newId, type PrincipalId, type WorkspaceId } from './id.ts';
import { type BoundIdempotencyKey, openTokenValue, type SealedGeneration, sealTokenValue } from './idempotency.ts';
import type { TokenRecord } from './principal.ts';
import { type Restrictions, requireNetworks } from './restriction.ts';
import type { Committed, IdempotencyClaim, RequestFacts } from './storage.ts';
import type { NewGeneration, RevokedTokens, TokenAddress, TokenChange, TokenRevocation } from './storage-token.ts';
import { parseDescription, parseName } from './text.ts';
import { formatTime, parseTime } from './time.ts';
import { OVERLAP_MAX_SECONDS, type Token } from './token.ts';
import { digestToken } from './token-digest.ts';
import { mintTokenValue, type TokenValue, tokenHint } from './token-value.ts';

export interface TokenInput {
  readonly name: string;
  readonly description?: string;
  /** RFC 3339; null or absent = never expires. */
  readonly expiresAt?: string | null;
  readonly restrictions?: RestrictionsInput | null;
}

/** Restrictions as they are asked for: workspaces by id or name. */
export interface RestrictionsInput extends Omit<Restrictions, 'workspaces'> {
  readonly workspaces?: readonly string[];
}

export interface RefreshInput {
  /** RFC 3339; null = never expires; absent = the same lifetime again, from now. */
  readonly expiresAt?: string | null;
  /** 0 (default): the old value dies at once. */
  readonly overlapSeconds?: number;
}

/** A token with its value: the only answer that ever holds one. */
export interface IssuedToken extends Committed<Token> {
  readonly value: TokenValue;
}

export async function createToken(
  domain: Domain,
  caller: Authorized<'token.create' | null>,
  accountId: PrincipalId,
  input: TokenInput,
  options: MutationOptions = {},
): Promise<IssuedToken> {
  const now = domain.storage.now();
  const id = newId('token', domain.storage, domain.random);
  const name = parseName(input.name, '/name');
  const description = parseDescription(input.description ?? '', '/description');
  const issue = mintGeneration(domain, parseExpiry(input.expiresAt ?? null, now));
  const restrictions = input.restrictions ? await parseRestrictions(domain, caller, input.restrictions) : null;
  const bound = boundKey(domain, caller, options);
  const idempotency = claim(domain, bound, issue.value, { tokenId: id, generation: 1 });
  const context = mutationContext(domain, caller, { idempotency, at: now });
  const committed = await domain.storage.createToken(context, {
    id,
    accountId,
    name,
    description,
    restrictions,
    ...issue.generation,
  });
  return withValue(domain, committed, bound, issue.value);
}

/** Same token, new value; the old one dies at once, or after the overlap. */
export async function refreshToken(
  domain: Domain,
  caller: Authorized<'token.refresh' | null>,
  address: TokenAddress,
  input: RefreshInput,
  options: MutationOptions = {},
): Promise<IssuedToken> {
  const now = domain.storage.now();
  const overlapSeconds = parseOverlap(input.overlapSeconds ?? 0);
  const asked = input.expiresAt === undefined ? undefined : parseExpiry(input.expiresAt, now);
  const found = await domain.storage.findToken(caller.record.organization.id, address);
  // Without a token the operation itself says so, after the wait that every answer about a revoked thing owes.
  const generation = found?.generation ?? 0;
  const issue = mintGeneration(domain, asked === undefined && found ? sameLifetimeAgain(found, now) : (asked ?? null));
  const bound = boundKey(domain, caller, options);
  const idempotency = claim(domain, bound, issue.value, { tokenId: address.tokenId, generation: generation + 1 });
  const context = mutationContext(domain, caller, { ...options, idempotency, at: now });
  const committed = await domain.storage.refreshToken(context, {
    ...address,
    generation,
    next: issue.generation,
    overlapUntil: overlapSeconds === 0 ? null : now + overlapSeconds * SECOND_MS,
  });
  return withValue(domain, committed, bound, issue.value);
}

export async function updateToken(
  domain: Domain,
  caller: Authorized<'token.update' | null>,
  address: TokenAddress,
  input: {
    readonly name?: string;
    readonly description?: string;
    readonly expiresAt?: string;
    readonly restrictions?: RestrictionsInput;
  },
  options: MutationOptions = {},
): Promise<Committed<Token>> {
  const change: TokenChange = {
    ...(input.restrictions !== undefined && {
      restrictions: await parseRestrictions(domain, caller, input.restrictions),
    }),
    ...(input.name !== undefined && { name: parseName(input.name, '/name') }),
    ...(input.description !== undefined && { description: parseDescription(input.description, '/description') }),
    ...(input.expiresAt !== undefined && { expiresAt: parseFuture(input.expiresAt, domain.storage.now()) }),
  };
  return domain.storage.updateToken(mutationContext(domain, caller, options), address, change);
}

/** The retiring value ends now. */
export async function endTokenOverlap(
  domain: Domain,
  caller: Authorized<'token.refresh' | null>,
  address: TokenAddress,
  options: MutationOptions = {},
): Promise<Committed<Token>> {
  return domain.storage.endTokenOverlap(mutationContext(domain, caller, options), address);
}

export async function deleteToken(
  domain: Domain,
  caller: Authorized<'token.delete' | null>,
  address: TokenAddress,
  options: MutationOptions = {},
): Promise<Committed<null>> {
  return domain.storage.deleteToken(mutationContext(domain, caller, options), address);
}

/** A token ends itself; being that token is permission enough. */
export async function deleteOwnToken(domain: Domain, caller: Authorized<null>): Promise<Committed<null>> {
  const { principal, token } = caller.record;
  if (token === null) throw new DomainError('token.not_found');
  return domain.storage.deleteToken(mutationContext(domain, caller), { accountId: principal.id, tokenId: token.id });
}

/**
 * Whoever holds a value may end its token (RFC 7009), also one that is refused here and now, by its networks, by the plan, by
 * policy or in quarantine. Undefined when the value has ended for good; that, too, is answered only once no serving process
 * takes it for valid.
 */
export async function revokePresentedToken(
  domain: Domain,
  record: TokenRecord,
  request: RequestFacts,
): Promise<Committed<null> | undefined> {
  const { token, principal, organization } = record;
  const { id: tokenId, generation } = token;
  const actor = { kind: 'holder', accountId: principal.id, tokenId, generation } as const;
  const context = plainContext(domain, organization.id, actor, request);
  try {
    return await domain.storage.deleteToken(context, { accountId: principal.id, tokenId });
  } catch (error) {
    if (error instanceof DomainError && (error.code === 'token.invalid' || error.code === 'token.not_found'))
      return undefined;
    throw error;
  }
}

/**
 * Of a token whose value somebody reports as leaked: what the organization wants done is done. Nothing where it has ended
 * meanwhile.
 */
export async function reportLeakedToken(domain: Domain, record: TokenRecord, request: RequestFacts): Promise<void> {
  const { token, principal, organization } = record;
  const context = plainContext(domain, organization.id, { kind: 'system' }, request);
  const leaked = { accountId: principal.id, tokenId: token.id, generation: token.generation };
  try {
    await domain.storage.reportLeakedToken(context, leaked);
  } catch (error) {
    if (!(error instanceof DomainError && error.code === 'token.not_found')) throw error;
  }
}

export async function deleteTokens(
  domain: Domain,
  caller: Authorized<'token.delete'>,
  accountId: PrincipalId,
  options: MutationOptions = {},
): Promise<Committed<number>> {
  return domain.storage.deleteTokens(mutationContext(domain, caller, options), accountId);
}

export async function revokeTokens(
  domain: Domain,
  caller: Authorized<'token.delete'>,
  revocation: TokenRevocation,
  options: MutationOptions = {},
): Promise<Committed<RevokedTokens>> {
  return domain.storage.revokeTokens(mutationContext(domain, caller, options), revocation);
}

function mintGeneration(domain: Domain, expiresAt: number | null): { value: TokenValue; generation: NewGeneration } {
  const value = mintTokenValue(domain.random);
  return { value, generation: { digest: digestToken(value, domain.keys.current), hint: tokenHint(value), expiresAt } };
}

function claim(
  domain: Domain,
  bound: BoundIdempotencyKey | null,
  value: TokenValue,
  generation: SealedGeneration,
): IdempotencyClaim | null {
  if (!bound) return null;
  return toClaim(bound, sealTokenValue(value, bound, generation, domain.keys, domain.random));
}

/** The value that goes with the answer: the new one, or in a replay the one that was answered then. */
function withValue(
  domain: Domain,
  committed: Committed<Token>,
  bound: BoundIdempotencyKey | null,
  minted: TokenValue,
): IssuedToken {
  if (!committed.replay) return { ...committed, value: minted };
  const { sealed } = committed.replay;
  if (!bound || sealed === null) throw new DomainError('idempotency.superseded');
  const generation = { tokenId: committed.result.id, generation: committed.result.generation };
  return { ...committed, value: openTokenValue(sealed, bound, generation, domain.keys) };
}

function parseExpiry(text: string | null, now: number): number | null {
  return text === null ? null : parseFuture(text, now);
}

function parseFuture(text: string, now: number): number {
  const time = parseTime(text, '/expiresAt');
  if (time <= now) throw invalidField('/expiresAt', `must be in the future; it is ${formatTime(now)} now`);
  return time;
}

function parseOverlap(seconds: number): number {
  if (Number.isInteger(seconds) && seconds >= 0 && seconds <= OVERLAP_MAX_SECONDS) return seconds;
  throw invalidField('/overlapSeconds', `must be a whole number of seconds from 0 to ${OVERLAP_MAX_SECONDS}`);
}

function sameLifetimeAgain(token: Token, now: number): number | null {
  if (token.expiresAt === null) return null;
  return Math.min(now + (token.expiresAt - (token.refreshedAt ?? token.createdAt)), LATEST_TIME_MS);
}

/** Throws `request.invalid`. Whether permission names are known is checked under the lock. */
async function parseRestrictions(
  domain: Pick<Domain, 'storage'>,
  caller: Caller,
  input: RestrictionsInput,
): Promise<Restrictions> {
  const { permissions, networks } = input;
  if (networks) requireNetworks(networks, '/restrictions/networks');
  const workspaces =
    input.workspaces && (await Promise.all(input.workspaces.map((reference, index) => findId(reference, index))));

  async function findId(reference: string, index: number): Promise<WorkspaceId> {
    const workspace = await domain.storage.findWorkspace(caller.record.organization.id, reference);
    if (!workspace) throw invalidField(`/restrictions/workspaces/${index}`, 'is not a workspace');
    return workspace.id;
  }

  return {
    ...(permissions && { permissions }),
    ...(workspaces && { workspaces: [...new Set(workspaces)].sort() }),
    ...(networks && { networks: [...new Set(networks)] }),
  };
}
