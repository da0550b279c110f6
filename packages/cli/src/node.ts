import type { Node } from '@postern/sdk';
import { connect } from './client.ts';
import type { Commands } from './command.ts';
import { CLIENT_FLAGS, LIST_FLAGS } from './flag.ts';
import { type Column, each, namesOf, printList } from './output.ts';

const COLUMNS: readonly Column<Node>[] = [
  { name: 'id', of: ({ id }) => id },
  { name: 'answers', of: ({ self }) => self },
  { name: 'joined', of: ({ joinedAt }) => joinedAt, time: true },
  { name: 'lease ms', of: ({ leaseMs }) => leaseMs },
  { name: 'position', of: ({ position }) => position },
  { name: 'lag', of: ({ lag }) => lag },
];

export const NODE_COMMANDS: Commands = {
  'node list': {
    summary: 'List the processes that serve, their leases, and how far each has applied the changes',
    where: 'client',
    columns: namesOf(COLUMNS),
    flags: { ...LIST_FLAGS, ...CLIENT_FLAGS },
    async run(input) {
      const { postern } = await connect(input);
      await printList(each(await postern.nodes.list()), COLUMNS, input);
    },
  },
};
