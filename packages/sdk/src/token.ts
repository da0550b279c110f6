import type { Call, CallOptions } from './call.ts';
import { type List, listOf } from './list.ts';
import type {
  DeletedTokens,
  Operations,
  RefreshInput,
  RevokedTokens,
  Token,
  TokenAfterOverlap,
  TokenCaller,
  TokenInput,
  TokenRevocation,
  TokenUpdate,
  TokenUsageReport,
  Verification,
  VerifyInput,
  IssuedToken as WireIssuedToken,
} from './openapi.gen.ts';
import type { Ended } from './receipt.ts';
import { revealed, type TokenValue, tokenValue } from './token-value.ts';
import { passVersion } from './version.ts';

/** A token with its new value: the only answer that ever holds one. */
export interface IssuedToken extends Omit<WireIssuedToken, 'value'> {
  readonly value: TokenValue;
}

export type ServiceAccountTokenQuery = NonNullable<Operations['GET /api/v1/service-accounts/{id}/tokens']['query']>;
export type TokenQuery = NonNullable<Operations['GET /api/v1/tokens']['query']>;
export type TokenUsageQuery = NonNullable<
  Operations['GET /api/v1/service-accounts/{id}/tokens/{tokenId}/usage']['query']
>;
export type TokenCallerQuery = NonNullable<
  Operations['GET /api/v1/service-accounts/{id}/tokens/{tokenId}/callers']['query']
>;
/** What is asked about a token besides who it is. */
export type TokenQuestion = Omit<VerifyInput, 'token'>;

/** Of a token that is not valid nothing else is said. `allowed` is there when `permission` was asked about. */
export type TokenVerdict =
  | { readonly active: false }
  | ({ readonly active: true } & {
      readonly [Fact in 'principal' | 'organization' | 'token']: NonNullable<Verification[Fact]>;
    } & Pick<Verification, 'allowed' | 'because' | 'missing'>);

/** The tokens of one service account. */
export interface ServiceAccountTokens {
  /** The answer is the only one that holds the value. */
  create(accountId: string, input: TokenInput, options?: CallOptions): Promise<IssuedToken>;
  get(accountId: string, tokenId: string, options?: CallOptions): Promise<Token>;
  list(accountId: string, query?: ServiceAccountTokenQuery, options?: CallOptions): List<Token>;
  /** Renames it, or shortens its life. */
  update(accountId: string, tokenId: string, change: TokenUpdate, options?: CallOptions): Promise<Token>;
  /**
   * Gives the token a new value. The old one dies at once, or after `overlapSeconds`. Refresh the token that the client
   * itself calls with only with an overlap: should the answer be lost, the old value has to ask for it again.
   */
  refresh(accountId: string, tokenId: string, input?: RefreshInput, options?: CallOptions): Promise<IssuedToken>;
  /** The old value dies now. */
  endOverlap(accountId: string, tokenId: string, options?: CallOptions): Promise<TokenAfterOverlap>;
  /** Where a value was used from, most recent first; `generation: 'previous'` shows who still uses the old one. */
  callers(accountId: string, tokenId: string, query?: TokenCallerQuery, options?: CallOptions): List<TokenCaller>;
  /** Calls by hour or day, generation and outcome. */
  usage(accountId: string, tokenId: string, query?: TokenUsageQuery, options?: CallOptions): Promise<TokenUsageReport>;
  delete(accountId: string, tokenId: string, options?: CallOptions): Promise<Ended>;
  deleteAll(accountId: string, options?: CallOptions): Promise<DeletedTokens>;
}

/** All tokens of the organization. */
export interface Tokens {
  list(query?: TokenQuery, options?: CallOptions): List<Token>;
  /**
   * Revokes every token that meets all of the conditions. Should the answer of the first attempt be lost, the counts are
   * those of the attempt that answered.
   */
  revoke(revocation: TokenRevocation, options?: CallOptions): Promise<RevokedTokens>;
  /** Whether somebody else's token is valid, whose it is, and, with `permission`, whether it may do that. */
  verify(token: string | TokenValue, question?: TokenQuestion, options?: CallOptions): Promise<TokenVerdict>;
}

export function serviceAccountTokens(call: Call): ServiceAccountTokens {
  return {
    async create(accountId, input, options) {
      const path = { id: accountId };
      return issued(
        (await call('POST /api/v1/service-accounts/{id}/tokens', { path, body: input, keyed: true }, options)).body,
      );
    },

    async get(accountId, tokenId, options) {
      const path = { id: accountId, tokenId };
      return (await call('GET /api/v1/service-accounts/{id}/tokens/{tokenId}', { path }, options)).body;
    },

    list(accountId, query, options) {
      const path = { id: accountId };
      return listOf(
        query,
        async (paged) => (await call('GET /api/v1/service-accounts/{id}/tokens', { path, query: paged }, options)).body,
      );
    },

    async update(accountId, tokenId, change, options) {
      const path = { id: accountId, tokenId };
      return (await call('PATCH /api/v1/service-accounts/{id}/tokens/{tokenId}', { path, body: change }, options)).body;
    },

    async refresh(accountId, tokenId, input = {}, options = undefined) {
      const path = { id: accountId, tokenId };
      const name = 'POST /api/v1/service-accounts/{id}/tokens/{tokenId}/refresh';
      return issued((await call(name, { path, body: input, keyed: true }, options)).body);
    },

    async endOverlap(accountId, tokenId, options) {
      const path = { id: accountId, tokenId };
      return (await call('POST /api/v1/service-accounts/{id}/tokens/{tokenId}/end-overlap', { path }, options)).body;
    },

    callers(accountId, tokenId, query, options) {
      const path = { id: accountId, tokenId };
      const name = 'GET /api/v1/service-accounts/{id}/tokens/{tokenId}/callers';
      return listOf(query, async (paged) => (await call(name, { path, query: paged }, options)).body);
    },

    async usage(accountId, tokenId, query, options) {
      const path = { id: accountId, tokenId };
      const name = 'GET /api/v1/service-accounts/{id}/tokens/{tokenId}/usage';
      return (await call(name, { path, query }, options)).body;
    },

    async delete(accountId, tokenId, options) {
      const path = { id: accountId, tokenId };
      const name = 'DELETE /api/v1/service-accounts/{id}/tokens/{tokenId}';
      const { receipt } = await call(name, { path, ends: true }, options);
      return { receipt };
    },

    async deleteAll(accountId, options) {
      return (await call('DELETE /api/v1/service-accounts/{id}/tokens', { path: { id: accountId } }, options)).body;
    },
  };
}

export function tokens(call: Call): Tokens {
  return {
    list: (query, options) =>
      listOf(query, async (paged) => (await call('GET /api/v1/tokens', { query: paged }, options)).body),

    async revoke(revocation, options) {
      return (await call('POST /api/v1/tokens/revoke', { body: revocation }, options)).body;
    },

    async verify(token, question, options) {
      const body = { ...question, token: revealed(token) };
      return (await call('POST /api/v1/tokens/verify', { body }, options)).body as TokenVerdict;
    },
  };
}

/** The answer with its value wrapped. */
export function issued(answer: WireIssuedToken): IssuedToken {
  passVersion(answer, answer.token);
  return { ...answer, value: tokenValue(answer.value) };
}
