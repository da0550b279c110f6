import type { AuditEvent } from '@postern/sdk';
import { connect } from './client.ts';
import type { Commands } from './command.ts';
import { parsePast } from './duration.ts';
import { findPrincipal } from './find.ts';
import { CLIENT_FLAGS, LIST_FLAGS } from './flag.ts';
import { type Column, namesOf, printList } from './output.ts';

const COLUMNS: readonly Column<AuditEvent>[] = [
  { name: 'at', of: ({ at }) => at, time: true },
  { name: 'action', of: ({ action }) => action },
  { name: 'outcome', of: ({ outcome, code }) => code ?? outcome },
  { name: 'actor', of: ({ actor }) => actor.displayName },
  { name: 'target', of: ({ target }) => target && (target.displayName ?? target.id) },
  { name: 'target id', of: ({ target }) => target?.id },
  { name: 'address', of: ({ address }) => address },
  { name: 'request', of: ({ requestId }) => requestId },
];

export const AUDIT_COMMANDS: Commands = {
  'audit list': {
    summary: 'List what was done and what was refused, the newest first',
    where: 'client',
    columns: namesOf(COLUMNS),
    flags: {
      actor: { value: 'account-or-member', names: 'principal', summary: 'By this service account or member' },
      target: { value: 'id', summary: 'Of the thing with this id' },
      action: { value: 'noun.verb', summary: 'Like token.create' },
      request: { value: 'id', summary: 'The request that an answer or error named' },
      since: { value: 'when', summary: 'From then on: 24h, or a time' },
      until: { value: 'when', summary: 'Before then' },
      ...LIST_FLAGS,
      ...CLIENT_FLAGS,
    },
    async run(input) {
      const { actor, target, action, request, since, until } = input.flags;
      const now = Date.now();
      const { postern } = await connect(input);
      const query = {
        actorId: actor === undefined ? undefined : await findPrincipal(postern, actor),
        targetId: target,
        action,
        requestId: request,
        from: since === undefined ? undefined : parsePast(since, 'since', now),
        to: until === undefined ? undefined : parsePast(until, 'until', now),
      };
      await printList(postern.audit.list(query), COLUMNS, input);
    },
  },
};
