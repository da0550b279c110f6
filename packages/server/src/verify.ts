import {
  type AdmittedToken,
  type Authorized,
  type Decision,
  decide,
  effectiveEnd,
  formatTime,
  ORGANIZATION as IN_ORGANIZATION,
  invalidField,
  type OrganizationFacts,
  type Place,
  type PrincipalFacts,
  subjectOf,
  type UsageCaller,
  type Verdict,
} from '@postern/core';
import type { FastifyInstance } from 'fastify';
import Type from 'typebox';
import { type Answer, ok } from './answer.ts';
import { BecauseSchema, decideAt, decisionMembers, MissingSchema } from './decision.ts';
import { findWorkspaceOf } from './place.ts';
import { addressOf, admitPresented, parsePresenter } from './presentation.ts';
import { onceAsJson, tokenMembers } from './represent.ts';
import { declareRoute } from './route.ts';
import {
  AddressText,
  Closed,
  Nullable,
  OneOf,
  PermissionText,
  RefTo,
  Time,
  UserAgentText,
  WorkspaceText,
} from './schema.ts';
import type { Server } from './server.ts';

const VerifyInput = Closed(
  {
    token: Type.String({ maxLength: 4_096, description: 'The value that was presented, without `Bearer`' }),
    permission: Type.Optional(PermissionText({ description: 'What its holder asks to do' })),
    workspace: Type.Optional(WorkspaceText({ description: 'Where, by id or name; absent = in the organization' })),
    clientAddress: Type.Optional(
      AddressText({
        description: 'The network address that presented it; without it, a token restricted to networks is not valid',
      }),
    ),
    userAgent: Type.Optional(UserAgentText()),
  },
  { $id: 'VerifyInput' },
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
      Closed({
        id: Type.String(),
        name: Type.String(),
        expiresAt: Nullable(Time()),
        generation: Type.Integer(),
        validUntil: Nullable(
          Time({
            description: 'From when on this very value is refused: by its expiry, the end of its overlap, or policy',
          }),
        ),
        networkRestricted: Type.Boolean({ description: 'Whether the answer holds for this `clientAddress` only' }),
      }),
    ),
    allowed: Type.Optional(Type.Boolean({ description: 'Present when a permission was asked about' })),
    because: Type.Optional(Type.Array(RefTo(BecauseSchema))),
    missing: Type.Optional(RefTo(MissingSchema)),
  },
  { $id: 'Verification', description: 'Of a token that is not valid: `active` false, and nothing else' },
);

export const VERIFY_SCHEMAS = [VerifyInput, Verification];

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
      const question = { caller, presenter, permission: body.permission, workspace: body.workspace };
      const verdict = server.verifier.verify(body.token, addressOf(presenter));
      return verdict instanceof Promise
        ? verdict.then((settled) => answerVerdict(server, settled, question))
        : answerVerdict(server, verdict, question);
    },
  });
}

interface Question {
  readonly caller: Authorized<'token.introspect'>;
  readonly presenter: UsageCaller;
  readonly permission: string | undefined;
  readonly workspace: string | undefined;
}

function notAnAddress(): Error {
  return invalidField('/clientAddress', 'must be an IPv4 or IPv6 address');
}

function answerVerdict(server: Server, verdict: Verdict, question: Question): Answer | Promise<Answer> {
  const { caller, presenter, permission, workspace } = question;
  const record = admitPresented(server, verdict, {
    organizationId: caller.record.organization.id,
    presenter,
    requestId: caller.request.requestId ?? '',
  });
  if (!record) return INACTIVE;
  if (permission === undefined) return answerDecision(server, record, question, undefined);
  if (workspace === undefined)
    return answerDecision(server, record, question, decide(subjectOf(record), permission, IN_ORGANIZATION));
  const answerAt = (place: Place | undefined): Answer =>
    answerDecision(server, record, question, decideAt(subjectOf(record), permission, place));
  const place = findWorkspaceOf(server, record, workspace);
  return place instanceof Promise ? place.then(answerAt) : answerAt(place);
}

function answerDecision(
  server: Server,
  record: AdmittedToken,
  { presenter, permission }: Question,
  decision: Decision | undefined,
): Answer {
  server.usage.record(record, decision?.allowed === false ? 'denied' : 'allowed', presenter, permission ?? null);
  return ok(representVerification(record, decision));
}

// The hot path of every protected API: written by hand, from parts that are shared.
function representVerification(record: AdmittedToken, decision: Decision | undefined): string {
  const { principal, organization, token } = record;
  const verdict = decision ? decisionMembers(decision) : '';
  return (
    `{"active":true,"principal":${PRINCIPAL(principal)},"organization":${ORGANIZATION(organization)},` +
    `"token":{${tokenMembers(token)},"generation":${token.generation},"validUntil":${endText(record)},` +
    `"networkRestricted":${token.restrictions?.networks !== undefined}}${verdict}}`
  );
}

function endText(record: AdmittedToken): string {
  const end = effectiveEnd(record);
  return end === null ? 'null' : `"${formatTime(end)}"`;
}

const PRINCIPAL = onceAsJson(({ id, kind, displayName, organizationRole }: PrincipalFacts) => ({
  id,
  kind,
  displayName,
  organizationRole,
}));
const ORGANIZATION = onceAsJson(({ id, name }: OrganizationFacts) => ({ id, name }));
