import { type ChangePage, DomainError, formatTime, type Head, invalidField, type LoggedChange } from '@postern/core';
import type { FastifyInstance } from 'fastify';
import Type from 'typebox';
import { ok } from './answer.ts';
import { declareRoute } from './route.ts';
import { Closed, OneOf, RefTo, Time } from './schema.ts';
import type { Server } from './server.ts';

export const CHANGE_TAG = 'Changes';

const ChangeEvent = Closed(
  {
    position: Type.Integer({ description: "In the organization's own log: each change has the next one" }),
    kind: OneOf(['organization', 'service_account', 'member', 'token', 'group', 'workspace', 'role', 'permission']),
    id: Type.String({ description: 'Of what changed; of a membership, the principal’s' }),
  },
  { $id: 'ChangeEvent' },
);
const ChangeHead = Closed(
  {
    position: Type.Integer({ description: 'Of the newest change' }),
    cursor: Type.String({ description: 'To be sent as `after` next time' }),
    reset: Type.Boolean({ description: 'What changed since `after` cannot be told: forget everything' }),
    changes: Type.Array(RefTo(ChangeEvent), { description: 'Since `after`, oldest first' }),
    now: Time({ description: 'The time on the server, no later than the answer' }),
  },
  { $id: 'ChangeHead' },
);

export const CHANGE_SCHEMAS = [ChangeEvent, ChangeHead];

const CURSOR = /^(0|[1-9][0-9]{0,15})-([A-Za-z0-9_-]{0,64})$/;
const CURSOR_MAX_LENGTH = 81;

export function changeRoutes(app: FastifyInstance, server: Server): void {
  declareRoute(app, server, {
    method: 'GET',
    url: '/api/v1/changes/head',
    operation: 'getChangeHead',
    tag: CHANGE_TAG,
    summary: 'How far the change log has come',
    description:
      'Everything that was acknowledged before the request was sent is in the answer, and everything that the answer ' +
      'tells of holds on every process. So what a verifier remembers is true up to the instant at which it sent the ' +
      'request, once it has forgotten what `changes` name. 503 while this process cannot be sure of that.',
    permission: 'changes.read',
    query: Closed({
      after: Type.Optional(
        Type.String({
          maxLength: CURSOR_MAX_LENGTH,
          description: 'The `cursor` of the last answer; absent = a first one',
        }),
      ),
    }),
    answers: { 200: { description: 'The head', body: ChangeHead } },
    async act({ caller, query }) {
      const after = query.after === undefined ? null : parseCursor(query.after);
      if (after === undefined) throw invalidField('/after', 'must be the cursor of an earlier answer');
      const now = server.storage.now();
      const page = await server.storage.listChanges(caller.record.organization.id, after);
      requireLive(server);
      return ok(representHead(page, now));
    },
  });
}

/** Throws `storage.unavailable` unless this process may answer from memory: one that was cut off may read an old database. */
function requireLive({ storage: { verification } }: Server): void {
  if (verification.catchUp() && verification.holds()) return;
  throw new DomainError('storage.unavailable', { internal: 'the lease has run out', retryAfterSeconds: 1 });
}

function representHead({ head, changes }: ChangePage, now: number) {
  return {
    position: head.position,
    cursor: formatCursor(head),
    reset: changes === undefined,
    changes: (changes ?? []).map(representChange),
    now: formatTime(now),
  };
}

export function representChange({ organizationPosition, kind, subjectId }: LoggedChange) {
  return { position: organizationPosition, kind, id: subjectId };
}

/** The nonce goes along, so that another history (after a restore) is not taken for this one. */
export function formatCursor({ position, nonce }: Head): string {
  return `${position}-${nonce}`;
}

/** Undefined for what is no cursor. */
export function parseCursor(text: string): Head | undefined {
  const [, position, nonce = ''] = CURSOR.exec(text) ?? [];
  return position === undefined ? undefined : { position: Number(position), nonce };
}
