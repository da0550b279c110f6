import { postern } from '../postern.ts';

/** One thing that can be gone to. */
export interface Found {
  readonly key: string;
  readonly label: string;
  readonly kind: string;
  readonly href: string;
}

const page = (label: string, href: string): Found => ({ key: href, label, kind: 'Page', href });

export const PAGES: readonly Found[] = [
  page('Overview', '/'),
  page('Service accounts', '/settings/members/service-accounts'),
  page('Members', '/settings/members'),
  page('Groups', '/settings/groups'),
  page('Workspaces', '/settings/workspaces'),
  page('Roles', '/settings/roles'),
  page('Security', '/settings/security'),
  page('Organization', '/settings/organization'),
  page('APIs: your own tokens', '/settings/apis'),
  page('Audit log', '/audit-log'),
];

export const ACTIONS: readonly Found[] = [
  { key: 'add', label: 'Add service account', kind: 'Action', href: '/settings/members/service-accounts?add=true' },
  {
    key: 'disabled',
    label: 'Show disabled service accounts',
    kind: 'Action',
    href: '/settings/members/service-accounts?status=disabled',
  },
];

const OF_EACH = 5;
/** How the last four characters of a value are written: `x7Qf`, `…x7Qf`. */
const HINT = /^(?:…|\.\.\.)?([0-9A-Za-z]{4})$/;

/** What has this in its name, or, of tokens, ends so. */
export async function search(
  wanted: { readonly text: string } | { readonly hint: string },
  signal: AbortSignal,
): Promise<readonly Found[]> {
  if ('hint' in wanted) return searchTokens({ hint: wanted.hint }, signal);
  const query = { search: wanted.text, limit: OF_EACH };
  const hint = HINT.exec(wanted.text)?.[1];
  const [accounts, members, groups, workspaces, ...tokens] = await Promise.all([
    postern.serviceAccounts.list(query, { signal }).page(),
    postern.members.list(query, { signal }).page(),
    postern.groups.list(query, { signal }).page(),
    postern.workspaces.list(query, { signal }).page(),
    searchTokens(query, signal),
    hint === undefined ? [] : searchTokens({ hint }, signal),
  ]);
  return [
    ...accounts.items.map(({ id, displayName }) => ({
      key: id,
      label: displayName,
      kind: 'Service account',
      href: `/settings/members/service-accounts/${id}`,
    })),
    ...members.items.map(({ id, displayName }) => ({
      key: id,
      label: displayName,
      kind: 'Member',
      href: `/settings/members?search=${encodeURIComponent(displayName)}`,
    })),
    ...groups.items.map(({ id, name }) => ({ key: id, label: name, kind: 'Group', href: `/settings/groups/${id}` })),
    ...workspaces.items.map(({ id, name }) => ({
      key: id,
      label: name,
      kind: 'Workspace',
      href: `/settings/workspaces/${id}`,
    })),
    // One may be found by both.
    ...new Map(tokens.flat().map((token) => [token.key, token])).values(),
  ];
}

async function searchTokens(
  query: { readonly hint: string } | { readonly search: string; readonly limit: number },
  signal: AbortSignal,
): Promise<readonly Found[]> {
  const { items } = await postern.tokens.list({ limit: OF_EACH, ...query }, { signal }).page();
  return items
    .filter(({ accountId }) => accountId.startsWith('sa_'))
    .map(({ id, name, hint, accountId }) => ({
      key: id,
      label: `${name} …${hint}`,
      kind: 'Token',
      href: `/settings/members/service-accounts/${accountId}`,
    }));
}
