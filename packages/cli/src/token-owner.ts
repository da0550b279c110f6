import type { Postern, RefreshInput, Token, TokenInput, TokenUpdate } from '@postern/sdk';
import { type CommandInput, isGiven } from './command.ts';
import { usageError } from './exit.ts';
import { findServiceAccount, findToken } from './find.ts';

/** Of every command about tokens of somebody. */
export const OWNER_FLAGS = {
  account: {
    value: 'account',
    names: 'service-account',
    summary: 'The service account that it is of; needed where several tokens have the name',
  },
  own: { summary: 'Of your own, and of no service account; with a token of a person' },
} as const;

/** The tokens of a service account, or, with `--own`, of the person whose token is used. Both work alike. */
interface OwnedTokens {
  create(input: TokenInput): ReturnType<Postern['me']['tokens']['create']>;
  get(id: string): Promise<Token>;
  list(query: object): ReturnType<Postern['me']['tokens']['list']>;
  update(id: string, change: TokenUpdate): Promise<Token>;
  refresh(id: string, input: RefreshInput): ReturnType<Postern['me']['tokens']['refresh']>;
  endOverlap(id: string): ReturnType<Postern['me']['tokens']['endOverlap']>;
  callers(
    id: string,
    query: { readonly generation: 'current' | 'previous' },
  ): ReturnType<Postern['me']['tokens']['callers']>;
  delete(id: string): ReturnType<Postern['me']['tokens']['delete']>;
}

/** Throws CommandError (usage) where both are named. */
export function namesOwn(input: CommandInput): boolean {
  const own = isGiven(input, 'own');
  if (own && input.flags['account'] !== undefined) throw usageError('--own and --account exclude each other.');
  return own;
}

function accountTokens(postern: Postern, accountId: string): OwnedTokens {
  const { tokens } = postern.serviceAccounts;
  return {
    create: (input) => tokens.create(accountId, input),
    get: (id) => tokens.get(accountId, id),
    list: (query) => tokens.list(accountId, query),
    update: (id, change) => tokens.update(accountId, id, change),
    refresh: (id, input) => tokens.refresh(accountId, id, input),
    endOverlap: (id) => tokens.endOverlap(accountId, id),
    callers: (id, query) => tokens.callers(accountId, id, query),
    delete: (id) => tokens.delete(accountId, id),
  };
}

/** Whose tokens `--own` or `--account` name; undefined where neither is given. Throws CommandError where there is no such account. */
export async function namedTokens(postern: Postern, input: CommandInput): Promise<OwnedTokens | undefined> {
  if (namesOwn(input)) return postern.me.tokens;
  const { account } = input.flags;
  return account === undefined ? undefined : accountTokens(postern, await findServiceAccount(postern, account));
}

/** The token that the command names, and those that it is one of. */
export async function tokenOf(
  postern: Postern,
  input: CommandInput,
): Promise<{ readonly token: Token; readonly of: OwnedTokens }> {
  const [text = ''] = input.operands;
  const named = await namedTokens(postern, input);
  const token = await findToken(named ?? postern.tokens, text);
  return { token, of: named ?? accountTokens(postern, token.accountId) };
}
