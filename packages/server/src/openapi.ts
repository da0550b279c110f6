import swagger from '@fastify/swagger';
import type { FastifyInstance } from 'fastify';
import type { TSchema } from 'typebox';
import { ACCESS_SCHEMAS } from './access.ts';
import { ACCESS_PREVIEW_SCHEMAS } from './access-preview.ts';
import { AUDIT_EVENT_SCHEMAS } from './audit-event-schema.ts';
import { CHANGE_SCHEMAS } from './change.ts';
import { DECISION_SCHEMAS } from './decision.ts';
import { BODY_OPTIONAL } from './document.ts';
import { GROUP_SCHEMAS } from './group.ts';
import { GROUP_MEMBER_SCHEMAS } from './group-member.ts';
import { HEALTH_SCHEMAS } from './health.ts';
import { INVITATION_SCHEMAS } from './invitation.ts';
import { ME_SCHEMAS } from './me.ts';
import { ME_ADMIN_SCHEMAS } from './me-admin.ts';
import { ME_SESSION_SCHEMAS } from './me-session.ts';
import { ME_SIGN_IN_SCHEMAS } from './me-sign-in.ts';
import { ME_TOKEN_POLICY_SCHEMAS } from './me-token-policy.ts';
import { MEMBER_SCHEMAS } from './member.ts';
import { METADATA_SCHEMAS } from './metadata.ts';
import { NODE_SCHEMAS } from './node.ts';
import { OAUTH_SCHEMAS } from './oauth.ts';
import { ORGANIZATION_SCHEMAS } from './organization.ts';
import { PERMISSION_SCHEMAS } from './permission.ts';
import { QUARANTINE_SCHEMAS } from './quarantine.ts';
import { ROLE_SCHEMAS } from './role.ts';
import { Creator, NamedRef, OAuthError, PrincipalRef, Problem, Receipt } from './schema.ts';
import { SERVICE_ACCOUNT_SCHEMAS } from './service-account.ts';
import { SETUP_SCHEMAS } from './setup.ts';
import { SIGN_IN_OPTION_SCHEMAS } from './sign-in-option.ts';
import { TOKEN_SCHEMAS } from './token.ts';
import { TOKEN_LEAK_SCHEMAS } from './token-leak.ts';
import { TOKEN_LIST_SCHEMAS } from './token-list.ts';
import { TOKEN_REFRESH_SCHEMAS } from './token-refresh.ts';
import { TOKEN_REVOKE_SCHEMAS } from './token-revoke.ts';
import { TOKEN_USE_SCHEMAS } from './token-use.ts';
import { USAGE_REPORT_SCHEMAS } from './usage-report.ts';
import { VERIFY_SCHEMAS } from './verify.ts';
import { WORKSPACE_SCHEMAS } from './workspace.ts';
import { WORKSPACE_MEMBER_SCHEMAS } from './workspace-member.ts';

/** Every schema that has a name of its own. */
export const NAMED_SCHEMAS: readonly TSchema[] = [
  Problem,
  OAuthError,
  Receipt,
  Creator,
  NamedRef,
  PrincipalRef,
  ...DECISION_SCHEMAS,
  ...ME_SCHEMAS,
  ...ME_SESSION_SCHEMAS,
  ...ME_SIGN_IN_SCHEMAS,
  ...ME_ADMIN_SCHEMAS,
  ...ME_TOKEN_POLICY_SCHEMAS,
  ...MEMBER_SCHEMAS,
  ...INVITATION_SCHEMAS,
  ...SIGN_IN_OPTION_SCHEMAS,
  ...SETUP_SCHEMAS,
  ...SERVICE_ACCOUNT_SCHEMAS,
  ...TOKEN_SCHEMAS,
  ...TOKEN_REFRESH_SCHEMAS,
  ...TOKEN_LIST_SCHEMAS,
  ...TOKEN_USE_SCHEMAS,
  ...TOKEN_REVOKE_SCHEMAS,
  ...TOKEN_LEAK_SCHEMAS,
  ...GROUP_SCHEMAS,
  ...GROUP_MEMBER_SCHEMAS,
  ...WORKSPACE_SCHEMAS,
  ...WORKSPACE_MEMBER_SCHEMAS,
  ...ROLE_SCHEMAS,
  ...PERMISSION_SCHEMAS,
  ...ACCESS_SCHEMAS,
  ...ACCESS_PREVIEW_SCHEMAS,
  ...ORGANIZATION_SCHEMAS,
  ...QUARANTINE_SCHEMAS,
  ...AUDIT_EVENT_SCHEMAS,
  ...VERIFY_SCHEMAS,
  ...USAGE_REPORT_SCHEMAS,
  ...CHANGE_SCHEMAS,
  ...OAUTH_SCHEMAS,
  ...METADATA_SCHEMAS,
  ...NODE_SCHEMAS,
  ...HEALTH_SCHEMAS,
];

