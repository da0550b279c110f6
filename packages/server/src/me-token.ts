import {
  type Caller,
  createToken,
  DomainError,
  deleteToken,
  endTokenOverlap,
  type PrincipalId,
  parseId,
  refreshToken,
  type TokenAddress,
  updateToken,
} from '@postern/core';
import type { FastifyInstance } from 'fastify';
import { created, gone, ok } from './answer.ts';
import { representReceipt } from './represent.ts';
import { declareRoute } from './route.ts';
import type { Server } from './server.ts';
import {
  IssuedTokenSchema,
  prepareToRepresent,
  representIssuedToken,
  representTokenNow,
  TokenInput,
  TokenSchema,
  TokenUpdate,
  tokenTarget,
} from './token.ts';
import { AccountFilters, answerTokens, TOKEN_PAGE_ANSWERS } from './token-list.ts';
import { RefreshInput, TokenAfterOverlap } from './token-refresh.ts';
import { answerCallers, CALLERS_ANSWERS, CALLERS_DESCRIPTION, CallersQuery } from './token-use.ts';

/** A person's own tokens: the same as a service account's, on the same operations. */

const URL = '/api/v1/me/tokens';
const TOKEN_URL = `${URL}/:tokenId` as const;
const TAG = 'Me';
const REASON = 'A person manages their own tokens, as far as the token policy lets them have any.';
const TOKEN = { description: 'The token', body: TokenSchema };

export function meTokenRoutes(app: FastifyInstance, server: Server): void {
  declareRoute(app, server, {
    method: 'POST',
    url: URL,
    operation: 'createOwnToken',
    tag: TAG,
    summary: 'Create a token of my own; the only answer that holds its value',
    permission: null,
    reason: REASON,
    audit: { action: 'token.create', target: ownTarget },
    idempotent: true,
    body: TokenInput,
    answers: { 201: { description: 'The token and its value', body: IssuedTokenSchema } },
    async act({ caller, body, options }) {
      const issued = await createToken(server, caller, requirePerson(caller), body, options);
      const { version } = issued.result;
      const answer = representIssuedToken(issued, server.storage.now());
      return created(`${URL}/${issued.result.id}`, answer, { version, receipt: issued.receipt });
    },
  });

  declareRoute(app, server, {
    method: 'GET',
    url: URL,
    operation: 'listOwnTokens',
    tag: TAG,
    summary: 'List my tokens',
    alsoFails: [403],
    permission: null,
    reason: REASON,
    query: AccountFilters,
    answers: TOKEN_PAGE_ANSWERS,
    act: ({ caller, query }) => answerTokens(server, caller, query, requirePerson(caller)),
  });

  declareRoute(app, server, {
    method: 'GET',
    url: TOKEN_URL,
    operation: 'getOwnToken',
    tag: TAG,
    summary: 'Read one of my tokens',
    alsoFails: [403],
    permission: null,
    reason: REASON,
    answers: { 200: TOKEN },
    async act({ caller, params }) {
      const token = await server.storage.findToken(caller.record.organization.id, addressOf(caller, params));
      if (!token) throw new DomainError('token.not_found');
      return ok(await representTokenNow(server, caller, token), { version: token.version });
    },
  });

  declareRoute(app, server, {
    method: 'PATCH',
    url: TOKEN_URL,
    operation: 'updateOwnToken',
    tag: TAG,
    summary: 'Rename one of my tokens, shorten its life, or narrow its restrictions',
    permission: null,
    reason: REASON,
    audit: { action: 'token.update', target: tokenTarget },
    conditional: true,
    body: TokenUpdate,
    answers: { 200: TOKEN },
    async act({ caller, params, body, options }) {
      const represent = await prepareToRepresent(server, caller);
      const { result, receipt } = await updateToken(server, caller, addressOf(caller, params), body, options);
      return ok(represent(result), { version: result.version, receipt });
    },
  });

  declareRoute(app, server, {
    method: 'POST',
    url: `${TOKEN_URL}/refresh`,
    operation: 'refreshOwnToken',
    tag: TAG,
    summary: 'Give one of my tokens a new value',
    permission: null,
    reason: REASON,
    audit: { action: 'token.refresh', target: tokenTarget },
    conditional: true,
    idempotent: true,
    body: RefreshInput,
    bodyOptional: true,
    answers: { 200: { description: 'The token and its new value', body: IssuedTokenSchema } },
    async act({ caller, params, body, options }) {
      const issued = await refreshToken(server, caller, addressOf(caller, params), body, options);
      const { receipt, result } = issued;
      const answer = { ...representIssuedToken(issued, server.storage.now()), receipt: representReceipt(receipt) };
      return ok(answer, { version: result.version, receipt });
    },
  });

  declareRoute(app, server, {
    method: 'POST',
    url: `${TOKEN_URL}/end-overlap`,
    operation: 'endOwnTokenOverlap',
    tag: TAG,
    summary: 'End the old value of one of my tokens now',
    permission: null,
    reason: REASON,
    audit: { action: 'token.end_overlap', target: tokenTarget },
    conditional: true,
    answers: { 200: { description: 'The token', body: TokenAfterOverlap } },
    async act({ caller, params, options }) {
      const represent = await prepareToRepresent(server, caller);
      const { result, receipt } = await endTokenOverlap(server, caller, addressOf(caller, params), options);
      const answer = { ...represent(result), receipt: representReceipt(receipt) };
      return ok(answer, { version: result.version, receipt });
    },
  });

  declareRoute(app, server, {
    method: 'GET',
    url: `${TOKEN_URL}/callers`,
    operation: 'listOwnTokenCallers',
    tag: TAG,
    summary: 'Who uses a value of one of my tokens',
    description: CALLERS_DESCRIPTION,
    alsoFails: [403],
    permission: null,
    reason: REASON,
    query: CallersQuery,
    answers: CALLERS_ANSWERS,
    act: ({ caller, params, query }) => answerCallers(server, caller, addressOf(caller, params), query),
  });

  declareRoute(app, server, {
    method: 'DELETE',
    url: TOKEN_URL,
    operation: 'deleteOwnTokenById',
    tag: TAG,
    summary: 'Delete one of my tokens for good',
    permission: null,
    reason: REASON,
    audit: { action: 'token.delete', target: tokenTarget },
    conditional: true,
    answers: { 204: { description: 'It is gone', body: null } },
    async act({ caller, params, options }) {
      const { receipt } = await deleteToken(server, caller, addressOf(caller, params), options);
      return gone({ receipt });
    },
  });
}

/** A service account does not manage itself. Throws `member.required`. */
function requirePerson({ record: { principal } }: Caller): PrincipalId {
  if (principal.kind !== 'member') throw new DomainError('member.required');
  return principal.id;
}

function addressOf(caller: Caller, params: { readonly tokenId: string }): TokenAddress {
  const accountId = requirePerson(caller);
  const tokenId = parseId('token', params.tokenId);
  if (!tokenId) throw new DomainError('token.not_found');
  return { accountId, tokenId };
}

function ownTarget(_params: unknown, { record: { principal } }: Caller) {
  return { kind: principal.kind, id: principal.id, displayName: null };
}
