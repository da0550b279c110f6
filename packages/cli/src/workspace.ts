import type { Postern, Workspace } from '@postern/sdk';
import { connect, connectToChange } from './client.ts';
import { type CommandInput, type Commands, isGiven, print } from './command.ts';
import { confirm } from './confirm.ts';
import { usageError } from './exit.ts';
import { findGrantableRole, findGroup, findPrincipal } from './find.ts';
import { CLIENT_FLAGS, END_FLAGS, LIST_FLAGS } from './flag.ts';
import { type Column, each, namesOf, plain, printItem, printList } from './output.ts';
import { ROLE_COLUMNS } from './role.ts';

const COLUMNS: readonly Column<Workspace>[] = [
  { name: 'id', of: ({ id }) => id },
  { name: 'name', of: ({ name }) => name },
  { name: 'title', of: ({ displayName }) => displayName },
  { name: 'created', of: ({ createdAt }) => createdAt, time: true },
  { name: 'description', of: ({ description }) => description },
];

interface Grant {
  readonly id: string;
  readonly name: string;
  readonly kind: 'service_account' | 'member' | 'group';
  readonly role: string;
}
const GRANT_COLUMNS: readonly Column<Grant>[] = [
  { name: 'id', of: ({ id }) => id },
  { name: 'name', of: ({ name }) => name },
  { name: 'kind', of: ({ kind }) => kind },
  { name: 'role', of: ({ role }) => role },
];
const FACT_FLAGS = {
  title: { value: 'text', summary: 'Its name for people; the name if absent' },
  description: { value: 'text', summary: 'What it is for' },
  'external-id': { value: 'key', summary: 'Your own unique key for it' },
};
const WORKSPACE = { name: 'workspace', names: 'workspace' } as const;
const PRINCIPAL = { name: 'account-or-member', names: 'principal', optional: true } as const;
const GROUP_FLAG = {
  value: 'group',
  names: 'group',
  summary: 'To everybody in this group, and not to one account',
} as const;

export const WORKSPACE_COMMANDS: Commands = {
  'workspace create': {
    summary: 'Create a workspace; its id is printed',
    where: 'client',
    operands: [{ name: 'name' }],
    flags: { ...FACT_FLAGS, ...CLIENT_FLAGS },
    async run(input) {
      const { postern } = await connectToChange(input);
      const workspace = await postern.workspaces.create({ name: input.operands[0] ?? '', ...factsOf(input) });
      print(isGiven(input, 'json') ? JSON.stringify(workspace, null, 2) : workspace.id);
    },
  },
  'workspace list': {
    summary: 'List the workspaces that the caller may read',
    where: 'client',
    columns: namesOf(COLUMNS),
    flags: { search: { value: 'text', summary: 'Part of a name or description' }, ...LIST_FLAGS, ...CLIENT_FLAGS },
    async run(input) {
      const { postern } = await connect(input);
      await printList(postern.workspaces.list({ search: input.flags['search'] }), COLUMNS, input);
    },
  },
  'workspace show': {
    summary: 'Show a workspace',
    where: 'client',
    operands: [WORKSPACE],
    flags: CLIENT_FLAGS,
    async run(input) {
      const { postern } = await connect(input);
      printItem(await postern.workspaces.get(nameOf(input)), COLUMNS, input);
    },
  },
  'workspace members': {
    summary: 'List who has a role in a workspace, of their own or as a group',
    where: 'client',
    operands: [WORKSPACE],
    columns: namesOf(GRANT_COLUMNS),
    flags: { ...LIST_FLAGS, ...CLIENT_FLAGS },
    async run(input) {
      const { postern } = await connect(input);
      await printList(grantsOf(postern, nameOf(input)), GRANT_COLUMNS, input);
    },
  },
  'workspace roles': {
    summary: 'List the roles that the caller can give in a workspace',
    where: 'client',
    operands: [WORKSPACE],
    columns: namesOf(ROLE_COLUMNS),
    flags: { ...LIST_FLAGS, ...CLIENT_FLAGS },
    async run(input) {
      const { postern } = await connect(input);
      await printList(each(await postern.workspaces.roles(nameOf(input))), ROLE_COLUMNS, input);
    },
  },
  'workspace edit': {
    summary: 'Rename or change a workspace',
    where: 'client',
    operands: [WORKSPACE],
    flags: { name: { value: 'name', summary: 'Its new name' }, ...FACT_FLAGS, ...CLIENT_FLAGS },
    async run(input) {
      const { name } = input.flags;
      const { postern } = await connectToChange(input);
      const change = { ...(name !== undefined && { name }), ...factsOf(input) };
      printItem(await postern.workspaces.update(nameOf(input), change), COLUMNS, input);
    },
  },
  'workspace delete': {
    summary: 'Delete a workspace, and all access to it',
    where: 'client',
    operands: [WORKSPACE],
    flags: { ...END_FLAGS, ...CLIENT_FLAGS },
    async run(input) {
      const { postern } = await connectToChange(input);
      const { id, name } = await postern.workspaces.get(nameOf(input));
      const lines = ['This ends for good:', `  the workspace ${plain(name)} (${id})`, '  all roles in it'];
      if (await confirm(input, lines)) await postern.workspaces.delete(id);
    },
  },
  'workspace grant': {
    summary: 'Give a service account, member or group a role in a workspace, or change it',
    where: 'client',
    operands: [WORKSPACE, PRINCIPAL],
    flags: {
      role: {
        value: 'role',
        names: 'role',
        summary: 'viewer, member, manager, or a role of your own; member if absent',
      },
      group: GROUP_FLAG,
      ...CLIENT_FLAGS,
    },
    run: grant,
  },
  'workspace revoke': {
    summary: 'Take the role in a workspace away again',
    where: 'client',
    operands: [WORKSPACE, PRINCIPAL],
    flags: { group: { ...GROUP_FLAG, summary: 'From this group, and not from one account' }, ...CLIENT_FLAGS },
    run: revoke,
  },
};

