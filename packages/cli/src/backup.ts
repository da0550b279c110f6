import type { QuarantineEntry } from '@postern/server';
import { type CommandInput, type Commands, isGiven, print, valuesOf } from './command.ts';
import { usageError } from './exit.ts';
import { OPERATOR_LIST_FLAGS } from './flag.ts';
import { type Column, each, namesOf, printList } from './output.ts';

const WAITING_COLUMNS: readonly Column<QuarantineEntry>[] = [
  { name: 'id', of: ({ id }) => id },
  { name: 'name', of: ({ name }) => name },
  { name: 'tokens', of: ({ quarantine }) => (quarantine === 'releasable' ? 'wait' : 'can only be deleted') },
];

/** Copies of the database, and what becomes of tokens once one was brought back. The operator's, on the server's machine. */
export const BACKUP_COMMANDS: Commands = {
  backup: {
    summary: 'Write a copy of the embedded database, also beside a running server',
    details: [
      'The file is for its owner only, and is never written over another one. It is worthless without the secret key, which is not in it: keep that elsewhere.',
    ],
    where: 'server',
    operands: [{ name: 'file' }],
    run: backUp,
  },
  restore: {
    summary: 'Put a backup in the place of the database, without bringing back what was revoked since',
    details: [
      'What the revocation journal tells is revoked in the copy, people have to sign in again, and tokens wait (401) until an admin, or `postern quarantine`, has released them or deleted them all. The database that was there is kept beside it.',
      'A PostgreSQL database is first brought back by its own tools; then this is run without a file.',
    ],
    where: 'server',
    operands: [{ name: 'file', optional: true }],
    flags: {
      journal: { value: 'directory', many: true, summary: 'The journals of other nodes, beside that of the settings' },
      'without-journal': { summary: 'Go on where no journal reaches back to the backup: tokens can only be deleted' },
    },
    run: restore,
  },
  'quarantine list': {
    summary: 'List the organizations whose tokens wait since a restore',
    where: 'server',
    columns: namesOf(WAITING_COLUMNS),
    flags: OPERATOR_LIST_FLAGS,
    async run(input) {
      const { quarantineList } = await import('@postern/server');
      await printList(each(await quarantineList(input.settings)), WAITING_COLUMNS, input);
    },
  },
  'quarantine release': {
    summary: 'Let the tokens of an organization work again that wait since a restore',
    where: 'server',
    operands: [{ name: 'id', optional: true }],
    flags: { all: { summary: 'Of every organization' } },
    run: (input) => end(input, 'release'),
  },
  'quarantine delete-tokens': {
    summary: 'Delete all tokens of an organization that wait since a restore',
    where: 'server',
    operands: [{ name: 'id', optional: true }],
    flags: { all: { summary: 'Of every organization' } },
    run: (input) => end(input, 'delete_tokens'),
  },
};

async function backUp({ settings, operands: [file = ''] }: CommandInput): Promise<void> {
  const server = await import('@postern/server');
  print(`Wrote ${await server.backUp(settings, file)}. Its secret key is not in it: keep that elsewhere.`);
}

async function restore(input: CommandInput): Promise<void> {
  const server = await import('@postern/server');
  const { organizations, applied, proven, kept } = await server.restore(input.settings, {
    file: input.operands[0],
    journals: valuesOf(input, 'journal') ?? [],
    withoutJournal: isGiven(input, 'without-journal'),
  });
  print(
    [
      `Restored ${organizations} ${organizations === 1 ? 'organization' : 'organizations'}; ${applied} ${applied === 1 ? 'revocation' : 'revocations'} since the backup applied.`,
      ...(kept === undefined ? [] : [`The database that was there is ${kept}.`]),
      proven
        ? 'Tokens wait (401) until an admin releases them in the console, or `postern quarantine release` does.'
        : 'No journal tells what was revoked since: tokens can only be deleted, in the console or by `postern quarantine delete-tokens`.',
    ].join('\n'),
  );
}

async function end(input: CommandInput, how: 'release' | 'delete_tokens'): Promise<void> {
  const [id] = input.operands;
  if ((id === undefined) !== isGiven(input, 'all')) throw usageError('Name one organization, or say --all.');
  const { quarantineEnd } = await import('@postern/server');
  const ended = await quarantineEnd(input.settings, id === undefined ? 'all' : { id }, how);
  if (ended.length === 0) return print('No tokens waited.');
  for (const each of ended) print(`${each}: ${how === 'release' ? 'its tokens work again' : 'its tokens are deleted'}`);
}
