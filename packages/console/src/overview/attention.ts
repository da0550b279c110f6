import type { AuditEvent, List, ServiceAccount, ServiceAccountTokenQuery, Token } from '@postern/sdk';
import { queryOptions } from '@tanstack/react-query';
import { postern } from '../postern.ts';
import { isRetiring } from '../service-account/query.ts';

const DAY_MS = 86_400_000;
const EXPIRING_DAYS = 14;
const UNUSED_DAYS = 90;
/** Of each kind: what needs more is looked at in its own list. */
const MOST = 50;
/** So many tokens are looked through for them: those of people are among them. */
const LOOKED_THROUGH = 500;

/** One line of the overview. */
export type Attention = { readonly key: string; readonly accountId: string; readonly account: string } & (
  | {
      readonly kind: 'old_value_used';
      readonly token: string;
      readonly at: string;
      readonly until: string;
      readonly address: string | null;
      readonly userAgent: string | null;
    }
  | {
      readonly kind: 'use_refused';
      readonly token: string | null;
      readonly at: string;
      readonly address: string | null;
      /** As the log has it: retired, token_deleted, network … */
      readonly reason: string;
    }
  | { readonly kind: 'expiring'; readonly token: string; readonly at: string }
  | { readonly kind: 'unused'; readonly token: string; readonly at: string | null }
  | { readonly kind: 'admin'; readonly token: null; readonly tokens: number }
);

export const attentionQuery = queryOptions({
  queryKey: ['attention'],
  queryFn: ({ signal }) => readAttention(signal),
});

/** Of one account alone: all of it, however much there is elsewhere. */
export const accountAttentionQuery = (accountId: string) =>
  queryOptions({
    queryKey: ['attention', accountId],
    queryFn: ({ signal }) => readAccountAttention(accountId, signal),
  });

interface Sources {
  readonly retiring: readonly Token[];
  readonly expiring: readonly Token[];
  readonly unused: readonly Token[];
  readonly alarms: readonly AuditEvent[];
  readonly admins: readonly ServiceAccount[];
}

type ListTokens = (query: ServiceAccountTokenQuery) => List<Token>;

async function readAttention(signal: AbortSignal): Promise<{ readonly items: readonly Attention[] }> {
  const [tokens, alarms, admins] = await Promise.all([
    readTokens((query) => postern.tokens.list(query, { signal })),
    readAlarms({}, signal),
    postern.serviceAccounts.list({ organizationRole: 'admin', status: 'active', limit: MOST }, { signal }).page(),
  ]);
  const listed = [...tokens.retiring, ...tokens.expiring, ...tokens.unused].map(({ accountId }) => accountId);
  const alarmed = alarms.flatMap(({ details }) => accountIdOf(details) ?? []);
  const accounts = await readAccounts([...listed, ...alarmed], admins.items, signal);
  return { items: itemsOf({ ...tokens, alarms, admins: admins.items }, accounts) };
}

async function readAccountAttention(
  accountId: string,
  signal: AbortSignal,
): Promise<{ readonly items: readonly Attention[] }> {
  const [tokens, alarms, account] = await Promise.all([
    readTokens((query) => postern.serviceAccounts.tokens.list(accountId, query, { signal })),
    readAlarms({ principalId: accountId }, signal),
    postern.serviceAccounts.get(accountId, { signal }),
  ]);
  const sources: Sources = {
    ...tokens,
    alarms,
    admins: account.organizationRole === 'admin' && account.status === 'active' ? [account] : [],
  };
  return { items: itemsOf(sources, new Map([[accountId, account.displayName]])) };
}

async function readTokens(list: ListTokens): Promise<Pick<Sources, 'retiring' | 'expiring' | 'unused'>> {
  const now = Date.now();
  const expiresBefore = new Date(now + EXPIRING_DAYS * DAY_MS).toISOString();
  const unusedSince = new Date(now - UNUSED_DAYS * DAY_MS).toISOString();
  const [retiring, expiring, unused] = await Promise.all([
    firstOfAccounts(list({ overlap: true, sort: '-lastUsedAt', limit: MOST })),
    firstOfAccounts(list({ status: 'active', expiresBefore, sort: 'expiresAt', limit: MOST })),
    firstOfAccounts(list({ status: 'active', unusedSince, sort: 'lastUsedAt', limit: MOST })),
  ]);
  return { retiring, expiring, unused };
}

