import {
  type PlatformVerifierEntry,
  platformVerifierCreate,
  platformVerifierDelete,
  platformVerifierList,
} from '@postern/server';
import { type Command, type CommandInput, print } from './command.ts';

/** The operator's commands about credentials that verify tokens of every organization. */
export const PLATFORM_VERIFIER_COMMANDS: Readonly<Record<string, Command>> = {
  'verifier create': {
    summary: 'Make a credential that verifies tokens of every organization and does nothing else; print it, this once',
    settings: true,
    flags: { name: { value: 'name', required: true } },
    run: create,
  },
  'verifier list': {
    summary: 'List these credentials, without their values',
    settings: true,
    flags: { json: {} },
    run: list,
  },
  'verifier delete': {
    summary: 'Delete one: it is refused from then on',
    settings: true,
    operands: ['id'],
    async run({ settings, operands: [id = ''] }) {
      await platformVerifierDelete(settings, { id });
      print(`Deleted the verifier ${id}.`);
    },
  },
};

async function create({ settings, flags: { name = '' } }: CommandInput): Promise<void> {
  const made = await platformVerifierCreate(settings, { name });
  print(
    [
      `Made the verifier ${made.id}: ${made.name}`,
      '',
      'Here is its token; it is not shown again:',
      '',
      `  ${made.value}`,
    ].join('\n'),
  );
}

async function list({ settings, flags }: CommandInput): Promise<void> {
  const verifiers = await platformVerifierList(settings);
  print(flags['json'] === undefined ? verifiers.map(toLine).join('\n') : JSON.stringify(verifiers, null, 2));
}

function toLine({ id, name, createdAt, lastUsedAt }: PlatformVerifierEntry): string {
  return `${id}  created ${createdAt}  last used ${lastUsedAt ?? 'never'}  ${name}`;
}
