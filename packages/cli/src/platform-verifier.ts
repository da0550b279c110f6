import type { PlatformVerifierEntry } from '@postern/server';
import { type CommandInput, type Commands, print } from './command.ts';
import { OPERATOR_LIST_FLAGS } from './flag.ts';
import { type Column, each, namesOf, printList } from './output.ts';
import { printOnce } from './stdout.ts';

const COLUMNS: readonly Column<PlatformVerifierEntry>[] = [
  { name: 'id', of: ({ id }) => id },
  { name: 'name', of: ({ name }) => name },
  { name: 'last used', of: ({ lastUsedAt }) => lastUsedAt, time: true },
  { name: 'created', of: ({ createdAt }) => createdAt, time: true },
];

/** The operator's commands about credentials that verify tokens of every organization. */
export const PLATFORM_VERIFIER_COMMANDS: Commands = {
  'verifier create': {
    summary: 'Make a credential that verifies tokens of every organization and does nothing else; print it, this once',
    where: 'server',
    flags: { name: { value: 'name', required: true, summary: 'How it is called' } },
    run: create,
  },
  'verifier list': {
    summary: 'List these credentials, without their values',
    where: 'server',
    columns: namesOf(COLUMNS),
    flags: OPERATOR_LIST_FLAGS,
    async run(input) {
      const { platformVerifierList } = await import('@postern/server');
      await printList(each(await platformVerifierList(input.settings)), COLUMNS, input);
    },
  },
  'verifier delete': {
    summary: 'Delete one: it is refused from then on',
    where: 'server',
    operands: [{ name: 'id' }],
    async run({ settings, operands: [id = ''] }) {
      const { platformVerifierDelete } = await import('@postern/server');
      await platformVerifierDelete(settings, { id });
      print(`Deleted the verifier ${id}.`);
    },
  },
};

async function create({ settings, flags: { name = '' } }: CommandInput): Promise<void> {
  const { platformVerifierCreate } = await import('@postern/server');
  const made = await platformVerifierCreate(settings, { name });
  await printOnce(
    [
      `Made the verifier ${made.id}: ${made.name}`,
      '',
      'Here is its token; it is not shown again:',
      '',
      `  ${made.value}`,
    ].join('\n'),
  );
}
