import {
  type AdmittedToken,
  type Authorized,
  type Decision,
  decide,
  invalidField,
  type OrganizationFacts,
  type PrincipalFacts,
  type Verdict,
} from '@postern/core';
import type { FastifyInstance } from 'fastify';
import Type from 'typebox';
import { type Answer, ok } from './answer.ts';
import { admitPresented, parsePresenter } from './presentation.ts';
import { onceAsJson, tokenMembers } from './represent.ts';
import { declareRoute } from './route.ts';
import { AddressText, Closed, Nullable, OneOf, PermissionText, RefTo, Time, UserAgentText } from './schema.ts';
import type { Server } from './server.ts';

const VerifyInput = Closed(
  {
    token: Type.String({ maxLength: 4_096, description: 'The value that was presented, without `Bearer`' }),
    permission: Type.Optional(PermissionText({ description: 'What its holder asks to do' })),
    clientAddress: Type.Optional(AddressText({ description: 'The network address that presented it' })),
    userAgent: Type.Optional(UserAgentText()),
  },
  { $id: 'VerifyInput' },
);
const Because = Closed(
  { source: OneOf(['organization_role']), role: Type.String() },
  { $id: 'Because', description: 'One source of a permission' },
);
const Missing = Closed(
  { permission: Type.String(), scope: OneOf(['organization']) },
  { $id: 'Missing', description: 'What is not held, and where' },
);
const Verification = Closed(
  {
    active: Type.Boolean(),
    principal: Type.Optional(
      Closed({
        id: Type.String(),
        kind: OneOf(['service_account', 'member']),
        displayName: Type.String(),
        organizationRole: Type.String(),
      }),
    ),
    organization: Type.Optional(Closed({ id: Type.String(), name: Type.String() })),
    token: Type.Optional(
      Closed({ id: Type.String(), name: Type.String(), expiresAt: Nullable(Time()), generation: Type.Integer() }),
    ),
    allowed: Type.Optional(Type.Boolean({ description: 'Present when a permission was asked about' })),
    because: Type.Optional(Type.Array(RefTo(Because))),
    missing: Type.Optional(RefTo(Missing)),
  },
  { $id: 'Verification', description: 'Of a token that is not valid: `active` false, and nothing else' },
);

export const VERIFY_SCHEMAS = [VerifyInput, Because, Missing, Verification];

const INACTIVE = ok('{"active":false}');

export function verifyRoutes(app: FastifyInstance, server: Server): void {
  declareRoute(app, server, {
    method: 'POST',
    url: '/api/v1/tokens/verify',
    operation: 'verifyToken',
    tag: 'Verification',
    summary: 'Who presents this token, and may they do that?',
    permission: 'token.introspect',
    hot: true,
    body: VerifyInput,
    answers: { 200: { description: 'The verdict', body: Verification } },
    act({ caller, body }) {
      const presenter = parsePresenter({ address: body.clientAddress, userAgent: body.userAgent }, notAnAddress);
      const verdict = server.verifier.verify(body.token);
      return verdict instanceof Promise
        ? verdict.then((settled) => answerVerdict(server, caller, settled, body.permission, presenter))
        : answerVerdict(server, caller, verdict, body.permission, presenter);
    },
  });
}

function notAnAddress(): Error {
  return invalidField('/clientAddress', 'must be an IPv4 or IPv6 address');
}

function answerVerdict(
  server: Server,
  caller: Authorized<'token.introspect'>,
  verdict: Verdict,
  permission: string | undefined,
  presenter: ReturnType<typeof parsePresenter>,
): Answer {
  const organizationId = caller.record.organization.id;
  const record = admitPresented(server, verdict, {
    organizationId,
    presenter,
    requestId: caller.request.requestId ?? '',
  });
  if (!record) return INACTIVE;
  const decision = permission === undefined ? undefined : decide(record.principal, permission);
  server.usage.record(record, decision?.allowed === false ? 'denied' : 'allowed', presenter);
  return ok(representVerification(record, decision));
}

// The hot path of every protected API: written by hand, from parts that are shared.
function representVerification(
  { principal, organization, token }: AdmittedToken,
  decision: Decision | undefined,
): string {
  const verdict = decision ? decisionMembers(decision) : '';
  return (
    `{"active":true,"principal":${PRINCIPAL(principal)},"organization":${ORGANIZATION(organization)},` +
    `"token":{${tokenMembers(token)},"generation":${token.generation}}${verdict}}`
  );
}

const PRINCIPAL = onceAsJson(({ id, kind, displayName, organizationRole }: PrincipalFacts) => ({
  id,
  kind,
  displayName,
  organizationRole,
}));
const ORGANIZATION = onceAsJson(({ id, name }: OrganizationFacts) => ({ id, name }));

function decisionMembers(decision: Decision): string {
  return decision.allowed
    ? `,"allowed":true,"because":${JSON.stringify(decision.because)}`
    : `,"allowed":false,"missing":${JSON.stringify(decision.missing)}`;
}
