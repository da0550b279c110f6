import {
  type AdmittedToken,
  type Authorized,
  admitHolder,
  DomainError,
  heldPermissions,
  idTime,
  ORGANIZATION,
  type OrganizationFacts,
  type Place,
  type PrincipalFacts,
  revokePresentedToken,
  subjectOf,
  TOKEN_PATTERN,
  type UsageCaller,
  type Verdict,
} from '@postern/core';
import type { FastifyInstance } from 'fastify';
import Type from 'typebox';
import { type Answer, ok } from './answer.ts';
import { readUserAgent } from './client.ts';
import { findWorkspaceOf } from './place.ts';
import { addressOf, admitPresented, parsePresenter } from './presentation.ts';
import { membersOf, onceAsJson } from './represent.ts';
import { declareOpenRoute, declareRoute } from './route.ts';
import { Closed, OneOf } from './schema.ts';
import type { Server } from './server.ts';

/** The OAuth endpoints for programs that speak OAuth anyway: RFC 7662 introspection and RFC 7009 revocation. */

const Introspection = Type.Object(
  {
    active: Type.Boolean(),
    sub: Type.Optional(Type.String()),
    client_id: Type.Optional(Type.String()),
    username: Type.Optional(Type.String()),
    scope: Type.Optional(
      Type.String({
        description: 'Organization-wide permissions, or those in the named workspace; separated by spaces',
      }),
    ),
    exp: Type.Optional(Type.Integer()),
    iat: Type.Optional(Type.Integer({ description: 'When the token was first issued' })),
    token_type: Type.Optional(OneOf(['Bearer'])),
    iss: Type.Optional(Type.String()),
    'urn:postern:kind': Type.Optional(OneOf(['service_account', 'member'])),
    'urn:postern:organization_id': Type.Optional(Type.String()),
    'urn:postern:organization_name': Type.Optional(Type.String()),
    'urn:postern:organization_role': Type.Optional(Type.String()),
    'urn:postern:token_id': Type.Optional(Type.String()),
    'urn:postern:token_name': Type.Optional(Type.String()),
    'urn:postern:generation': Type.Optional(Type.Integer()),
  },
  { $id: 'Introspection', additionalProperties: false, description: 'RFC 7662 section 2.2' },
);
const IntrospectionRequest = Type.Object(
  {
    token: Type.String(),
    token_type_hint: Type.Optional(Type.String()),
    client_address: Type.Optional(Type.String({ description: 'The network address that presented the token' })),
    workspace: Type.Optional(Type.String({ description: 'Whose permissions `scope` shall hold, by id or name' })),
  },
  { $id: 'IntrospectionRequest' },
);
const RevocationRequest = Type.Object(
  { token: Type.String(), token_type_hint: Type.Optional(Type.String()) },
  { $id: 'RevocationRequest' },
);
const Nothing = Closed({}, { $id: 'Nothing' });

export const OAUTH_SCHEMAS = [Introspection, IntrospectionRequest, RevocationRequest, Nothing];

const TAG = 'OAuth';
const INACTIVE = ok('{"active":false}');
const NOTHING = ok('{}');

/** To be registered in a scope of its own: it reads forms, and answers errors as OAuth does. */
export function oauthRoutes(app: FastifyInstance, server: Server): void {
  declareRoute(app, server, {
    method: 'POST',
    url: '/oauth2/introspect',
    operation: 'introspectToken',
    tag: TAG,
    summary: 'Token introspection (RFC 7662)',
    description: 'Unknown parameters are ignored. HTTP Basic takes the account id and the token.',
    permission: 'token.introspect',
    basic: true,
    hot: true,
    oauth: true,
    body: IntrospectionRequest,
    answers: { 200: { description: 'The verdict', body: Introspection } },
    act({ caller, body }) {
      const { token, client_address: address, workspace } = readParameters(body);
      const presenter = parsePresenter({ address }, notAnAddress);
      const verdict = server.verifier.verify(token, addressOf(presenter));
      return verdict instanceof Promise
        ? verdict.then((settled) => answerIntrospection(server, caller, settled, presenter, workspace))
        : answerIntrospection(server, caller, verdict, presenter, workspace);
    },
  });

  declareOpenRoute(app, server, {
    method: 'POST',
    url: '/oauth2/revoke',
    operation: 'revokeToken',
    tag: TAG,
    summary: 'Token revocation (RFC 7009)',
    description: 'Whoever revokes many that are not valid (any more) is answered 429, as who calls with them.',
    reason: 'Whoever holds a token may revoke it; unknown ones are answered alike.',
    oauth: true,
    credentialChecked: true,
    body: RevocationRequest,
    answers: { 200: { description: 'The token is not valid (any more)', body: Nothing } },
    async act({ request, body }) {
      const { id: requestId, address, headers } = request;
      const verdict = await server.verifier.verify(readParameters(body).token, address);
      const record = verdict.outcome === 'malformed' ? undefined : verdict.record;
      // One that has not ended ends by it, so that it can be sent once; what has ended already could be sent for ever.
      if (!record || !admitHolder(record, server.storage.now())) noteAttempt(server, address);
      if (!record) return NOTHING;
      const facts = { requestId, address, userAgent: readUserAgent(headers['user-agent']) };
      const committed = await revokePresentedToken(server, record, facts);
      if (!committed) return NOTHING;
      return ok(NOTHING.body, { receipt: committed.receipt });
    },
  });
}

