import type { Call, CallOptions } from './call.ts';
import type { InvitationAnswer, InvitationFacts, JoinedMember } from './openapi.gen.ts';

/** Where a link that invites leads. Whoever holds the link needs no other credential. */
export interface Invitations {
  /** Who is invited, and to what; `invitation` is what stands behind the # of the link. */
  inspect(invitation: string, options?: CallOptions): Promise<InvitationFacts>;
  /** Joins under the e-mail that was invited; then one signs in with the password. */
  accept(answer: InvitationAnswer, options?: CallOptions): Promise<JoinedMember>;
}

export function invitations(call: Call): Invitations {
  return {
    async inspect(invitation, options) {
      return (await call('POST /api/v1/invitations/inspect', { body: { invitation } }, options)).body;
    },

    async accept(body, options) {
      return (await call('POST /api/v1/invitations/accept', { body, once: true }, options)).body;
    },
  };
}
