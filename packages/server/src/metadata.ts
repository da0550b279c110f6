import { PERMISSION_NAMES } from '@postern/core';
import type { FastifyInstance } from 'fastify';
import Type from 'typebox';
import { ok } from './answer.ts';
import { declareOpenRoute } from './route.ts';
import { Closed } from './schema.ts';
import type { Server } from './server.ts';

/**
 * What OAuth clients read to find their way: RFC 8414 of the endpoints, RFC 9728 of the API itself. There is no
 * `openid-configuration`: nobody signs in to anything else with Postern.
 */

const Url = () => Type.String({ format: 'uri' });
const Words = (description: string) => Type.Array(Type.String(), { description });

const AuthorizationServerMetadata = Closed(
  {
    issuer: Url(),
    introspection_endpoint: Url(),
    introspection_endpoint_auth_methods_supported: Words('`Bearer` is a token with the permission `token.introspect`'),
    revocation_endpoint: Url(),
    revocation_endpoint_auth_methods_supported: Words('None is needed: whoever holds a token may revoke it'),
    response_types_supported: Words('None: there is no authorization endpoint'),
    grant_types_supported: Words('None: tokens are made by the API and in the console'),
    scopes_supported: Words('The built-in permissions'),
    protected_resources: Type.Array(Url()),
  },
  { $id: 'AuthorizationServerMetadata', description: 'RFC 8414 section 2' },
);
const ProtectedResourceMetadata = Closed(
  {
    resource: Url(),
    resource_name: Type.String(),
    authorization_servers: Type.Array(Url()),
    bearer_methods_supported: Words('Tokens are read from the `Authorization` header alone'),
    scopes_supported: Words('The built-in permissions'),
  },
  { $id: 'ProtectedResourceMetadata', description: 'RFC 9728 section 2' },
);

export const METADATA_SCHEMAS = [AuthorizationServerMetadata, ProtectedResourceMetadata];

const TAG = 'OAuth';

export function metadataRoutes(app: FastifyInstance, server: Server): void {
  declareOpenRoute(app, server, {
    method: 'GET',
    url: '/.well-known/oauth-authorization-server',
    operation: 'getAuthorizationServerMetadata',
    tag: TAG,
    summary: 'Where introspection and revocation are (RFC 8414)',
    reason: 'It says where things are, and nothing of what is there.',
    answers: { 200: { description: 'The metadata', body: AuthorizationServerMetadata } },
    act: () => ok(describeAuthorizationServer(server.issuer())),
  });

  declareOpenRoute(app, server, {
    method: 'GET',
    url: '/.well-known/oauth-protected-resource',
    operation: 'getProtectedResourceMetadata',
    tag: TAG,
    summary: 'How this API takes tokens (RFC 9728)',
    reason: 'It says where things are, and nothing of what is there.',
    answers: { 200: { description: 'The metadata', body: ProtectedResourceMetadata } },
    act: () => ok(describeProtectedResource(server.issuer())),
  });
}

function describeAuthorizationServer(issuer: string) {
  return {
    issuer,
    introspection_endpoint: `${issuer}/oauth2/introspect`,
    introspection_endpoint_auth_methods_supported: ['client_secret_basic', 'Bearer'],
    revocation_endpoint: `${issuer}/oauth2/revoke`,
    revocation_endpoint_auth_methods_supported: ['none'],
    // RFC 8414 section 2 requires the first, and reads a missing second as the code and implicit grants. Section 3.2 would
    // leave out what is empty: where the two disagree, what is said is true.
    response_types_supported: [],
    grant_types_supported: [],
    scopes_supported: PERMISSION_NAMES,
    // RFC 9728 section 4.
    protected_resources: [issuer],
  };
}

function describeProtectedResource(issuer: string) {
  return {
    resource: issuer,
    resource_name: 'Postern',
    authorization_servers: [issuer],
    bearer_methods_supported: ['header'],
    scopes_supported: PERMISSION_NAMES,
  };
}
