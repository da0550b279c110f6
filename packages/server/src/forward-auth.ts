import { invalidField } from '@postern/core';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import Type from 'typebox';
import { documentRoute } from './document.ts';
import type { Lane } from './exchange.ts';
import { createForwardAuthLane, FORWARD_AUTH_METHODS, FORWARD_AUTH_PATH } from './forward-auth-lane.ts';
import {
  ANY_ORGANIZATION,
  answerForwardAuth,
  type ForwardAuthAnswer,
  type ForwardAuthQuestion,
  PRINCIPAL_HEADERS,
  refuseForwardAuth,
} from './forward-auth-verdict.ts';
import { Closed, OrganizationIdOrAny, PermissionText, WorkspaceText } from './schema.ts';
import type { Server } from './server.ts';

const Question = Closed({
  organization: OrganizationIdOrAny({
    description: `Whose tokens are let through. With \`${ANY_ORGANIZATION}\`, \`X-Postern-Organization\` must be looked at`,
  }),
  permission: Type.Optional(
    PermissionText({ description: 'What the request asks to do; absent = any valid token will do' }),
  ),
  workspace: Type.Optional(
    WorkspaceText({ description: 'Where, by id or name, together with `permission`; absent = in the organization' }),
  ),
});

const ROUTE = {
  method: 'GET',
  url: FORWARD_AUTH_PATH,
  operation: 'forwardAuth',
  tag: 'Verification',
  summary: 'For proxies: may this request pass?',
  description:
    'For `auth_request`, forward-auth, `ext_authz` and their like. Every usual method is answered alike, and a body is not ' +
    'read. The token is the caller’s, in `Authorization` or in the header that `POSTERN_FORWARD_AUTH_HEADER` names; cookies ' +
    'count for nothing.',
  permission: null,
  reason: 'The token that is asked about is the credential.',
  query: Question,
  answers: {
    200: { description: 'It may; this is its caller', body: null, headers: PRINCIPAL_HEADERS },
    401: { description: 'No token, or none that is valid and of the organization', body: null },
    403: { description: 'The permission is missing; `WWW-Authenticate` names it', body: null },
  },
} as const;

/** Declares the route. What is returned takes the requests of proxies that ask again, which are nearly all. */
export function forwardAuthRoutes(app: FastifyInstance, server: Server, newRequestId: () => string): Lane {
  const lane = createForwardAuthLane(server, newRequestId);

  async function respond(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const question = request.query as ForwardAuthQuestion;
    // Else a proxy that means "members of that workspace" would let everybody in.
    if (question.workspace !== undefined && question.permission === undefined)
      throw invalidField('/workspace', 'must come with a permission, such as workspace.read');
    const answer = await answerForwardAuth(server, request, question);
    if (answer.status === 200) lane.remember(request.raw.url ?? '', question);
    return send(reply, answer);
  }

  app.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', (_request, _payload, done) => done(null, undefined));
    scope.setErrorHandler((error, request, reply) => send(reply, refuseForwardAuth(request, error)));
    scope.addHook('onRequest', async (request) => {
      request.pattern = FORWARD_AUTH_PATH;
      // The proxy's caller has named it, for a body that is not read: the framework would refuse what it does not know.
      request.raw.headers['content-type'] = undefined;
    });
    scope.route({
      method: ROUTE.method,
      url: ROUTE.url,
      schema: documentRoute(ROUTE, { authenticated: true }),
      handler: respond,
    });
    const undocumented = { hide: true, querystring: Question } as object;
    scope.route({ method: FORWARD_AUTH_METHODS, url: ROUTE.url, schema: undocumented, handler: respond });
  });
  return lane.take;
}

function send(reply: FastifyReply, { status, headers, body }: ForwardAuthAnswer): FastifyReply {
  return reply
    .code(status)
    .headers(headers)
    .send(body === '' ? undefined : body);
}
