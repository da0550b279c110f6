import {
  type Caller,
  createToken,
  DomainError,
  deleteToken,
  deleteTokens,
  formatTime,
  type IssuedToken,
  parseId,
  requireRecentSignIn,
  type Token,
  type TokenAddress,
  tokenStatus,
  type UsageCompleteness,
  updateToken,
} from '@postern/core';
import type { FastifyInstance } from 'fastify';
import Type from 'typebox';
import { created, gone, ok } from './answer.ts';
import { representReceipt, representTime, told } from './represent.ts';
import { RestrictionsSchema, representRestrictions } from './restriction.ts';
import { declareRoute } from './route.ts';
import { Closed, Creator, Description, Name, Nullable, OneOf, Receipt, RefTo, Time } from './schema.ts';
import type { Server } from './server.ts';
import { parseServiceAccountId, serviceAccountTarget } from './service-account.ts';

const PreviousValue = Closed(
  {
    hint: Type.String(),
    validUntil: Time(),
    lastUsedAt: Nullable(Time()),
    lastUsedIp: Nullable(Type.String()),
    lastUsedUserAgent: Nullable(Type.String()),
  },
  { $id: 'PreviousValue', description: 'The old value, while it still works beside the new one' },
);

const FIELDS = {
  id: Type.String(),
  accountId: Type.String({ description: 'The service account that it acts as' }),
  name: Type.String(),
  description: Type.String(),
  hint: Type.String({ description: 'The last four characters of the value before its checksum' }),
  status: OneOf(['active', 'expired']),
  expiresAt: Nullable(Time({ description: 'The first instant at which it is no longer valid; null = never expires' })),
  createdAt: Time(),
  createdBy: RefTo(Creator),
  refreshedAt: Nullable(Time()),
  lastUsedAt: Nullable(Time()),
  lastUsedIp: Nullable(Type.String()),
  lastUsedUserAgent: Nullable(Type.String()),
  usageCompleteUntil: Time({ description: 'Up to when all use is known' }),
  silentVerifiers: Type.Integer({
    description:
      'How many that verify tokens (processes of this server, verifiers outside) have told nothing of their use for some ' +
      'minutes: the last use may be later than what is known',
  }),
  restrictions: Nullable(RefTo(RestrictionsSchema)),
  previous: Type.Optional(RefTo(PreviousValue)),
  deletedAt: Type.Optional(Time({ description: 'Of deleted tokens only' })),
};

export const TokenSchema = Closed(FIELDS, { $id: 'Token', description: 'A token; never its value' });
export const IssuedTokenSchema = Closed(
  {
    token: RefTo(TokenSchema),
    value: Type.String({ description: 'The secret; shown in this answer only', pattern: '^pst_[0-9A-Za-z]{49}$' }),
    receipt: Type.Optional(RefTo(Receipt)),
  },
  { $id: 'IssuedToken', description: 'A token with its new value' },
);
export const TokenInput = Closed(
  {
    name: Name(),
    description: Type.Optional(Description()),
    expiresAt: Type.Optional(Nullable(Time({ description: 'null or absent = never expires' }))),
    restrictions: Type.Optional(Nullable(RefTo(RestrictionsSchema))),
  },
  { $id: 'TokenInput' },
);
export const TokenUpdate = Closed(
  {
    name: Type.Optional(Name()),
    description: Type.Optional(Description()),
    expiresAt: Type.Optional(Time({ description: 'Only ever earlier than it is' })),
    restrictions: Type.Optional(RefTo(RestrictionsSchema)),
  },
  { $id: 'TokenUpdate', description: 'Fields that are absent stay as they are' },
);
const DeletedTokens = Closed(
  { deleted: Type.Integer(), receipt: RefTo(Receipt) },
  { $id: 'DeletedTokens', description: 'How many tokens were deleted, and how far that has reached' },
);

export const TOKEN_SCHEMAS = [
  RestrictionsSchema,
  PreviousValue,
  TokenSchema,
  IssuedTokenSchema,
  TokenInput,
  TokenUpdate,
  DeletedTokens,
];

export const TOKENS_URL = '/api/v1/service-accounts/:id/tokens';
export const TOKEN_URL = `${TOKENS_URL}/:tokenId` as const;
export const TOKEN_TAG = 'Tokens';
const TOKEN = { description: 'The token', body: TokenSchema };

