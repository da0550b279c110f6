import type { Postern, ServiceAccount, ServiceAccountQuery } from '@postern/sdk';
import { connect, connectToChange } from './client.ts';
import { type CommandInput, type Commands, isGiven, print } from './command.ts';
import { confirm } from './confirm.ts';
import { parsePast } from './duration.ts';
import { findServiceAccount } from './find.ts';
import { CLIENT_FLAGS, END_FLAGS, LIST_FLAGS } from './flag.ts';
import { type Column, namesOf, plain, printItem, printList } from './output.ts';

const ROLES = ['member', 'admin', 'verifier'] as const;

const COLUMNS: readonly Column<ServiceAccount>[] = [
  { name: 'id', of: ({ id }) => id },
  { name: 'name', of: ({ displayName }) => displayName },
  { name: 'status', of: ({ status }) => status },
  { name: 'role', of: ({ organizationRole }) => organizationRole },
  { name: 'tokens', of: ({ tokenCount }) => tokenCount },
  { name: 'last used', of: ({ lastUsedAt }) => lastUsedAt, time: true },
  { name: 'created', of: ({ createdAt }) => createdAt, time: true },
];
const FACTS: readonly Column<ServiceAccount>[] = [
  ...COLUMNS,
  { name: 'created by', of: ({ createdBy }) => createdBy.displayName },
  { name: 'external id', of: ({ externalId }) => externalId },
  { name: 'description', of: ({ description }) => description },
];

const FACT_FLAGS = {
  description: { value: 'text', summary: 'What it is for' },
  'external-id': { value: 'key', summary: 'Your own unique key for it' },
};
const ROLE_FLAG = { value: 'role', choices: ROLES, summary: 'Its role in the organization: member, admin or verifier' };
const ACCOUNT = { name: 'account', names: 'service-account' } as const;

export const SERVICE_ACCOUNT_COMMANDS: Commands = {
  'service-account create': {
    summary: 'Create a service account; its id is printed',
    where: 'client',
    operands: [{ name: 'name' }],
    flags: {
      role: { ...ROLE_FLAG, summary: `${ROLE_FLAG.summary}; member if absent` },
      ...FACT_FLAGS,
      ...CLIENT_FLAGS,
    },
    run: create,
  },
  'service-account list': {
    summary: 'List the service accounts',
    where: 'client',
    columns: namesOf(COLUMNS),
    flags: {
      search: { value: 'text', summary: 'Part of a name or description' },
      status: { value: 'status', choices: ['active', 'disabled'], summary: 'active or disabled' },
      role: ROLE_FLAG,
      'unused-since': { value: 'duration', summary: 'Not used since then: 90d, or a time' },
      sort: { value: 'column', summary: 'name, lastUsedAt or createdAt; `-` in front reverses' },
      fail: { summary: 'Exit with 10 if any is found' },
      ...LIST_FLAGS,
      ...CLIENT_FLAGS,
    },
    run: list,
  },
  'service-account show': {
    summary: 'Show a service account',
    where: 'client',
    operands: [ACCOUNT],
    flags: CLIENT_FLAGS,
    run: show,
  },
  'service-account edit': {
    summary: 'Rename or change a service account',
    where: 'client',
    operands: [ACCOUNT],
    flags: { name: { value: 'name', summary: 'Its new name' }, role: ROLE_FLAG, ...FACT_FLAGS, ...CLIENT_FLAGS },
    run: edit,
  },
  'service-account disable': {
    summary: 'Delete all its tokens for good; memberships stay',
    where: 'client',
    operands: [ACCOUNT],
    flags: { ...END_FLAGS, ...CLIENT_FLAGS },
    run: disable,
  },
  'service-account enable': {
    summary: 'Let it have tokens again; none of the old ones comes back',
    where: 'client',
    operands: [ACCOUNT],
    flags: CLIENT_FLAGS,
    async run(input) {
      const { postern } = await connectToChange(input);
      printItem(await postern.serviceAccounts.enable(await idOf(postern, input)), COLUMNS, input);
    },
  },
  'service-account delete': {
    summary: 'Delete a service account and all its tokens for good',
    where: 'client',
    operands: [ACCOUNT],
    flags: { ...END_FLAGS, ...CLIENT_FLAGS },
    run: end,
  },
};

async function create(input: CommandInput): Promise<void> {
  const { role, description, 'external-id': externalId } = input.flags;
  const { postern } = await connectToChange(input);
  const account = await postern.serviceAccounts.create({
    displayName: input.operands[0] ?? '',
    organizationRole: (role ?? 'member') as ServiceAccount['organizationRole'],
    ...(description !== undefined && { description }),
    ...(externalId !== undefined && { externalId }),
  });
  if (isGiven(input, 'json')) print(JSON.stringify(account, null, 2));
  else print(account.id);
}

async function list(input: CommandInput): Promise<void> {
  const { search, status, role, sort, 'unused-since': unusedSince } = input.flags;
  const query = {
    search,
    status,
    sort,
    organizationRole: role,
    unusedSince: unusedSince === undefined ? undefined : parsePast(unusedSince, 'unused-since', Date.now()),
  } as ServiceAccountQuery;
  const { postern } = await connect(input);
  await printList(postern.serviceAccounts.list(query), COLUMNS, input);
}

async function show(input: CommandInput): Promise<void> {
  const { postern } = await connect(input);
  printItem(await postern.serviceAccounts.get(await idOf(postern, input)), FACTS, input);
}

async function edit(input: CommandInput): Promise<void> {
  const { name, role, description, 'external-id': externalId } = input.flags;
  const { postern } = await connectToChange(input);
  const account = await postern.serviceAccounts.update(await idOf(postern, input), {
    ...(name !== undefined && { displayName: name }),
    ...(role !== undefined && { organizationRole: role as ServiceAccount['organizationRole'] }),
    ...(description !== undefined && { description }),
    ...(externalId !== undefined && { externalId: externalId === '' ? null : externalId }),
  });
  printItem(account, FACTS, input);
}

async function disable(input: CommandInput): Promise<void> {
  const { postern } = await connectToChange(input);
  const id = await idOf(postern, input);
  if (!(await confirm(input, ['This ends for good:', ...(await tokensOf(postern, id))]))) return;
  printItem(await postern.serviceAccounts.disable(id), COLUMNS, input);
}

async function end(input: CommandInput): Promise<void> {
  const { postern } = await connectToChange(input);
  const id = await idOf(postern, input);
  const account = await postern.serviceAccounts.get(id);
  const { groups, workspaces } = await postern.serviceAccounts.memberships(id);
  const lines = [
    'This ends for good:',
    `  the service account ${plain(account.displayName)} (${id})`,
    ...(await tokensOf(postern, id)),
    `  its place in ${groups.length} groups and ${workspaces.length} workspaces`,
  ];
  if (await confirm(input, lines)) await postern.serviceAccounts.delete(id);
}

/** What a person should know of tokens that are about to end: which, and when they were last used. */
const SHOWN = 20;

async function tokensOf(postern: Postern, id: string): Promise<string[]> {
  const tokens = await postern.serviceAccounts.tokens.list(id).toArray({ max: SHOWN + 1 });
  const lines = tokens
    .slice(0, SHOWN)
    .map(({ name, lastUsedAt }) => `  the token ${plain(name)}, last used: ${lastUsedAt ?? 'never'}`);
  if (tokens.length === 0) return ['  no token: there is none'];
  return tokens.length > SHOWN ? [...lines, '  and more tokens'] : lines;
}

function idOf(postern: Postern, { operands: [account = ''] }: CommandInput): Promise<string> {
  return findServiceAccount(postern, account);
}
