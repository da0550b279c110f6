import type { AuditEvent, ServiceAccount, ServiceAccountTokenQuery, Token } from '@postern/sdk';
import { queryOptions } from '@tanstack/react-query';
import { postern } from '../postern.ts';
import { isRetiring } from '../service-account/query.ts';

const DAY_MS = 86_400_000;
const EXPIRING_DAYS = 14;
const UNUSED_DAYS = 90;
/** Of each kind: what needs more is looked at in its own list. */
const MOST = 50;

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
      readonly kind: 'retired_value_refused';
      readonly token: string | null;
      readonly at: string;
      readonly address: string | null;
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

type ListTokens = (query: ServiceAccountTokenQuery) => Promise<{ readonly items: readonly Token[] }>;

async function readAttention(signal: AbortSignal): Promise<{ readonly items: readonly Attention[] }> {
  const [tokens, alarms, admins] = await Promise.all([
    readTokens((query) => postern.tokens.list(query, { signal }).page()),
    readAlarms(signal),
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
    readTokens((query) => postern.serviceAccounts.tokens.list(accountId, query, { signal }).page()),
    readAlarms(signal, accountId),
    postern.serviceAccounts.get(accountId, { signal }),
  ]);
  const sources: Sources = {
    ...tokens,
    alarms: alarms.filter(({ details }) => accountIdOf(details) === accountId),
    admins: account.organizationRole === 'admin' && account.status === 'active' ? [account] : [],
  };
  return { items: itemsOf(sources, new Map([[accountId, account.displayName]])) };
}

async function readTokens(list: ListTokens): Promise<Pick<Sources, 'retiring' | 'expiring' | 'unused'>> {
  const now = Date.now();
  const [retiring, expiring, unused] = await Promise.all([
    list({ overlap: true, limit: MOST }),
    list({ status: 'active', expiresBefore: new Date(now + EXPIRING_DAYS * DAY_MS).toISOString(), limit: MOST }),
    list({ status: 'active', unusedSince: new Date(now - UNUSED_DAYS * DAY_MS).toISOString(), limit: MOST }),
  ]);
  return { retiring: retiring.items, expiring: expiring.items, unused: unused.items };
}

async function readAlarms(signal: AbortSignal, principalId?: string): Promise<readonly AuditEvent[]> {
  const from = new Date(Date.now() - DAY_MS).toISOString();
  const query = { action: 'token.use_refused', from, principalId, limit: MOST } as const;
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
    const account = accounts.get(accountId) ?? accountId;
    items.push({
      key: `retired ${target.id}`,
      kind: 'retired_value_refused',
      accountId,
      account,
      token: target.displayName,
      at,
      address,
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
