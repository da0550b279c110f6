import type { Permission } from '@postern/sdk';
import { connect, connectToChange } from './client.ts';
import { type Commands, isGiven, print } from './command.ts';
import { confirm } from './confirm.ts';
import { CommandError, EXIT } from './exit.ts';
import { CLIENT_FLAGS, END_FLAGS, LIST_FLAGS } from './flag.ts';
import { type Column, each, namesOf, plain, printItem, printList } from './output.ts';

const COLUMNS: readonly Column<Permission>[] = [
  { name: 'name', of: ({ name }) => name },
  { name: 'scope', of: ({ scope }) => scope },
  { name: 'built in', of: ({ builtIn }) => builtIn },
  { name: 'description', of: ({ description }) => description },
];
const PERMISSION = { name: 'permission', names: 'permission' } as const;
const DESCRIPTION = { value: 'text', summary: 'What it allows' } as const;

export const PERMISSION_COMMANDS: Commands = {
  'permission create': {
    summary: 'Register a permission of an API of your own, like invoices.read',
    where: 'client',
    operands: [{ name: 'name' }],
    flags: { description: DESCRIPTION, ...CLIENT_FLAGS },
    async run(input) {
      const { description } = input.flags;
      const { postern } = await connectToChange(input);
      const made = await postern.permissions.create({
        name: input.operands[0] ?? '',
        ...(description !== undefined && { description }),
      });
      print(isGiven(input, 'json') ? JSON.stringify(made, null, 2) : made.name);
    },
  },
  'permission list': {
    summary: 'List the permission catalogue',
    where: 'client',
    columns: namesOf(COLUMNS),
    flags: { ...LIST_FLAGS, ...CLIENT_FLAGS },
    async run(input) {
      const { postern } = await connect(input);
      await printList(each(await postern.permissions.list()), COLUMNS, input);
    },
  },
  'permission show': {
    summary: 'Show a permission',
    where: 'client',
    operands: [PERMISSION],
    flags: CLIENT_FLAGS,
    async run(input) {
      const { postern } = await connect(input);
      const found = (await postern.permissions.list()).find(({ name }) => name === input.operands[0]);
      if (!found) throw new CommandError('There is no such permission.', EXIT.notFound);
      printItem(found, COLUMNS, input);
    },
  },
  'permission edit': {
    summary: 'Describe a permission of your own anew',
    where: 'client',
    operands: [PERMISSION],
    flags: { description: { ...DESCRIPTION, required: true }, ...CLIENT_FLAGS },
    async run(input) {
      const { operands, flags } = input;
      const { postern } = await connectToChange(input);
      const change = { description: flags['description'] ?? '' };
      printItem(await postern.permissions.update(operands[0] ?? '', change), COLUMNS, input);
    },
  },
  'permission delete': {
    summary: 'Delete a permission of your own that no role holds',
    where: 'client',
    operands: [PERMISSION],
    flags: { ...END_FLAGS, ...CLIENT_FLAGS },
    async run(input) {
      const [name = ''] = input.operands;
      const { postern } = await connectToChange(input);
      const lines = ['This ends for good:', `  the permission ${plain(name)}`];
      if (await confirm(input, lines)) await postern.permissions.delete(name);
    },
  },
};
