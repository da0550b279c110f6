import {
  acceptInvitation,
  DomainError,
  digestLink,
  type FoundInvitation,
  formatTime,
  type LinkValue,
} from '@postern/core';
import type { FastifyInstance } from 'fastify';
import Type from 'typebox';
import { ok } from './answer.ts';
import { openSession, requestFacts, requireNoForeignPage, withLink } from './link.ts';
import { declareOpenRoute } from './route.ts';
import { Closed, Name, Password, RefTo, Time } from './schema.ts';
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
  { invitation: InvitationText, name: Name(), password: Password() },
  { $id: 'InvitationAnswer' },
);
/** Somebody who has come in by a link. */
export const JoinedMember = Closed(
  {
    id: Type.String(),
    email: Type.String(),
    signedIn: Type.Boolean({ description: 'Whether this answer sets the cookie of a session' }),
  },
  { $id: 'JoinedMember' },
);

export const INVITATION_SCHEMAS = [InvitationQuestion, InvitationFacts, InvitationAnswer, JoinedMember];

const TAG = 'Members';
const REASON = 'Whoever holds the link was invited.';
const ERROR = 'invitation.invalid';

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
    act: ({ request, body }) =>
      withLink(server, request, { text: body.invitation, error: ERROR }, async (value) => {
        const { email, organizationName: organization, expiresAt } = await findInvitation(server, value);
        return ok({ email, organization, expiresAt: formatTime(expiresAt) });
      }),
  });

  declareOpenRoute(app, server, {
    method: 'POST',
    url: '/api/v1/invitations/accept',
    operation: 'acceptInvitation',
    alsoFails: [403, 409, 429],
    tag: TAG,
    summary: 'Join, under the e-mail that was invited, and be signed in',
    reason: REASON,
    body: InvitationAnswer,
    answers: { 200: { description: 'The member', body: RefTo(JoinedMember) } },
    act: ({ request, body }) =>
      withLink(server, request, { text: body.invitation, error: ERROR }, async (value) => {
        requireNoForeignPage(server, request);
        await findInvitation(server, value);
        const { name, password } = body;
        // Costly, so only for who has a link.
        const user = await (await server.signIn())?.prepareUser({ name, password });
        if (!user) throw new DomainError('route.not_found');
        const { result, receipt } = await acceptInvitation(server, value, user, requestFacts(request));
        const { id, email } = result;
        const { signedIn, cookies } = await openSession(server, request, { email, password });
        return { ...ok({ id, email, signedIn }, { receipt }), cookies };
      }),
  });
}

async function findInvitation({ storage, keys }: Server, value: LinkValue): Promise<FoundInvitation> {
  const found = await storage.findInvitation(digestLink('invitation', value, keys.current));
  if (!found) throw new DomainError(ERROR);
  return found;
}
