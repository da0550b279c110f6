import type { FastifyInstance } from 'fastify';
import Type from 'typebox';
import { ok } from './answer.ts';
import { requirePerson } from './me-session.ts';
import { declareRoute } from './route.ts';
import { Closed } from './schema.ts';
import type { Server } from './server.ts';

const OwnSignIn = Closed(
  { twoStep: Type.Boolean({ description: 'Whether a code is asked for beside the password' }) },
  { $id: 'OwnSignIn', description: 'How a person signs in' },
);

export const ME_SIGN_IN_SCHEMAS = [OwnSignIn];

export function meSignInRoutes(app: FastifyInstance, server: Server): void {
  declareRoute(app, server, {
    method: 'GET',
    url: '/api/v1/me/sign-in',
    operation: 'getOwnSignIn',
    tag: 'Me',
    summary: 'How do I sign in?',
    permission: null,
    alsoFails: [403],
    reason: 'A person may always see how they sign in.',
    answers: { 200: { description: 'How one signs in', body: OwnSignIn } },
    async act({ caller }) {
      const { userId } = await requirePerson(server, caller);
      const signIn = await server.signIn();
      return ok({ twoStep: (await signIn?.hasSecondStep(userId)) ?? false });
    },
  });
}
