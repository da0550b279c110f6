import type { Call, CallOptions } from './call.ts';
import { type List, listOf } from './list.ts';
import type {
  AdminName,
  Me,
  Operations,
  OwnSignIn,
  OwnTokenPolicy,
  RefreshInput,
  Session,
  Token,
  TokenAfterOverlap,
  TokenCaller,
  TokenInput,
  TokenUpdate,
} from './openapi.gen.ts';
import type { Ended } from './receipt.ts';
import { type IssuedToken, issued, type TokenCallerQuery } from './token.ts';

export type OwnTokenQuery = NonNullable<Operations['GET /api/v1/me/tokens']['query']>;

export interface MeResource {
  /** Who the client's own token is, and what it may do. */
  (options?: CallOptions): Promise<Me>;
  /** Ends the client's own token; a job does so when it is done. */
  deleteToken(options?: CallOptions): Promise<Ended>;
  /** A person's own tokens, which work like those of a service account. */
  readonly tokens: OwnTokens;
  /** Whom a person can ask for what they may not do. */
  admins(options?: CallOptions): Promise<readonly AdminName[]>;
  /** How a person signs in. */
  signIn(options?: CallOptions): Promise<OwnSignIn>;
  /** Where a person is signed in. */
  readonly sessions: OwnSessions;
}

export interface OwnTokens {
  create(input: TokenInput, options?: CallOptions): Promise<IssuedToken>;
  get(tokenId: string, options?: CallOptions): Promise<Token>;
  list(query?: OwnTokenQuery, options?: CallOptions): List<Token>;
  update(tokenId: string, change: TokenUpdate, options?: CallOptions): Promise<Token>;
  refresh(tokenId: string, input?: RefreshInput, options?: CallOptions): Promise<IssuedToken>;
  endOverlap(tokenId: string, options?: CallOptions): Promise<TokenAfterOverlap>;
  /** Who uses the value, or (`generation: 'previous'`) still used the one before it. */
  callers(tokenId: string, query?: TokenCallerQuery, options?: CallOptions): List<TokenCaller>;
  delete(tokenId: string, options?: CallOptions): Promise<Ended>;
  /** Whether the person may have tokens, and for how long. */
  policy(options?: CallOptions): Promise<OwnTokenPolicy>;
}

export interface OwnSessions {
  list(options?: CallOptions): Promise<readonly Session[]>;
  end(sessionId: string, options?: CallOptions): Promise<void>;
}

export function me(call: Call): MeResource {
  async function get(options?: CallOptions): Promise<Me> {
    return (await call('GET /api/v1/me', {}, options)).body;
  }

  async function deleteToken(options?: CallOptions): Promise<Ended> {
    const { receipt } = await call('DELETE /api/v1/me/token', { ends: true }, options);
    return { receipt };
  }

  async function admins(options?: CallOptions): Promise<readonly AdminName[]> {
    return (await call('GET /api/v1/me/admins', {}, options)).body.items;
  }

  async function signIn(options?: CallOptions): Promise<OwnSignIn> {
    return (await call('GET /api/v1/me/sign-in', {}, options)).body;
  }

  return Object.assign(get, { deleteToken, admins, signIn, tokens: ownTokens(call), sessions: ownSessions(call) });
}

function ownTokens(call: Call): OwnTokens {
  return {
    async create(body, options) {
      return issued((await call('POST /api/v1/me/tokens', { body, keyed: true }, options)).body);
    },

    async get(tokenId, options) {
      return (await call('GET /api/v1/me/tokens/{tokenId}', { path: { tokenId } }, options)).body;
    },

    list: (query, options) =>
      listOf(query, async (paged) => (await call('GET /api/v1/me/tokens', { query: paged }, options)).body),

    async update(tokenId, body, options) {
      return (await call('PATCH /api/v1/me/tokens/{tokenId}', { path: { tokenId }, body }, options)).body;
    },

    async refresh(tokenId, body = {}, options = undefined) {
      const path = { tokenId };
      return issued(
        (await call('POST /api/v1/me/tokens/{tokenId}/refresh', { path, body, keyed: true }, options)).body,
      );
    },

    async endOverlap(tokenId, options) {
      return (await call('POST /api/v1/me/tokens/{tokenId}/end-overlap', { path: { tokenId } }, options)).body;
    },

    callers(tokenId, query, options) {
      const path = { tokenId };
      return listOf(
        query,
        async (paged) => (await call('GET /api/v1/me/tokens/{tokenId}/callers', { path, query: paged }, options)).body,
      );
    },

    async delete(tokenId, options) {
      const path = { tokenId };
      const { receipt } = await call('DELETE /api/v1/me/tokens/{tokenId}', { path, ends: true }, options);
      return { receipt };
    },

    async policy(options) {
      return (await call('GET /api/v1/me/token-policy', {}, options)).body;
    },
  };
}

function ownSessions(call: Call): OwnSessions {
  return {
    async list(options) {
      return (await call('GET /api/v1/me/sessions', {}, options)).body.items;
    },

    async end(session, options) {
      await call('DELETE /api/v1/me/sessions/{session}', { path: { session }, ends: true }, options);
    },
  };
}