const API_VERSION = '1';

/** Every tag of the routes, in the order of the document. */
const TAGS = {
  Me: 'Whoever calls, and what is its own',
  'Service accounts': 'Accounts for programs',
  Tokens: 'What programs call with: made, refreshed, watched and ended',
  Members: 'People, and their invitations',
  Groups: 'Principals that carry roles together',
  Workspaces: 'Where work is done, and who may do what there',
  'Roles and permissions': 'What there is to be given',
  Access: 'Who may do what, why, and what a change would do',
  Organization: 'Its name, plan and token policy',
  'Audit log': 'What was done, and what was refused',
  Verification: 'For APIs: who presents this token, and may they do that?',
  Changes: 'For verifiers that answer from their own memory',
  OAuth: 'For programs that speak OAuth',
  Process: 'For load balancers and operators',
};

/** To be called before any route is declared: the OpenAPI document is made of what is declared afterwards. */
export async function describeRoutes(app: FastifyInstance): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Postern',
        version: API_VERSION,
        description:
          'Service accounts and tokens for programs, and the answer to "who is this and may it do that?".\n\n' +
          'Every answer has `X-Request-Id`. Errors are `application/problem+json` (RFC 9457), also where a request could ' +
          'not be read at all (408, 431). Unknown fields and query parameters are refused. Mutations answer with ' +
          '`Postern-Receipt`, which says how far the change has reached.',
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      servers: [{ url: '/', description: 'Whoever served this document' }],
      tags: Object.entries(TAGS).map(([name, description]) => ({ name, description })),
      components: {
        securitySchemes: {
          bearer: { type: 'http', scheme: 'bearer', description: 'A token: `Authorization: Bearer <token>`' },
          basic: { type: 'http', scheme: 'basic', description: 'Account id and token; for introspection only' },
        },
      },
    },
    transformObject: (given) =>
      'openapiObject' in given ? finish(given.openapiObject as Document) : given.swaggerObject,
    refResolver: { buildLocalReference: (schema, _base, _fragment, index) => String(schema.$id ?? `def-${index}`) },
  });
  for (const schema of NAMED_SCHEMAS) app.addSchema(schema);
}

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Record<string, unknown>>>>>;
}

/** A body is required in the document wherever there is a schema of it; where it may be left out, that is said here. */
function finish(document: Document): Document {
  for (const operation of Object.values(document.paths).flatMap((path) => Object.values(path))) {
    if (!operation[BODY_OPTIONAL]) continue;
    delete operation[BODY_OPTIONAL];
    operation['requestBody'] = { ...(operation['requestBody'] as object), required: false };
  }
  return document;
}

/** Serves the document. */
export function openapiRoute(app: FastifyInstance): void {
  let document: string | undefined;
  app.get('/openapi.json', { schema: { hide: true } as object }, (request, reply) => {
    request.pattern = '/openapi.json';
    document ??= JSON.stringify(app.swagger());
    return reply.header('content-type', 'application/json; charset=utf-8').send(document);
  });
}