export function tokenRoutes(app: FastifyInstance, server: Server): void {
  declareRoute(app, server, {
    method: 'POST',
    url: TOKENS_URL,
    operation: 'createToken',
    tag: TOKEN_TAG,
    summary: 'Create a token; the only answer that holds its value',
    permission: 'token.create',
    audit: { action: 'token.create', target: serviceAccountTarget },
    idempotent: true,
    body: TokenInput,
    answers: { 201: { description: 'The token and its value', body: IssuedTokenSchema } },
    async act({ caller, params, body, options }) {
      const accountId = parseServiceAccountId(params.id);
      const issued = await createToken(server, caller, accountId, body, options);
      const location = `/api/v1/service-accounts/${accountId}/tokens/${issued.result.id}`;
      const { version } = issued.result;
      return created(location, representIssuedToken(issued, server.storage.now()), {
        version,
        receipt: issued.receipt,
      });
    },
  });

  declareRoute(app, server, {
    method: 'GET',
    url: TOKEN_URL,
    operation: 'getToken',
    tag: TOKEN_TAG,
    summary: 'Read a token',
    permission: 'token.read',
    answers: { 200: TOKEN },
    async act({ caller, params }) {
      const token = await server.storage.findToken(caller.record.organization.id, parseTokenAddress(params));
      if (!token) throw new DomainError('token.not_found');
      return ok(await representTokenNow(server, caller, token), { version: token.version });
    },
  });

  declareRoute(app, server, {
    method: 'PATCH',
    url: TOKEN_URL,
    operation: 'updateToken',
    tag: TOKEN_TAG,
    summary: 'Rename a token, shorten its life, or narrow its restrictions',
    description: 'Restrictions that are named take the place of those before, and must be within them.',
    permission: 'token.update',
    audit: { action: 'token.update', target: tokenTarget },
    conditional: true,
    body: TokenUpdate,
    answers: { 200: TOKEN },
    async act({ caller, params, body, options }) {
      const represent = await prepareToRepresent(server, caller);
      const { result, receipt } = await updateToken(server, caller, parseTokenAddress(params), body, options);
      return ok(represent(result), { version: result.version, receipt });
    },
  });

  declareRoute(app, server, {
    method: 'DELETE',
    url: TOKEN_URL,
    operation: 'deleteToken',
    tag: TOKEN_TAG,
    summary: 'Delete a token for good',
    permission: 'token.delete',
    audit: { action: 'token.delete', target: tokenTarget },
    conditional: true,
    answers: { 204: { description: 'It is gone', body: null } },
    async act({ caller, params, options }) {
      const { receipt } = await deleteToken(server, caller, parseTokenAddress(params), options);
      return gone({ receipt });
    },
  });

  declareRoute(app, server, {
    method: 'DELETE',
    url: TOKENS_URL,
    operation: 'deleteTokens',
    tag: TOKEN_TAG,
    summary: 'Delete all tokens of a service account for good',
    permission: 'token.delete',
    audit: { action: 'token.delete_all', target: serviceAccountTarget },
    answers: { 200: { description: 'They are gone', body: DeletedTokens } },
    async act({ caller, params }) {
      requireRecentSignIn(caller, server.storage.now());
      const { result, receipt } = await deleteTokens(server, caller, parseServiceAccountId(params.id));
      return ok({ deleted: result, receipt: representReceipt(receipt) }, { receipt });
    },
  });
}

interface TokenParams {
  readonly id: string;
  readonly tokenId: string;
}

/** What cannot be an id names nothing: the same answer as for an unknown one. */
export function parseTokenAddress({ id, tokenId }: TokenParams): TokenAddress {
  const accountId = parseId('service_account', id);
  const parsed = parseId('token', tokenId);
  if (!accountId || !parsed) throw new DomainError('token.not_found');
  return { accountId, tokenId: parsed };
}

/** The token that a path names, for the audit log; text that is no id is not written there. */
export function tokenTarget({ tokenId }: Pick<TokenParams, 'tokenId'>) {
  const parsed = parseId('token', tokenId);
  return parsed ? { kind: 'token' as const, id: parsed, displayName: null } : null;
}

/** The token as it is now; `known` is how far all use is known. */
export function representToken(token: Token, now: number, known: UsageCompleteness): Type.Static<typeof TokenSchema> {
  const { previous } = token;
  return {
    id: token.id,
    accountId: token.accountId,
    name: token.name,
    description: token.description,
    hint: token.hint,
    status: tokenStatus(token, now),
    expiresAt: representTime(token.expiresAt),
    createdAt: formatTime(token.createdAt),
    createdBy: token.createdBy,
    refreshedAt: representTime(token.refreshedAt),
    lastUsedAt: representTime(token.lastUsedAt),
    lastUsedIp: told(token.lastUsedIp),
    lastUsedUserAgent: told(token.lastUsedUserAgent),
    usageCompleteUntil: formatTime(known.until),
    silentVerifiers: known.silent,
    restrictions: representRestrictions(token.restrictions),
    ...(previous && {
      previous: {
        hint: previous.hint,
        validUntil: formatTime(previous.validUntil),
        lastUsedAt: representTime(previous.lastUsedAt),
        lastUsedIp: told(previous.lastUsedIp),
        lastUsedUserAgent: told(previous.lastUsedUserAgent),
      },
    }),
    ...(token.deletedAt !== null && { deletedAt: formatTime(token.deletedAt) }),
  };
}

export async function representTokenNow(
  server: Server,
  caller: Caller,
  token: Token,
): Promise<Type.Static<typeof TokenSchema>> {
  return (await prepareToRepresent(server, caller))(token);
}

/**
 * How tokens of the caller's organization are told of. To be called before a mutation whose answer tells of one: what has been
 * done cannot fail any more, so nothing may be left to read.
 */
export async function prepareToRepresent(
  { storage }: Server,
  { record }: Caller,
): Promise<(token: Token) => Type.Static<typeof TokenSchema>> {
  const known = await storage.findUsageCompleteness(record.organization.id);
  return (token) => representToken(token, storage.now(), known);
}

/**
 * A token with its value. What changes from call to call is left out, so that an idempotent replay says the same: use is
 * called complete only up to the token's creation.
 */
export function representIssuedToken(issued: IssuedToken, now: number): Type.Static<typeof IssuedTokenSchema> {
  const { result } = issued;
  return { token: representToken(result, now, { until: result.createdAt, silent: 0 }), value: issued.value.reveal() };
}
