import { NOT_READY_REASONS, NotReady, type NotReadyReason } from '@postern/core';
import type { FastifyInstance } from 'fastify';
import Type from 'typebox';
import { type Answer, ok } from './answer.ts';
import { declareOpenRoute } from './route.ts';
import { Closed, OneOf } from './schema.ts';
import type { Server } from './server.ts';

const Health = Closed({ status: OneOf(['ok']) }, { $id: 'Health' });
const Readiness = Closed(
  {
    status: OneOf(['ready', 'not_ready']),
    reason: Type.Optional(
      OneOf(['not_serving', ...NOT_READY_REASONS], {
        description:
          'Why it is not ready: it starts or goes down; the database does not answer; it has lost its lease, and answers ' +
          'nothing from memory; its clock is more than a second off the database’s',
      }),
    ),
  },
  { $id: 'Readiness' },
);

export const HEALTH_SCHEMAS = [Health, Readiness];

const READY: Answer = { status: 200, body: '{"status":"ready"}' };

function notReady(reason: NotReadyReason | 'not_serving'): Answer {
  return { status: 503, body: JSON.stringify({ status: 'not_ready', reason }), headers: { 'retry-after': '1' } };
}

export function healthRoutes(app: FastifyInstance, server: Server): void {
  declareOpenRoute(app, server, {
    method: 'GET',
    url: '/healthz',
    operation: 'getHealth',
    tag: 'Process',
    summary: '200 while the process lives',
    reason: 'It says nothing but that it answers.',
    answers: { 200: { description: 'It lives', body: Health } },
    act: () => ok('{"status":"ok"}'),
  });

  declareOpenRoute(app, server, {
    method: 'GET',
    url: '/readyz',
    operation: 'getReadiness',
    tag: 'Process',
    summary: '200 while the database answers and this process takes requests',
    reason: 'Load balancers have no credential; it says ready or not, and of what kind the reason is.',
    answers: {
      200: { description: 'Ready', body: Readiness },
      503: { description: 'Not ready', body: Readiness },
    },
    async act({ request }) {
      if (!server.isReady()) return notReady('not_serving');
      try {
        await server.storage.ping();
        return READY;
      } catch (error) {
        request.failure = { code: 'storage.unavailable', internal: String(error) };
        return notReady(error instanceof NotReady ? error.reason : 'database_unreachable');
      }
    },
  });
}
