import type { Postern, Restrictions, Token, TokenQuery } from '@postern/sdk';
import { connect, connectToChange } from './client.ts';
import { type CommandInput, type Commands, isGiven, print, valuesOf } from './command.ts';
import { confirm } from './confirm.ts';
import { parseDuration, parseEnd, parseFuture, parsePast } from './duration.ts';
import { usageError } from './exit.ts';
import { findServiceAccount } from './find.ts';
import { CLIENT_FLAGS, END_FLAGS, EXPIRES, LIST_FLAGS, RESTRICTION_FLAGS, VALUE_FLAGS } from './flag.ts';
import { issue } from './issue.ts';
import { type Column, namesOf, plain, printItem, printList } from './output.ts';
import { namedTokens, namesOwn, OWNER_FLAGS, tokenOf } from './token-owner.ts';
import { TOKEN_VALUE_COMMANDS } from './token-value.ts';

const COLUMNS: readonly Column<Token>[] = [
  { name: 'id', of: ({ id }) => id },
  { name: 'account', of: ({ accountId }) => accountId },
  { name: 'name', of: ({ name }) => name },
  { name: 'hint', of: ({ hint }) => hint },
  { name: 'status', of: ({ status }) => status },
  { name: 'expires', of: ({ expiresAt }) => expiresAt, time: true },
  { name: 'last used', of: ({ lastUsedAt }) => lastUsedAt, time: true },
];
const FACTS: readonly Column<Token>[] = [
  ...COLUMNS,
  { name: 'last used from', of: ({ lastUsedIp }) => lastUsedIp },
  { name: 'last used by', of: ({ lastUsedUserAgent }) => lastUsedUserAgent },
  { name: 'use known until', of: ({ usageCompleteUntil }) => usageCompleteUntil, time: true },
  { name: 'silent verifiers', of: ({ silentVerifiers }) => silentVerifiers },
  { name: 'created', of: ({ createdAt }) => createdAt, time: true },
  { name: 'created by', of: ({ createdBy }) => createdBy.displayName },
  { name: 'refreshed', of: ({ refreshedAt }) => refreshedAt, time: true },
  { name: 'old value valid until', of: ({ previous }) => previous?.validUntil, time: true },
  { name: 'old value last used', of: ({ previous }) => previous?.lastUsedAt, time: true },
  { name: 'restrictions', of: ({ restrictions }) => restrictions && JSON.stringify(restrictions) },
  { name: 'description', of: ({ description }) => description },
];

type Caller = Awaited<ReturnType<ReturnType<Postern['serviceAccounts']['tokens']['callers']>['page']>>['items'][number];
const CALLER_COLUMNS: readonly Column<Caller>[] = [
  { name: 'address', of: ({ address }) => address },
  { name: 'calls', of: ({ calls }) => calls },
  { name: 'first', of: ({ firstAt }) => firstAt, time: true },
  { name: 'last', of: ({ lastAt }) => lastAt, time: true },
  { name: 'user agent', of: ({ userAgent }) => userAgent },
];

const TOKEN = { name: 'token', names: 'token' } as const;
const OLD_DIES =
  'Without --overlap the old value dies at once; with --pipe an overlap is needed, so that a command that fails leaves the old value alive.';

