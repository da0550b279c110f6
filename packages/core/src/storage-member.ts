/** The part of the storage port that people hang on. The promises at the head of storage.ts hold for these mutations too. */

import type { AuditAction } from './audit-event.ts';
import type { ErrorCode } from './error.ts';
import type { AuditEventId, MemberId, OrganizationId } from './id.ts';
import type { Member } from './member.ts';
import type { OrganizationRole } from './organization.ts';
import type { Committed, MutationContext, Page, RequestFacts } from './storage.ts';
import type { NamedListQuery, PrincipalRecord } from './storage-access.ts';

export interface NewMember {
  readonly id: MemberId;
  readonly email: string;
  readonly organizationRole: OrganizationRole;
}

/** What is kept of a link that invites. */
export interface InvitationDigest {
  readonly digest: string;
  readonly expiresAt: number;
}

export interface MemberChange {
  readonly displayName?: string;
  readonly organizationRole?: OrganizationRole;
}

export interface MemberQuery extends NamedListQuery {
  readonly status: Member['status'] | null;
  readonly organizationRole: OrganizationRole | null;
}

export interface FoundInvitation {
  readonly memberId: MemberId;
  readonly email: string;
  readonly organizationId: OrganizationId;
  readonly organizationName: string;
  readonly expiresAt: number;
}

/** An organization that no person has ever been in, nor in any other of the database. */
export interface UnpeopledOrganization {
  readonly id: OrganizationId;
  /** Whether a service account has ever been in it. */
  readonly hasPrincipals: boolean;
}

/** What is kept of a link for the first person. */
export interface SetupLink {
  readonly digest: string;
  readonly expiresAt: number;
  /** Whether the links before it end. */
  readonly endsOthers: boolean;
}

export interface FoundSetup {
  readonly organizationId: OrganizationId;
  readonly organizationName: string;
  readonly expiresAt: number;
}

export interface SetupCompletion {
  readonly digest: string;
  readonly memberId: MemberId;
  readonly organizationName: string;
  readonly user: SignInUser;
}

/** A person as sign-in keeps it. */
export interface SignInUser {
  readonly id: string;
  /** In lower case, and the person's own. */
  readonly email: string;
  readonly name: string;
  /** null: signs in through a provider only. */
  readonly passwordHash: string | null;
}

export interface JoiningMember {
  readonly memberId: MemberId;
  readonly digest: string;
  readonly user: Omit<SignInUser, 'email'>;
}

export interface NewJoinedMember {
  readonly id: MemberId;
  readonly organizationRole: OrganizationRole;
  readonly user: SignInUser;
}

/** What sign-in leaves in the audit log of the member's organization. */
export interface SignInAudit {
  readonly eventId: AuditEventId;
  readonly userId: string;
  readonly action: Extract<AuditAction, `session.${string}` | `password.${string}` | `totp.${string}`>;
  readonly outcome: 'done' | 'refused';
  /** Why a change was refused; absent of others. */
  readonly code?: ErrorCode;
  readonly details: Readonly<Record<string, unknown>>;
  readonly request: RequestFacts;
  readonly at: number;
}

export interface MemberStorage {
  /** `member.email_taken` in this organization; whether the e-mail is known elsewhere makes no difference. */
  inviteMember(context: MutationContext, member: NewMember, invitation: InvitationDigest): Promise<Committed<Member>>;
  /** `member.not_found`, `member.joined`, `sign_in.stale` for an admin's. */
  resendInvitation(context: MutationContext, id: MemberId, invitation: InvitationDigest): Promise<Committed<Member>>;
  findInvitation(digest: string): Promise<FoundInvitation | undefined>;
  /** The actor is the invited person. `invitation.invalid`, also where the inviter may not invite any more; `user.email_taken`. */
  joinMember(context: MutationContext, joining: JoiningMember): Promise<Committed<Member>>;
  /** A member who has joined, without an invitation. `user.email_taken`. */
  createMember(context: MutationContext, member: NewJoinedMember): Promise<Committed<Member>>;
  /** The oldest organization, for as long as no person has ever been in the database. */
  findUnpeopledOrganization(): Promise<UnpeopledOrganization | undefined>;
  createSetupLink(context: MutationContext, link: SetupLink): Promise<Committed<null>>;
  /** While no person has ever been in the database. */
  findSetup(digest: string): Promise<FoundSetup | undefined>;
  /** The first person, an admin, who names the organization; every link ends. `setup.link_invalid`, also once a person is there. */
  completeSetup(context: MutationContext, completion: SetupCompletion): Promise<Committed<Member>>;
  findMember(organizationId: OrganizationId, id: MemberId): Promise<Member | undefined>;
  /** By name. */
  listMembers(organizationId: OrganizationId, query: MemberQuery): Promise<Page<Member>>;
  /** `member.not_found`, `member.last_admin`, `caller.locked_out` for one's own role. */
  updateMember(context: MutationContext, id: MemberId, change: MemberChange): Promise<Committed<Member>>;
  /** With sessions, tokens, memberships and invitation. `member.not_found`, `member.last_admin`, `caller.locked_out`. */
  deleteMember(context: MutationContext, id: MemberId): Promise<Committed<null>>;
  /** The member who signs in as this user. */
  findMemberOfUser(userId: string): Promise<PrincipalRecord | undefined>;
  /** In the organization of the member who signs in as this user; nothing where nobody does. */
  recordSignIn(event: SignInAudit): Promise<void>;
}
