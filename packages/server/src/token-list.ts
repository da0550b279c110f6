import { type Caller, DomainError, type PrincipalId, parseTime, type TokenListQuery } from '@postern/core';
import type { FastifyInstance } from 'fastify';
import Type from 'typebox';
import { type Answer, ok } from './answer.ts';
import { parsePageQuery, parseSort, representPage } from './page.ts';
import { declareRoute } from './route.ts';
import { Closed, LIST_FIELDS, OneOf, PageOf, SEARCH_FIELD, SortField, Time } from './schema.ts';
import type { Server } from './server.ts';
import { parseServiceAccountId } from './service-account.ts';
import { representToken, TOKEN_TAG, TOKENS_URL, TokenSchema } from './token.ts';

const TokenPage = PageOf(TokenSchema, 'TokenPage');

export const TOKEN_LIST_SCHEMAS = [TokenPage];

const FILTERS = {
  ...LIST_FIELDS,
  ...SEARCH_FIELD,
  status: Type.Optional(OneOf(['active', 'expired'])),
  hint: Type.Optional(
    Type.String({ minLength: 1, maxLength: 4, description: 'The hint of the value, or its beginning' }),
  ),
  expiresBefore: Type.Optional(Time()),
  unusedSince: Type.Optional(Time({ description: 'Not used since then, and made before' })),
  overlap: Type.Optional(Type.Boolean({ description: 'true: only tokens whose old value still works' })),
  sort: SortField(['name', 'lastUsedAt', 'createdAt', 'expiresAt']),
};
const OrganizationFilters = Closed(FILTERS);
export const AccountFilters = Closed({
  ...FILTERS,
  deleted: Type.Optional(Type.Boolean({ description: 'true: only tokens that were deleted' })),
});

export const TOKEN_PAGE_ANSWERS = { 200: { description: 'A page of tokens', body: TokenPage } };

export function tokenListRoutes(app: FastifyInstance, server: Server): void {
  declareRoute(app, server, {
    method: 'GET',
    url: '/api/v1/tokens',
    operation: 'listTokens',
    tag: TOKEN_TAG,
    summary: 'List all tokens of the organization',
    permission: 'token.read',
    query: OrganizationFilters,
    answers: TOKEN_PAGE_ANSWERS,
    act: ({ caller, query }) => answerTokens(server, caller, query, null),
  });

  declareRoute(app, server, {
    method: 'GET',
    url: TOKENS_URL,
    operation: 'listServiceAccountTokens',
    tag: TOKEN_TAG,
    summary: 'List the tokens of a service account',
    permission: 'token.read',
    query: AccountFilters,
    answers: TOKEN_PAGE_ANSWERS,
    async act({ caller, params, query }) {
      const accountId = parseServiceAccountId(params.id);
      const account = await server.storage.findServiceAccount(caller.record.organization.id, accountId);
      if (!account) throw new DomainError('service_account.not_found');
      return answerTokens(server, caller, query, accountId);
    },
  });
}

export async function answerTokens(
  server: Server,
  caller: Caller,
  query: Type.Static<typeof AccountFilters>,
  accountId: PrincipalId | null,
): Promise<Answer> {
  const { storage, keys } = server;
  const list = accountId === null ? 'tokens' : `service-accounts/${accountId}/tokens`;
  const scope = { organizationId: caller.record.organization.id, list };
  const now = storage.now();
  const filters: TokenListQuery = {
    ...parsePageQuery(query, scope, keys),
    ...parseSort(query.sort, 'name'),
    search: query.search ?? null,
    accountId,
    deleted: query.deleted ?? false,
    status: query.status ?? null,
    hint: query.hint ?? null,
    expiresBefore: query.expiresBefore === undefined ? null : parseTime(query.expiresBefore, '/expiresBefore'),
    unusedSince: query.unusedSince === undefined ? null : parseTime(query.unusedSince, '/unusedSince'),
    overlap: query.overlap ?? false,
    now,
  };
  const [page, known] = await Promise.all([
    storage.listTokens(scope.organizationId, filters),
    storage.findUsageCompleteness(scope.organizationId),
  ]);
  return ok(representPage(page, (token) => representToken(token, now, known), query, scope, keys));
}