/** Counts with the bad credentials of the address. Throws `rate.limited` where there were too many. */
function noteAttempt(server: Server, address: string): void {
  const retryAfterSeconds = server.throttle.noteFailure(address);
  if (retryAfterSeconds !== undefined) throw new DomainError('rate.limited', { retryAfterSeconds });
}

function notAnAddress(): DomainError {
  return new DomainError('request.invalid', { detail: 'client_address must be an IPv4 or IPv6 address.' });
}

interface Parameters {
  readonly token: string;
  readonly client_address?: string;
  readonly workspace?: string;
}

const KNOWN: ReadonlySet<string> = new Set(['token', 'client_address', 'workspace'] satisfies (keyof Parameters)[]);

/**
 * The parameters that we know, each at most once; one without a value counts as absent (RFC 6749 section 3.1). Throws
 * `request.invalid`, or `request.credentials_misplaced` when another parameter holds a token.
 */
function readParameters(body: unknown): Parameters {
  const found: Record<string, string> = {};
  let twice: string | undefined;
  let isMisplaced = false;
  // A request without a body is one without parameters.
  if (body instanceof URLSearchParams) {
    body.forEach((value, name) => {
      if (name !== 'token' && TOKEN_PATTERN.test(value)) isMisplaced = true;
      if (!KNOWN.has(name)) return;
      if (found[name] !== undefined) twice ??= name;
      found[name] = value;
    });
  }
  if (twice !== undefined) throw invalidParameter(`The parameter ${twice} comes twice.`);
  const { token, client_address, workspace } = found;
  if (!token) throw invalidParameter('The parameter token is missing.');
  if (isMisplaced) throw new DomainError('request.credentials_misplaced');
  return { token, ...(client_address && { client_address }), ...(workspace && { workspace }) };
}

function invalidParameter(detail: string): DomainError {
  return new DomainError('request.invalid', { detail });
}

function answerIntrospection(
  server: Server,
  caller: Authorized<'token.introspect'>,
  verdict: Verdict,
  presenter: UsageCaller,
  workspace: string | undefined,
): Answer | Promise<Answer> {
  const organizationId = caller.record.organization.id;
  const record = admitPresented(server, verdict, {
    organizationId,
    presenter,
    requestId: caller.request.requestId ?? '',
  });
  if (!record) return INACTIVE;
  server.usage.record(record, 'allowed', presenter);
  const answerAt = (place: Place | undefined): Answer => ok(representIntrospection(record, server.issuer(), place));
  if (workspace === undefined) return answerAt(ORGANIZATION);
  const place = findWorkspaceOf(server, record, workspace);
  return place instanceof Promise ? place.then(answerAt) : answerAt(place);
}

// A hot path like /tokens/verify: written by hand, from parts that are shared.
function representIntrospection(record: AdmittedToken, issuer: string, place: Place | undefined): string {
  const { principal, organization, token } = record;
  const expiry = token.validUntil === null ? '' : `"exp":${Math.floor(token.validUntil / 1_000)},`;
  return (
    `{"active":true,${membersOf(PRINCIPAL(principal))},"scope":${scopeAt(record, place)},${expiry}` +
    `"iat":${Math.floor(idTime(token.id) / 1_000)},"token_type":"Bearer","iss":${JSON.stringify(issuer)},` +
    `${membersOf(ORGANIZATION_FACTS(organization))},"urn:postern:token_id":"${token.id}",` +
    `"urn:postern:token_name":${JSON.stringify(token.name)},"urn:postern:generation":${token.generation}}`
  );
}

const PRINCIPAL = onceAsJson(({ id, kind, displayName, organizationRole }: PrincipalFacts) => ({
  sub: id,
  client_id: id,
  username: displayName,
  'urn:postern:kind': kind,
  'urn:postern:organization_role': organizationRole,
}));
const ORGANIZATION_FACTS = onceAsJson(({ id, name }: OrganizationFacts) => ({
  'urn:postern:organization_id': id,
  'urn:postern:organization_name': name,
}));

/** JSON text of all that is held there. What all tokens of a principal hold in the organization is written once. */
function scopeAt(record: AdmittedToken, place: Place | undefined): string {
  if (!place) return '""';
  if (place.kind !== 'organization' || record.token.restrictions) return writeScope(record, place);
  let text = SCOPES.get(record.principal);
  if (text === undefined) {
    text = writeScope(record, place);
    SCOPES.set(record.principal, text);
  }
  return text;
}

const SCOPES = new WeakMap<PrincipalFacts, string>();

function writeScope(record: AdmittedToken, place: Place): string {
  return JSON.stringify(heldPermissions(subjectOf(record), place).join(' '));
}