export const TOKEN_COMMANDS: Commands = {
  'token create': {
    summary: 'Create a token; its value is printed alone, this once',
    details: [
      'The id, and what else is to know, goes to stderr. Where the value does not arrive, or a signal comes first, the new token is deleted again.',
    ],
    where: 'client',
    operands: [{ name: 'name' }],
    flags: {
      ...OWNER_FLAGS,
      account: { ...OWNER_FLAGS.account, summary: 'The service account that it shall act as' },
      expires: { value: 'when', required: true, summary: EXPIRES },
      description: { value: 'text', summary: 'What it is for' },
      ...RESTRICTION_FLAGS,
      ...VALUE_FLAGS,
      ...CLIENT_FLAGS,
    },
    run: create,
  },
  'token list': {
    summary: 'List tokens: of the organization, or of one account',
    where: 'client',
    columns: namesOf(COLUMNS),
    flags: {
      ...OWNER_FLAGS,
      account: { ...OWNER_FLAGS.account, summary: 'Only those of this service account' },
      search: { value: 'text', summary: 'Part of a name or description' },
      status: { value: 'status', choices: ['active', 'expired'], summary: 'active or expired' },
      expiring: { value: 'duration', summary: 'Active, and expiring within this time: 14d' },
      'unused-since': { value: 'duration', summary: 'Not used since then: 90d, or a time' },
      overlap: { summary: 'Only those whose old value still works' },
      hint: { value: 'text', summary: 'The last characters of the value, as `token inspect` says them' },
      sort: { value: 'column', summary: 'name, lastUsedAt, createdAt or expiresAt; `-` in front reverses' },
      fail: { summary: 'Exit with 10 if any is found' },
      ...LIST_FLAGS,
      ...CLIENT_FLAGS,
    },
    run: list,
  },
  'token show': {
    summary: 'Show a token; never its value',
    where: 'client',
    operands: [TOKEN],
    flags: { ...OWNER_FLAGS, ...CLIENT_FLAGS },
    async run(input) {
      const { postern } = await connect(input);
      const { token } = await tokenOf(postern, input);
      printItem(token, FACTS, input);
    },
  },
  'token edit': {
    summary: 'Rename a token, shorten its life or narrow it; never the reverse',
    where: 'client',
    operands: [TOKEN],
    flags: {
      ...OWNER_FLAGS,
      name: { value: 'name', summary: 'Its new name' },
      description: { value: 'text', summary: 'What it is for' },
      expires: { value: 'when', summary: 'A duration like 24h, or a time, before its end as it is' },
      ...RESTRICTION_FLAGS,
      ...CLIENT_FLAGS,
    },
    run: edit,
  },
  'token refresh': {
    summary: 'Give a token a new value, which is printed alone, this once',
    details: [OLD_DIES],
    where: 'client',
    operands: [TOKEN],
    flags: {
      ...OWNER_FLAGS,
      overlap: { value: 'duration', summary: 'For how long the old value works beside the new one, 7d at most' },
      expires: { value: 'when', summary: `${EXPIRES}; the same lifetime again if absent` },
      ...VALUE_FLAGS,
      ...CLIENT_FLAGS,
    },
    run: refresh,
  },
  'token end-overlap': {
    summary: 'End the old value of a refreshed token now',
    where: 'client',
    operands: [TOKEN],
    flags: { ...OWNER_FLAGS, ...END_FLAGS, ...CLIENT_FLAGS },
    run: endOverlap,
  },
  'token callers': {
    summary: 'Who uses a token, or its old value: address and program',
    where: 'client',
    operands: [TOKEN],
    columns: namesOf(CALLER_COLUMNS),
    flags: {
      ...OWNER_FLAGS,
      previous: { summary: 'Of the value before the current one' },
      fail: { summary: 'Exit with 10 if any is found' },
      ...LIST_FLAGS,
      ...CLIENT_FLAGS,
    },
    run: callers,
  },
  'token delete': {
    summary: 'Delete a token for good, or all tokens of a service account',
    where: 'client',
    operands: [{ ...TOKEN, optional: true }],
    flags: {
      ...OWNER_FLAGS,
      all: { summary: 'All tokens of the --account, and not one' },
      ...END_FLAGS,
      ...CLIENT_FLAGS,
    },
    run: (input) => (isGiven(input, 'all') ? endAll(input) : end(input)),
  },
  ...TOKEN_VALUE_COMMANDS,
};

async function create(input: CommandInput): Promise<void> {
  const { expires = '', description } = input.flags;
  const expiresAt = parseEnd(expires, 'expires', Date.now());
  const restrictions = restrictionsOf(input);
  const { postern } = await connectToChange(input);
  const tokens = await namedTokens(postern, input);
  if (!tokens) throw usageError('Say whose it shall be: --account, or --own.');
  await issue(input, async () => {
    const issued = await tokens.create({
      name: input.operands[0] ?? '',
      expiresAt,
      ...(description !== undefined && { description }),
      ...(restrictions && { restrictions }),
    });
    return { issued, undo: () => tokens.delete(issued.token.id), otherwise: 'The new token was deleted again.' };
  });
}

