import {
  acceptInvitation,
  DomainError,
  digestInvitation,
  formatTime,
  type InvitationValue,
  parseInvitationValue,
} from '@postern/core';
import type { FastifyInstance } from 'fastify';
import Type from 'typebox';
import { ok } from './answer.ts';
import { readUserAgent } from './client.ts';
import { declareOpenRoute } from './route.ts';
import { Closed, Name, Time } from './schema.ts';
import type { Server } from './server.ts';

/** Where a link that invites leads: what it is about, and joining. Whoever holds the link needs no other credential. */

const InvitationText = Type.String({
  minLength: 1,
  maxLength: 100,
  description: 'What stands behind the # of the link',
});
const InvitationQuestion = Closed({ invitation: InvitationText }, { $id: 'InvitationQuestion' });
const InvitationFacts = Closed(
  { email: Type.String(), organization: Type.String(), expiresAt: Time() },
  { $id: 'InvitationFacts' },
);
const InvitationAnswer = Closed(
  {
    invitation: InvitationText,
    name: Name(),
    password: Type.String({ minLength: 1, maxLength: 200, description: 'At least 12 characters' }),
  },
  { $id: 'InvitationAnswer' },
);
const JoinedMember = Closed({ id: Type.String(), email: Type.String() }, { $id: 'JoinedMember' });

export const INVITATION_SCHEMAS = [InvitationQuestion, InvitationFacts, InvitationAnswer, JoinedMember];

const TAG = 'Members';
const REASON = 'Whoever holds the link was invited.';

export function invitationRoutes(app: FastifyInstance, server: Server): void {
  declareOpenRoute(app, server, {
    method: 'POST',
    url: '/api/v1/invitations/inspect',
    operation: 'inspectInvitation',
    alsoFails: [429],
    tag: TAG,
    summary: 'Who is invited, and to what?',
    reason: REASON,
    body: InvitationQuestion,
    answers: { 200: { description: 'The invitation', body: InvitationFacts } },
    async act({ request, body }) {
      const value = parseValue(server, request.address, body.invitation);
      const found = await server.storage.findInvitation(digestInvitation(value, server.keys.current));
      if (!found) throw refusal(server, request.address);
      const { email, organizationName: organization, expiresAt } = found;
      return ok({ email, organization, expiresAt: formatTime(expiresAt) });
    },
  });

  declareOpenRoute(app, server, {
    method: 'POST',
    url: '/api/v1/invitations/accept',
    operation: 'acceptInvitation',
    alsoFails: [409, 429],
    tag: TAG,
    summary: 'Join, under the e-mail that was invited; then sign in with the password',
    reason: REASON,
    body: InvitationAnswer,
    answers: { 200: { description: 'The member', body: JoinedMember } },
    async act({ request, body }) {
      const value = parseValue(server, request.address, body.invitation);
      const signIn = await server.signIn();
      const user = await signIn?.prepareUser({ name: body.name, password: body.password });
      if (!user) throw new DomainError('route.not_found');
      const facts = {
        requestId: request.id,
        address: request.address,
        userAgent: readUserAgent(request.headers['user-agent']),
      };
      const { result, receipt } = await acceptInvitation(server, value, user, facts);
      return ok({ id: result.id, email: result.email }, { receipt });
    },
  });
}

function parseValue(server: Server, address: string, text: string): InvitationValue {
  const value = parseInvitationValue(text);
  if (!value) throw refusal(server, address);
  return value;
}

/** Guesses are counted with all other bad credentials of the address. */
function refusal(server: Server, address: string): DomainError {
  const retryAfterSeconds = server.throttle.noteFailure(address);
  return retryAfterSeconds === undefined
    ? new DomainError('invitation.invalid')
    : new DomainError('rate.limited', { retryAfterSeconds });
}
