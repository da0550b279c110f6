import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { AuditEvent, AuditEventFilters, AuditExportFormat, Postern } from '@postern/sdk';
import { connect } from './client.ts';
import type { CommandInput, Commands } from './command.ts';
import { parsePast } from './duration.ts';
import { CommandError } from './exit.ts';
import { findPrincipal } from './find.ts';
import { CLIENT_FLAGS, type Flags, LIST_FLAGS } from './flag.ts';
import { writeNewFile } from './new-file.ts';
import { type Column, namesOf, printList } from './output.ts';
import { exitCodeOfSignal, holdSignals } from './signal.ts';

const COLUMNS: readonly Column<AuditEvent>[] = [
  { name: 'at', of: ({ at }) => at, time: true },
  { name: 'action', of: ({ action }) => action },
  { name: 'outcome', of: ({ outcome, code }) => code ?? outcome },
  { name: 'actor', of: ({ actor }) => actor.displayName },
  { name: 'target', of: ({ target }) => target && (target.displayName ?? target.id) },
  { name: 'target id', of: ({ target }) => target?.id },
  { name: 'role', of: roleOf },
  { name: 'role of', of: whoseRoleOf },
  { name: 'address', of: ({ address }) => address },
  { name: 'request', of: ({ requestId }) => requestId },
];

const FILTER_FLAGS: Flags = {
  actor: { value: 'account-or-member', names: 'principal', summary: 'By this service account or member' },
  target: { value: 'id', summary: 'Of the thing with this id' },
  principal: {
    value: 'account-or-member',
    names: 'principal',
    summary: 'Done by this service account or member, or to it, its tokens and its roles',
  },
  action: { value: 'noun.verb', summary: 'Like token.create' },
  request: { value: 'id', summary: 'The request that an answer or error named' },
  since: { value: 'when', summary: 'From then on: 24h, or a time' },
  until: { value: 'when', summary: 'Before then' },
};
const FORMATS: readonly AuditExportFormat[] = ['csv', 'ndjson'];

export const AUDIT_COMMANDS: Commands = {
  'audit list': {
    summary: 'List what was done and what was refused, the newest first',
    where: 'client',
    columns: namesOf(COLUMNS),
    flags: { ...FILTER_FLAGS, ...LIST_FLAGS, ...CLIENT_FLAGS },
    async run(input) {
      const { postern } = await connect(input);
      await printList(postern.audit.list(await filtersOf(input, postern)), COLUMNS, input);
    },
  },
  'audit export': {
    summary: 'Write all that was done and refused, as CSV or NDJSON, to stdout or a new file',
    details: [
      'An export that breaks off exits with 7, and leaves no file. In CSV a text that a spreadsheet would take for a formula has an apostrophe in front.',
    ],
    where: 'client',
    flags: {
      ...FILTER_FLAGS,
      format: { value: 'format', choices: FORMATS, summary: 'csv or ndjson; csv if absent' },
      out: { value: 'file', summary: 'Write to this new file (mode 0600) and not to stdout' },
      ...CLIENT_FLAGS,
    },
    async run(input) {
      const { format = 'csv', out } = input.flags;
      const { postern } = await connect(input);
      const filters = await filtersOf(input, postern);
      const chunksUntil = (signal?: AbortSignal) =>
        postern.audit.export(format as AuditExportFormat, filters, { signal });
      if (out === undefined) await pipeline(Readable.from(chunksUntil()), process.stdout, { end: false });
      else await exportTo(out, chunksUntil);
    },
  },
};

/** Writes them all into a new file. Where a signal comes first there is none. */
async function exportTo(path: string, chunksUntil: (signal: AbortSignal) => AsyncIterable<Uint8Array>): Promise<void> {
  const signals = holdSignals();
  try {
    await writeNewFile(path, chunksUntil(signals.abort));
  } catch (error) {
    const signal = signals.first();
    if (signal === undefined) throw error;
    throw new CommandError(`Interrupted (${signal}).`, exitCodeOfSignal(signal));
  } finally {
    signals.release();
  }
}

async function filtersOf(input: CommandInput, postern: Postern): Promise<AuditEventFilters> {
  const { actor, target, principal, action, request, since, until } = input.flags;
  const now = Date.now();
  return {
    actorId: actor === undefined ? undefined : await findPrincipal(postern, actor),
    targetId: target,
    principalId: principal === undefined ? undefined : await findPrincipal(postern, principal),
    action,
    requestId: request,
    from: since === undefined ? undefined : parsePast(since, 'since', now),
    to: until === undefined ? undefined : parsePast(until, 'until', now),
  };
}

/** Which role in a group or a workspace was given, or taken. */
function roleOf({ action, details: { to, from } }: AuditEvent): string | undefined {
  if (!isOfRole(action)) return undefined;
  const role = to ?? from;
  const name = typeof role === 'object' && role !== null && 'name' in role ? role.name : role;
  return typeof name === 'string' ? name : undefined;
}

/** Whose: the name of then, or the id where the event is older than names in it. */
function whoseRoleOf({ action, details }: AuditEvent): string | undefined {
  if (!isOfRole(action)) return undefined;
  const { principalName, principalId, groupName, groupId } = details;
  return [principalName, principalId, groupName, groupId].find((text) => typeof text === 'string');
}

function isOfRole(action: string): boolean {
  return /^(?:group_member|workspace_member|workspace_group)\./.test(action);
}
