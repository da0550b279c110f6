import { completeSetup, DomainError, findSetup, formatTime, parseEmail, parseName } from '@postern/core';
import type { FastifyInstance } from 'fastify';
import Type from 'typebox';
import { ok } from './answer.ts';
import { JoinedMember } from './invitation.ts';
import { openSession, requestFacts, requireNoForeignPage, withLink } from './link.ts';
import { declareOpenRoute } from './route.ts';
import { Closed, Name, Password, RefTo, Time } from './schema.ts';
import type { Server } from './server.ts';

/** Where the link leads that the first start prints: the first person, who becomes an admin. */

const Code = Type.String({ minLength: 1, maxLength: 100, description: 'What stands behind the # of the link' });
const SetupQuestion = Closed({ code: Code }, { $id: 'SetupQuestion' });
const SetupFacts = Closed({ organization: Closed({ name: Type.String() }), expiresAt: Time() }, { $id: 'SetupFacts' });
const SetupAnswer = Closed(
  {
    code: Code,
    organizationName: Name(),
    displayName: Name(),
    email: Type.String({ minLength: 1, maxLength: 254 }),
    password: Password(),
  },
  { $id: 'SetupAnswer' },
);

export const SETUP_SCHEMAS = [SetupQuestion, SetupFacts, SetupAnswer];

const TAG = 'Members';
const REASON = 'Whoever holds the link has seen what the server printed.';
const ERROR = 'setup.link_invalid';

export function setupRoutes(app: FastifyInstance, server: Server): void {
  declareOpenRoute(app, server, {
    method: 'POST',
    url: '/api/v1/setup/inspect',
    operation: 'inspectSetup',
    alsoFails: [409, 429],
    tag: TAG,
    summary: 'Is the set-up link good?',
    reason: REASON,
    body: SetupQuestion,
    answers: { 200: { description: 'What is to be set up', body: SetupFacts } },
    act: ({ request, body }) =>
      withLink(server, request, { text: body.code, error: ERROR }, async (value) => {
        const { organizationName: name, expiresAt } = await findSetup(server, value);
        return ok({ organization: { name }, expiresAt: formatTime(expiresAt) });
      }),
  });

  declareOpenRoute(app, server, {
    method: 'POST',
    url: '/api/v1/setup',
    operation: 'completeSetup',
    alsoFails: [403, 409, 429],
    tag: TAG,
    summary: 'Become the first admin, name the organization, and be signed in',
    reason: REASON,
    body: SetupAnswer,
    answers: { 200: { description: 'The member', body: RefTo(JoinedMember) } },
    act: ({ request, body }) =>
      withLink(server, request, { text: body.code, error: ERROR }, async (value) => {
        requireNoForeignPage(server, request);
        const { password } = body;
        const organizationName = parseName(body.organizationName, '/organizationName');
        const name = parseName(body.displayName, '/displayName');
        const email = parseEmail(body.email, '/email');
        await findSetup(server, value);
        // Costly, so only for who has a link.
        const user = await (await server.signIn())?.prepareUser({ name, password });
        if (!user) throw new DomainError('route.not_found');
        const input = { organizationName, user: { ...user, email } };
        const { result, receipt } = await completeSetup(server, value, input, requestFacts(request));
        const { signedIn, cookies } = await openSession(server, request, { email, password });
        return { ...ok({ id: result.id, email, signedIn }, { receipt }), cookies };
      }),
  });
}