async function grant(input: CommandInput): Promise<void> {
  const [workspace = '', principal] = input.operands;
  const { group, role } = input.flags;
  requireOne(principal, group);
  const { postern } = await connectToChange(input);
  const given = role === undefined ? {} : { role: await findGrantableRole(postern, workspace, role) };
  if (group !== undefined) {
    const set = await postern.workspaces.groups.set(workspace, await findGroup(postern, group), given);
    return printItem({ ...set.group, kind: 'group', role: set.role.name } satisfies Grant, GRANT_COLUMNS, input);
  }
  const set = await postern.workspaces.members.set(workspace, await findPrincipal(postern, principal ?? ''), given);
  const { id, displayName: name, kind } = set.principal;
  printItem({ id, name, kind, role: set.role.name } satisfies Grant, GRANT_COLUMNS, input);
}

async function revoke(input: CommandInput): Promise<void> {
  const [workspace = '', principal] = input.operands;
  const { group } = input.flags;
  requireOne(principal, group);
  const { postern } = await connectToChange(input);
  if (group !== undefined) await postern.workspaces.groups.remove(workspace, await findGroup(postern, group));
  else await postern.workspaces.members.remove(workspace, await findPrincipal(postern, principal ?? ''));
}

function requireOne(principal: string | undefined, group: string | undefined): void {
  if ((principal === undefined) === (group === undefined)) {
    throw usageError('Say either a service account or member, or --group.');
  }
}

async function* grantsOf(postern: Postern, workspace: string): AsyncGenerator<Grant, void, undefined> {
  for await (const { group, role } of postern.workspaces.groups.list(workspace)) {
    yield { ...group, kind: 'group', role: role.name };
  }
  for await (const { principal, role } of postern.workspaces.members.list(workspace)) {
    yield { id: principal.id, name: principal.displayName, kind: principal.kind, role: role.name };
  }
}

function factsOf({ flags: { title, description, 'external-id': externalId } }: CommandInput) {
  return {
    ...(title !== undefined && { displayName: title }),
    ...(description !== undefined && { description }),
    ...(externalId !== undefined && { externalId: externalId === '' ? null : externalId }),
  };
}

/** The API takes a workspace by its name, too. */
function nameOf({ operands: [workspace = ''] }: CommandInput): string {
  return workspace;
}
