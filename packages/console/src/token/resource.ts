import type {
  CallOptions,
  Ended,
  IssuedToken,
  List,
  RefreshInput,
  ServiceAccountTokenQuery,
  Token,
  TokenAfterOverlap,
  TokenCaller,
  TokenInput,
  TokenUsageReport,
} from '@postern/sdk';
import type { QueryClient } from '@tanstack/react-query';
import type { CommandFlags } from '../part/command.ts';
import { postern } from '../postern.ts';
import { refreshAccounts } from '../service-account/query.ts';

/** Whose tokens they are: of a service account, or one's own. Both look and work alike. */
export interface TokenResource {
  /** Null: one's own. */
  readonly accountId: string | null;
  get(tokenId: string, options: CallOptions): Promise<Token>;
  create(input: TokenInput, options: CallOptions): Promise<IssuedToken>;
  list(query: ServiceAccountTokenQuery, options: CallOptions): List<Token>;
  refresh(tokenId: string, input: RefreshInput, options: CallOptions): Promise<IssuedToken>;
  endOverlap(tokenId: string): Promise<TokenAfterOverlap>;
  delete(tokenId: string): Promise<Ended>;
  readonly callers: (tokenId: string, generation: 'current' | 'previous', options: CallOptions) => List<TokenCaller>;
  /** Of service accounts only. */
  readonly usage?: (tokenId: string, from: string, options: CallOptions) => Promise<TokenUsageReport>;
}

export function accountTokens(accountId: string): TokenResource {
  const { tokens } = postern.serviceAccounts;
  return {
    accountId,
    get: (tokenId, options) => tokens.get(accountId, tokenId, options),
    create: (input, options) => tokens.create(accountId, input, options),
    list: (query, options) => tokens.list(accountId, query, options),
    refresh: (tokenId, input, options) => tokens.refresh(accountId, tokenId, input, options),
    endOverlap: (tokenId) => tokens.endOverlap(accountId, tokenId),
    delete: (tokenId) => tokens.delete(accountId, tokenId),
    callers: (tokenId, generation, options) => tokens.callers(accountId, tokenId, { generation }, options),
    usage: (tokenId, from, options) => tokens.usage(accountId, tokenId, { from, by: 'day' }, options),
  };
}

export const OWN_TOKENS: TokenResource = {
  accountId: null,
  get: (tokenId, options) => postern.me.tokens.get(tokenId, options),
  create: (input, options) => postern.me.tokens.create(input, options),
  list: (query, options) => postern.me.tokens.list(query, options),
  refresh: (tokenId, input, options) => postern.me.tokens.refresh(tokenId, input, options),
  endOverlap: (tokenId) => postern.me.tokens.endOverlap(tokenId),
  delete: (tokenId) => postern.me.tokens.delete(tokenId),
  callers: (tokenId, generation, options) => postern.me.tokens.callers(tokenId, { generation }, options),
};

/** Whose they are, as flags of `postern token`. */
export function ownerFlags({ accountId }: TokenResource): CommandFlags {
  return accountId === null ? { own: true } : { account: accountId };
}

export function tokensKey({ accountId }: TokenResource): readonly unknown[] {
  return accountId === null ? ['me', 'tokens'] : ['service-account', accountId, 'tokens'];
}

/** Whatever is shown of these tokens, or tells of them, is asked for again: after every change of one. */
export async function refreshTokens(queryClient: QueryClient, resource: TokenResource): Promise<void> {
  if (resource.accountId !== null) return refreshAccounts(queryClient);
  await Promise.all(
    [tokensKey(resource), ['attention']].map((queryKey) => queryClient.invalidateQueries({ queryKey })),
  );
}
