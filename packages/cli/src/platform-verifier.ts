import type { PlatformVerifierEntry } from '@postern/server';
import { type CommandInput, type Commands, isGiven, print } from './command.ts';
import { printOnce } from './stdout.ts';

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
    flags: { json: { summary: 'Print one JSON document' } },
    run: list,
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

async function list(input: CommandInput): Promise<void> {
  const { platformVerifierList } = await import('@postern/server');
  const verifiers = await platformVerifierList(input.settings);
  print(isGiven(input, 'json') ? JSON.stringify(verifiers, null, 2) : verifiers.map(toLine).join('\n'));
}

function toLine({ id, name, createdAt, lastUsedAt }: PlatformVerifierEntry): string {
  return `${id}  created ${createdAt}  last used ${lastUsedAt ?? 'never'}  ${name}`;
}
