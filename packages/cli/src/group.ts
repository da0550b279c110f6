import type { Group, GroupMember, Postern } from '@postern/sdk';
import { connect, connectToChange } from './client.ts';
import { type CommandInput, type Commands, isGiven, print } from './command.ts';
import { confirm } from './confirm.ts';
import { findGroup, findPrincipal } from './find.ts';
import { CLIENT_FLAGS, END_FLAGS, LIST_FLAGS } from './flag.ts';
import { type Column, namesOf, plain, printItem, printList } from './output.ts';

const COLUMNS: readonly Column<Group>[] = [
  { name: 'id', of: ({ id }) => id },
  { name: 'name', of: ({ name }) => name },
  { name: 'members', of: ({ memberCount }) => memberCount },
  { name: 'created', of: ({ createdAt }) => createdAt, time: true },
  { name: 'description', of: ({ description }) => description },
];
const MEMBER_COLUMNS: readonly Column<GroupMember>[] = [
  { name: 'id', of: ({ principal }) => principal.id },
  { name: 'name', of: ({ principal }) => principal.displayName },
  { name: 'kind', of: ({ principal }) => principal.kind },
  { name: 'role', of: ({ role }) => role },
];
const FACT_FLAGS = {
  description: { value: 'text', summary: 'What it is for' },
  'external-id': { value: 'key', summary: 'Your own unique key for it' },
};
const GROUP = { name: 'group', names: 'group' } as const;
const PRINCIPAL = { name: 'account-or-member', names: 'principal' } as const;

export const GROUP_COMMANDS: Commands = {
  'group create': {
    summary: 'Create a group; its id is printed',
    where: 'client',
    operands: [{ name: 'name' }],
    flags: { ...FACT_FLAGS, ...CLIENT_FLAGS },
    async run(input) {
      const { postern } = await connectToChange(input);
      const group = await postern.groups.create({ name: input.operands[0] ?? '', ...factsOf(input) });
      print(isGiven(input, 'json') ? JSON.stringify(group, null, 2) : group.id);
    },
  },
  'group list': {
    summary: 'List the groups',
    where: 'client',
    columns: namesOf(COLUMNS),
    flags: { search: { value: 'text', summary: 'Part of a name or description' }, ...LIST_FLAGS, ...CLIENT_FLAGS },
    async run(input) {
      const { postern } = await connect(input);
      await printList(postern.groups.list({ search: input.flags['search'] }), COLUMNS, input);
    },
  },
  'group show': {
    summary: 'Show a group',
    where: 'client',
    operands: [GROUP],
    flags: CLIENT_FLAGS,
    async run(input) {
      const { postern } = await connect(input);
      printItem(await postern.groups.get(await idOf(postern, input)), COLUMNS, input);
    },
  },
  'group members': {
    summary: 'List who is in a group',
    where: 'client',
    operands: [GROUP],
    columns: namesOf(MEMBER_COLUMNS),
    flags: { ...LIST_FLAGS, ...CLIENT_FLAGS },
    async run(input) {
      const { postern } = await connect(input);
      await printList(postern.groups.members.list(await idOf(postern, input)), MEMBER_COLUMNS, input);
    },
  },
  'group edit': {
    summary: 'Rename or change a group',
    where: 'client',
    operands: [GROUP],
    flags: { name: { value: 'name', summary: 'Its new name' }, ...FACT_FLAGS, ...CLIENT_FLAGS },
    async run(input) {
      const { name } = input.flags;
      const { postern } = await connectToChange(input);
      const change = { ...(name !== undefined && { name }), ...factsOf(input) };
      printItem(await postern.groups.update(await idOf(postern, input), change), COLUMNS, input);
    },
  },
  'group delete': {
    summary: 'Delete a group, and all that it gives its members',
    where: 'client',
    operands: [GROUP],
    flags: { ...END_FLAGS, ...CLIENT_FLAGS },
    run: end,
  },
  'group add': {
    summary: 'Add a service account or member to a group, or change its role there',
    where: 'client',
    operands: [GROUP, PRINCIPAL],
    flags: {
      role: { value: 'role', choices: ['member', 'manager'], summary: 'member or manager; member if absent' },
      ...CLIENT_FLAGS,
    },
    async run(input) {
      const role = (input.flags['role'] ?? 'member') as GroupMember['role'];
      const { postern } = await connectToChange(input);
      const principal = await findPrincipal(postern, input.operands[1] ?? '');
      printItem(
        await postern.groups.members.set(await idOf(postern, input), principal, { role }),
        MEMBER_COLUMNS,
        input,
      );
    },
  },
  'group remove': {
    summary: 'Take a service account or member out of a group',
    where: 'client',
    operands: [GROUP, PRINCIPAL],
    flags: CLIENT_FLAGS,
    async run(input) {
      const { postern } = await connectToChange(input);
      const principal = await findPrincipal(postern, input.operands[1] ?? '');
      await postern.groups.members.remove(await idOf(postern, input), principal);
    },
  },
};

async function end(input: CommandInput): Promise<void> {
  const { postern } = await connectToChange(input);
  const { id, name, memberCount } = await postern.groups.get(await idOf(postern, input));
  const carried = await postern.groups.workspaces(id);
  const lines = [
    'This ends for good:',
    `  the group ${plain(name)} (${id})`,
    `  the place of its ${memberCount} members in it`,
    `  the roles in ${carried.length} workspaces that they have through it`,
  ];
  if (await confirm(input, lines)) await postern.groups.delete(id);
}

function factsOf({ flags: { description, 'external-id': externalId } }: CommandInput) {
  return {
    ...(description !== undefined && { description }),
    ...(externalId !== undefined && { externalId: externalId === '' ? null : externalId }),
  };
}

function idOf(postern: Postern, { operands: [group = ''] }: CommandInput): Promise<string> {
  return findGroup(postern, group);
}
