import { allowsTokens, DomainError } from '@postern/core';
import type { FastifyInstance } from 'fastify';
import Type from 'typebox';
import { ok } from './answer.ts';
import { declareRoute } from './route.ts';
import { Closed, Nullable } from './schema.ts';
import type { Server } from './server.ts';

const OwnTokenPolicy = Closed(
  {
    mayHaveTokens: Type.Boolean({ description: 'Whether tokens of mine work, and new ones can be made' }),
    maxLifetimeDays: Nullable(Type.Integer({ description: 'No value works for longer; null = no maximum' })),
    requireExpiry: Type.Boolean({ description: 'Tokens that never expire do not work' }),
  },
  { $id: 'OwnTokenPolicy', description: "What the organization's token policy lets a person's own tokens be" },
);

export const ME_TOKEN_POLICY_SCHEMAS = [OwnTokenPolicy];

export function meTokenPolicyRoutes(app: FastifyInstance, server: Server): void {
  declareRoute(app, server, {
    method: 'GET',
    url: '/api/v1/me/token-policy',
    operation: 'getOwnTokenPolicy',
    tag: 'Me',
    summary: 'May I have tokens, and for how long?',
    permission: null,
    alsoFails: [403],
    reason: 'Whoever makes a token of their own may learn beforehand what is refused.',
    answers: { 200: { description: 'What the policy lets own tokens be', body: OwnTokenPolicy } },
    async act({ caller }) {
      const { principal, organization } = caller.record;
      if (principal.kind !== 'member') throw new DomainError('member.required');
      const { tokenPolicy } = organization;
      const { maxLifetimeDays, requireExpiry } = tokenPolicy;
      const mayHaveTokens = allowsTokens(tokenPolicy, principal.groups);
      return ok({ mayHaveTokens, maxLifetimeDays, requireExpiry });
    },
  });
}
