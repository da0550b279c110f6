import type { FastifyInstance } from 'fastify';
import Type from 'typebox';
import { ok } from './answer.ts';
import { declareOpenRoute } from './route.ts';
import { Closed } from './schema.ts';
import type { Server } from './server.ts';

const SignInOptions = Closed(
  {
    providers: Type.Array(
      Closed({
        name: Type.String({ description: 'For the calls of sign-in' }),
        displayName: Type.String({ description: 'For people: the host of the provider' }),
      }),
      { description: 'Providers of single sign-on' },
    ),
    passwordReset: Type.Boolean({ description: 'Whether a link for a new password can be mailed' }),
  },
  { $id: 'SignInOptions', description: 'How people can sign in, besides e-mail and password' },
);

export const SIGN_IN_OPTION_SCHEMAS = [SignInOptions];

/** What the page of sign-in has to know before anybody is signed in. */
export function signInOptionRoutes(app: FastifyInstance, server: Server): void {
  declareOpenRoute(app, server, {
    method: 'GET',
    url: '/api/v1/sign-in-options',
    operation: 'getSignInOptions',
    tag: 'Me',
    summary: 'How can people sign in?',
    reason: 'It is asked before anybody is signed in.',
    answers: { 200: { description: 'The providers', body: SignInOptions } },
    act: () =>
      ok({
        providers: server.providers.map(({ name, issuer }) => ({ name, displayName: new URL(issuer).host })),
        passwordReset: server.sendMail !== null,
      }),
  });
}
