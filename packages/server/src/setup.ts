import { completeSetup, DomainError, formatTime, inspectSetup, parseSetupCode, type SetupCode } from '@postern/core';
import type { FastifyInstance } from 'fastify';
import Type from 'typebox';
import { ok } from './answer.ts';
import { readUserAgent } from './client.ts';
import { declareOpenRoute } from './route.ts';
import { Closed, Name, Time } from './schema.ts';
import type { Server } from './server.ts';

/** Where the link of the first start leads. Whoever holds it needs no other credential. */

const Code = Type.String({ minLength: 1, maxLength: 100, description: 'What stands behind the # of the link' });
const SetupQuestion = Closed({ code: Code }, { $id: 'SetupQuestion' });
const SetupFacts = Closed({ organization: Type.String(), expiresAt: Time() }, { $id: 'SetupFacts' });
const SetupAnswer = Closed(
  {
    code: Code,
    organizationName: Name(),
    name: Name(),
    email: Type.String({ minLength: 3, maxLength: 254, format: 'email' }),
    password: Type.String({ minLength: 1, maxLength: 200, description: 'At least 12 characters' }),
  },
  { $id: 'SetupAnswer' },
);
const FirstMember = Closed({ id: Type.String(), email: Type.String() }, { $id: 'FirstMember' });

export const SETUP_SCHEMAS = [SetupQuestion, SetupFacts, SetupAnswer, FirstMember];

const TAG = 'Members';
const REASON = 'Whoever holds the link was let in by the operator.';

export function setupRoutes(app: FastifyInstance, server: Server): void {
  declareOpenRoute(app, server, {
    method: 'POST',
    url: '/api/v1/setup/inspect',
    operation: 'inspectSetup',
    alsoFails: [429],
    tag: TAG,
    summary: 'Is this set-up link good?',
    reason: REASON,
    body: SetupQuestion,
    answers: { 200: { description: 'The organization that it sets up', body: SetupFacts } },
    act: ({ request, body }) =>
      counted(server, request.address, body.code, async (code) => {
        const { organizationName: organization, expiresAt } = await inspectSetup(server, code);
        return ok({ organization, expiresAt: formatTime(expiresAt) });
      }),
  });

  declareOpenRoute(app, server, {
    method: 'POST',
    url: '/api/v1/setup',
    operation: 'completeSetup',
    alsoFails: [409, 429],
    tag: TAG,
    summary: 'Become the first admin, and name the organization; then sign in with the password',
    reason: REASON,
    body: SetupAnswer,
    answers: { 200: { description: 'The member', body: FirstMember } },
    act: ({ request, body }) =>
      counted(server, request.address, body.code, async (code) => {
        // Before the work that hashing a password is.
        await inspectSetup(server, code);
        const { organizationName, name, email, password } = body;
        const signIn = await server.signIn();
        const user = await signIn?.prepareUser({ name, password });
        if (!user) throw new DomainError('route.not_found');
        const facts = {
          requestId: request.id,
          address: request.address,
          userAgent: readUserAgent(request.headers['user-agent']),
        };
        const { result, receipt } = await completeSetup(server, code, { organizationName, email, user }, facts);
        return ok({ id: result.id, email: result.email }, { receipt });
      }),
  });
}

/** Guesses are counted with all other bad credentials of the address. */
async function counted<Value>(
  server: Server,
  address: string,
  text: string,
  act: (code: SetupCode) => Promise<Value>,
): Promise<Value> {
  try {
    const code = parseSetupCode(text);
    if (!code) throw new DomainError('setup.invalid');
    return await act(code);
  } catch (error) {
    if (!(error instanceof DomainError) || error.code !== 'setup.invalid') throw error;
    const retryAfterSeconds = server.throttle.noteFailure(address);
    throw retryAfterSeconds === undefined ? error : new DomainError('rate.limited', { retryAfterSeconds });
  }
}