/** The first of the list that belong to service accounts. */
async function firstOfAccounts(list: List<Token>): Promise<readonly Token[]> {
  const found: Token[] = [];
  let looked = 0;
  for await (const token of list) {
    if (token.accountId.startsWith('sa_')) found.push(token);
    looked += 1;
    if (found.length === MOST || looked === LOOKED_THROUGH) break;
  }
  return found;
}

/** The newest refusals of a day. */
async function readAlarms(of: { readonly principalId?: string }, signal: AbortSignal): Promise<readonly AuditEvent[]> {
  const from = new Date(Date.now() - DAY_MS).toISOString();
  const query = { ...of, action: 'token.use_refused', from, limit: MOST };
  return (await postern.audit.list(query, { signal }).page()).items;
}

/** `accounts`: their names. What belongs to none of them was deleted meanwhile, or is a person's own to mind. */
function itemsOf(
  { retiring, expiring, unused, alarms, admins }: Sources,
  accounts: ReadonlyMap<string, string>,
): readonly Attention[] {
  const nameOf = (token: Token) => accounts.get(token.accountId);
  const items: Attention[] = [];
  for (const token of retiring) {
    const { previous } = token;
    const account = nameOf(token);
    if (!account || !previous?.lastUsedAt || !isRetiring(token)) continue;
    items.push({
      key: `old ${token.id}`,
      kind: 'old_value_used',
      accountId: token.accountId,
      account,
      token: token.name,
      at: previous.lastUsedAt,
      until: previous.validUntil,
      address: previous.lastUsedIp,
      userAgent: previous.lastUsedUserAgent,
    });
  }
  const alarmed = new Set<string>();
  for (const { target, details, at, address } of alarms) {
    const accountId = accountIdOf(details);
    // The newest of each token: the log has them all.
    if (!target || accountId === undefined || alarmed.has(target.id)) continue;
    alarmed.add(target.id);
    const account = accounts.get(accountId);
    if (!account) continue;
    items.push({
      key: `refused ${target.id}`,
      kind: 'use_refused',
      accountId,
      account,
      token: target.displayName,
      at,
      address,
      reason: String(details['reason']),
    });
  }
  for (const token of expiring) {
    const account = nameOf(token);
    if (account && token.expiresAt) {
      items.push({
        key: `expiring ${token.id}`,
        kind: 'expiring',
        accountId: token.accountId,
        account,
        token: token.name,
        at: token.expiresAt,
      });
    }
  }
  for (const token of unused) {
    const account = nameOf(token);
    if (account) {
      items.push({
        key: `unused ${token.id}`,
        kind: 'unused',
        accountId: token.accountId,
        account,
        token: token.name,
        at: token.lastUsedAt,
      });
    }
  }
  for (const { id, displayName, tokenCount } of admins) {
    items.push({
      key: `admin ${id}`,
      kind: 'admin',
      accountId: id,
      account: displayName,
      token: null,
      tokens: tokenCount,
    });
  }
  return items;
}

function accountIdOf({ accountId }: Readonly<Record<string, unknown>>): string | undefined {
  return typeof accountId === 'string' ? accountId : undefined;
}

/** The names of the accounts that tokens belong to; tokens of people have none and are theirs to mind. */
async function readAccounts(
  ids: readonly string[],
  known: readonly ServiceAccount[],
  signal: AbortSignal,
): Promise<Map<string, string>> {
  const names = new Map(known.map(({ id, displayName }) => [id, displayName]));
  const wanted = [...new Set(ids)].filter((id) => id.startsWith('sa_') && !names.has(id));
  const found = await Promise.all(
    // One that was deleted meanwhile has nothing left to attend to.
    wanted.map((id) => postern.serviceAccounts.get(id, { signal }).catch(() => undefined)),
  );
  for (const account of found) if (account) names.set(account.id, account.displayName);
  return names;
}

/** How far a new organization has come. */
export const firstStepsQuery = queryOptions({
  queryKey: ['attention', 'first-steps'],
  queryFn: async ({ signal }) => {
    const [accounts, tokens, used] = await Promise.all([
      postern.serviceAccounts.list({ limit: 1 }, { signal }).page(),
      postern.tokens.list({ limit: 1 }, { signal }).page(),
      postern.tokens.list({ limit: 1, sort: '-lastUsedAt' }, { signal }).page(),
    ]);
    return {
      account: accounts.items.length > 0,
      token: tokens.items.length > 0,
      used: used.items[0]?.lastUsedAt != null,
    };
  },
});