async function refresh(input: CommandInput): Promise<void> {
  const { overlap, expires, pipe } = input.flags;
  if (pipe !== undefined && overlap === undefined) {
    throw usageError('--pipe needs --overlap here: a command that fails must leave the old value alive.');
  }
  const change = {
    ...(overlap !== undefined && { overlapSeconds: parseDuration(overlap, 'overlap') }),
    ...(expires !== undefined && { expiresAt: parseEnd(expires, 'expires', Date.now()) }),
  };
  const { postern } = await connectToChange(input);
  const { token, of } = await tokenOf(postern, input);
  await issue(input, async () => {
    const issued = await of.refresh(token.id, change);
    const until = issued.token.previous?.validUntil;
    const otherwise =
      until === undefined
        ? 'The old value is dead and the new one was lost: refresh the token again.'
        : `The old value works until ${until}; \`postern token end-overlap\` and a new refresh try again.`;
    return { issued, otherwise };
  });
}

async function list(input: CommandInput): Promise<void> {
  const { search, status, expiring, hint, sort, 'unused-since': unusedSince } = input.flags;
  const now = Date.now();
  const query = {
    search,
    hint,
    sort,
    status: expiring === undefined ? status : 'active',
    expiresBefore: expiring === undefined ? undefined : parseFuture(expiring, 'expiring', now),
    unusedSince: unusedSince === undefined ? undefined : parsePast(unusedSince, 'unused-since', now),
    overlap: isGiven(input, 'overlap') ? true : undefined,
  } as TokenQuery;
  const { postern } = await connect(input);
  const tokens = (await namedTokens(postern, input)) ?? postern.tokens;
  await printList(tokens.list(query), COLUMNS, input);
}

async function edit(input: CommandInput): Promise<void> {
  const { name, description, expires } = input.flags;
  const restrictions = restrictionsOf(input);
  const expiresAt = expires === undefined ? undefined : parseFuture(expires, 'expires', Date.now());
  const { postern } = await connectToChange(input);
  const found = await tokenOf(postern, input);
  const token = await found.of.update(found.token.id, {
    ...(name !== undefined && { name }),
    ...(description !== undefined && { description }),
    ...(expiresAt !== undefined && { expiresAt }),
    ...(restrictions && { restrictions }),
  });
  printItem(token, FACTS, input);
}

async function endOverlap(input: CommandInput): Promise<void> {
  const { postern } = await connectToChange(input);
  const { token, of } = await tokenOf(postern, input);
  const { id, name, previous } = token;
  const lines = [
    'This ends for good:',
    previous
      ? `  the old value of ${plain(name)}, which ends in …${previous.hint}, last used: ${previous.lastUsedAt ?? 'never'}`
      : `  nothing: ${plain(name)} has no old value that works`,
  ];
  if (!(await confirm(input, lines))) return;
  printItem(await of.endOverlap(id), FACTS, input);
}

async function callers(input: CommandInput): Promise<void> {
  const { postern } = await connect(input);
  const { token, of } = await tokenOf(postern, input);
  const generation = isGiven(input, 'previous') ? 'previous' : 'current';
  await printList(of.callers(token.id, { generation }), CALLER_COLUMNS, input);
}

async function endAll(input: CommandInput): Promise<void> {
  const { account } = input.flags;
  if (account === undefined || namesOwn(input) || input.operands.length > 0) {
    throw usageError('--all deletes every token of an --account, and takes no token beside it.');
  }
  const { postern } = await connectToChange(input);
  const { id, displayName, tokenCount } = await postern.serviceAccounts.get(await findServiceAccount(postern, account));
  const lines = ['This ends for good:', `  all ${tokenCount} tokens of ${plain(displayName)} (${id})`];
  if (!(await confirm(input, lines))) return;
  const { deleted } = await postern.serviceAccounts.tokens.deleteAll(id);
  print(isGiven(input, 'json') ? JSON.stringify({ deleted }, null, 2) : String(deleted));
}

async function end(input: CommandInput): Promise<void> {
  if (input.operands.length === 0) throw usageError('Say which token, or --all with --account.');
  const { postern } = await connectToChange(input);
  const { token, of } = await tokenOf(postern, input);
  const { id, name, lastUsedAt } = token;
  const lines = ['This ends for good:', `  the token ${plain(name)} (${id}), last used: ${lastUsedAt ?? 'never'}`];
  if (await confirm(input, lines)) await of.delete(id);
}

function restrictionsOf(input: CommandInput): Restrictions | undefined {
  const [permissions, workspaces, networks] = ['permission', 'workspace', 'network'].map((flag) =>
    valuesOf(input, flag),
  );
  if (!permissions && !workspaces && !networks) return undefined;
  return {
    ...(permissions && { permissions: [...permissions] }),
    ...(workspaces && { workspaces: [...workspaces] }),
    ...(networks && { networks: [...networks] }),
  };
}
