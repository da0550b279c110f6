import type { Postern, Role } from '@postern/sdk';
import { connect, connectToChange } from './client.ts';
import { type CommandInput, type Commands, isGiven, print, valuesOf } from './command.ts';
import { confirm } from './confirm.ts';
import { usageError } from './exit.ts';
import { findRole } from './find.ts';
import { CLIENT_FLAGS, END_FLAGS, LIST_FLAGS } from './flag.ts';
import { type Column, each, namesOf, plain, printItem, printList } from './output.ts';

export const ROLE_COLUMNS: readonly Column<Role>[] = [
  { name: 'id', of: ({ id }) => id },
  { name: 'name', of: ({ name }) => name },
  { name: 'built in', of: ({ builtIn }) => builtIn },
  { name: 'permissions', of: ({ permissions }) => permissions.join(' ') },
];
const PERMISSION_FLAG = {
  value: 'name',
  many: 'commas',
  names: 'permission',
  summary: 'A permission that it holds',
} as const;
const ROLE = { name: 'role', names: 'role' } as const;

export const ROLE_COMMANDS: Commands = {
  'role create': {
    summary: 'Create a workspace role; its id is printed',
    where: 'client',
    operands: [{ name: 'name' }],
    flags: { permission: { ...PERMISSION_FLAG, required: true }, ...CLIENT_FLAGS },
    async run(input) {
      const { postern } = await connectToChange(input);
      const permissions = [...(valuesOf(input, 'permission') ?? [])];
      const role = await postern.roles.create({ name: input.operands[0] ?? '', permissions });
      print(isGiven(input, 'json') ? JSON.stringify(role, null, 2) : role.id);
    },
  },
  'role list': {
    summary: 'List the workspace roles',
    where: 'client',
    columns: namesOf(ROLE_COLUMNS),
    flags: { ...LIST_FLAGS, ...CLIENT_FLAGS },
    async run(input) {
      const { postern } = await connect(input);
      const roles = await postern.roles.list();
      await printList(each(roles), ROLE_COLUMNS, input);
    },
  },
  'role show': {
    summary: 'Show a role',
    where: 'client',
    operands: [ROLE],
    flags: CLIENT_FLAGS,
    async run(input) {
      const { postern } = await connect(input);
      printItem(await postern.roles.get(await idOf(postern, input)), ROLE_COLUMNS, input);
    },
  },
  'role edit': {
    summary: 'Change a role of your own, for everybody who has it',
    where: 'client',
    operands: [ROLE],
    flags: {
      name: { value: 'name', summary: 'Its new name' },
      permission: { ...PERMISSION_FLAG, summary: 'A permission that it holds; all of them are said' },
      'without-permissions': { summary: 'It holds none any more' },
      ...CLIENT_FLAGS,
    },
    async run(input) {
      const { name } = input.flags;
      const said = valuesOf(input, 'permission');
      const isEmptied = isGiven(input, 'without-permissions');
      if (said && isEmptied) throw usageError('--permission and --without-permissions exclude each other.');
      const permissions = isEmptied ? [] : said;
      const { postern } = await connectToChange(input);
      const change = { ...(name !== undefined && { name }), ...(permissions && { permissions: [...permissions] }) };
      printItem(await postern.roles.update(await idOf(postern, input), change), ROLE_COLUMNS, input);
    },
  },
  'role delete': {
    summary: 'Delete a role that nobody has',
    where: 'client',
    operands: [ROLE],
    flags: { ...END_FLAGS, ...CLIENT_FLAGS },
    async run(input) {
      const { postern } = await connectToChange(input);
      const { id, name } = await postern.roles.get(await idOf(postern, input));
      if (await confirm(input, ['This ends for good:', `  the role ${plain(name)} (${id})`]))
        await postern.roles.delete(id);
    },
  },
};

function idOf(postern: Postern, { operands: [role = ''] }: CommandInput): Promise<string> {
  return findRole(postern, role);
}
