import { formatTime, type ServingNode } from '@postern/core';
import type { FastifyInstance } from 'fastify';
import Type from 'typebox';
import { ok } from './answer.ts';
import { declareRoute } from './route.ts';
import { Closed, Nullable, RefTo, Time } from './schema.ts';
import type { Server } from './server.ts';

const NodeSchema = Closed(
  {
    id: Type.String({ description: 'A new one whenever the process joins' }),
    self: Type.Boolean({ description: 'It is the one that answers' }),
    joinedAt: Time(),
    renewedAt: Nullable(Time({ description: 'When it last renewed its lease; null = it needs none' })),
    leaseMs: Nullable(
      Type.Integer({
        description:
          'Milliseconds for which it may go on answering from memory, as far as the database knows; 0 = its lease has run ' +
          'out; null = it needs none',
      }),
    ),
    position: Type.Integer({ description: "Up to here it has applied the organization's changes" }),
    lag: Type.Integer({ description: 'How many of them it has not applied yet' }),
  },
  { $id: 'Node' },
);
const NodeList = Closed(
  { items: Type.Array(RefTo(NodeSchema)) },
  { $id: 'NodeList', description: 'The one that joined first comes first' },
);

export const NODE_SCHEMAS = [NodeSchema, NodeList];

export function nodeRoutes(app: FastifyInstance, server: Server): void {
  declareRoute(app, server, {
    method: 'GET',
    url: '/api/v1/nodes',
    operation: 'listNodes',
    tag: 'Process',
    summary: 'The processes that serve, their leases, and how far each has come',
    description:
      'A process whose lease has run out answers nothing from memory; within seconds another one fences it, and then it is not ' +
      'listed until it joins anew. With the embedded database there is one, which needs no lease.',
    permission: 'node.read',
    answers: { 200: { description: 'All of them', body: NodeList } },
    async act({ caller }) {
      const nodes = await server.storage.listNodes(caller.record.organization.id);
      return ok({ items: nodes.map(representNode) });
    },
  });
}

function representNode(node: ServingNode): Type.Static<typeof NodeSchema> {
  const { id, isSelf, joinedAt, renewedAt, leaseMs, position, lag } = node;
  return {
    id,
    self: isSelf,
    joinedAt: formatTime(joinedAt),
    renewedAt: renewedAt === null ? null : formatTime(renewedAt),
    leaseMs: leaseMs === null ? null : Math.round(leaseMs),
    position,
    lag,
  };
}
