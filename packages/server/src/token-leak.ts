import { setTimeout as pause } from 'node:timers/promises';
import { DomainError, reportLeakedToken } from '@postern/core';
import type { FastifyInstance } from 'fastify';
import Type from 'typebox';
import { gone } from './answer.ts';
import { readUserAgent } from './client.ts';
import { declareOpenRoute } from './route.ts';
import { Closed } from './schema.ts';
import type { Server } from './server.ts';
import { TOKEN_TAG } from './token.ts';

const LeakReport = Closed(
  { token: Type.String({ minLength: 1, maxLength: 4_096, description: 'The value that leaked' }) },
  { $id: 'LeakReport' },
);

export const TOKEN_LEAK_SCHEMAS = [LeakReport];

/** Every report is answered after this time, so that none tells by it whether something was ended. */
const ANSWER_MS = 500;
const RECEIVED = gone();

export function tokenLeakRoutes(app: FastifyInstance, server: Server): void {
  declareOpenRoute(app, server, {
    method: 'POST',
    url: '/api/v1/tokens/report-leak',
    operation: 'reportLeak',
    alsoFails: [429],
    tag: TOKEN_TAG,
    summary: 'Report a value that leaked: if it is alive it ends at once',
    description:
      'Answered alike, and after the same time, whether there is such a token or not. What is done is the organization’s ' +
      '`leakResponse`; of the old value of a refreshed token, the overlap ends and the token stays.',
    reason: 'Whoever finds a value may say so; it tells them nothing.',
    body: LeakReport,
    answers: { 204: { description: 'The report was received', body: null } },
    async act({ request, body }) {
      const retryAfterSeconds = server.throttle.noteFailure(request.address);
      if (retryAfterSeconds !== undefined) throw new DomainError('rate.limited', { retryAfterSeconds });
      const { id: requestId, address, headers } = request;
      const facts = { requestId, address, userAgent: readUserAgent(headers['user-agent']) };
      await Promise.all([pause(ANSWER_MS), endLeaked(server, body.token, facts)]);
      return RECEIVED;
    },
  });
}

async function endLeaked(server: Server, text: string, facts: Parameters<typeof reportLeakedToken>[2]): Promise<void> {
  const verdict = await server.verifier.verify(text, null);
  // A token that is refused here and now, by its networks or by policy, may be valid elsewhere or later.
  if (verdict.outcome !== 'malformed' && verdict.record) await reportLeakedToken(server, verdict.record, facts);
}
