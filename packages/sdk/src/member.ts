import type { Call, CallOptions } from './call.ts';
import { type List, listOf } from './list.ts';
import type {
  AccessReport,
  Invitation,
  InvitationOutcome,
  Member,
  MembersInput,
  MemberUpdate,
  Operations,
} from './openapi.gen.ts';
import type { Ended } from './receipt.ts';

export type MemberQuery = NonNullable<Operations['GET /api/v1/members']['query']>;

/** The people of the organization. */
export interface Members {
  /** Each e-mail by itself: what became of it, in order. A link lets one person join, once. */
  invite(input: MembersInput, options?: CallOptions): Promise<readonly InvitationOutcome[]>;
  /** A new link; the one before ends. */
  resend(id: string, options?: CallOptions): Promise<Invitation>;
  get(id: string, options?: CallOptions): Promise<Member>;
  list(query?: MemberQuery, options?: CallOptions): List<Member>;
  /** Fields that are absent stay as they are. */
  update(id: string, change: MemberUpdate, options?: CallOptions): Promise<Member>;
  /** The person is out: sessions, tokens and memberships have ended. */
  delete(id: string, options?: CallOptions): Promise<Ended>;
  /** All that the member may do, with every source. */
  access(id: string, options?: CallOptions): Promise<AccessReport>;
}

export function members(call: Call): Members {
  return {
    async invite(input, options) {
      return (await call('POST /api/v1/members', { body: input, once: true }, options)).body.items;
    },

    async resend(member, options) {
      return (await call('POST /api/v1/members/{member}/resend', { path: { member }, once: true }, options)).body;
    },

    async get(member, options) {
      return (await call('GET /api/v1/members/{member}', { path: { member } }, options)).body;
    },

    list: (query, options) =>
      listOf(query, async (paged) => (await call('GET /api/v1/members', { query: paged }, options)).body),

    async update(member, change, options) {
      return (await call('PATCH /api/v1/members/{member}', { path: { member }, body: change }, options)).body;
    },

    async delete(member, options) {
      const { receipt } = await call('DELETE /api/v1/members/{member}', { path: { member }, ends: true }, options);
      return { receipt };
    },

    async access(member, options) {
      return (await call('GET /api/v1/members/{member}/access', { path: { member } }, options)).body;
    },
  };
}
