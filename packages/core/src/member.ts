import { DAY_MS } from './clock.ts';
import { type Authorized, type Domain, type MutationOptions, mutationContext, plainContext } from './command.ts';
import { DomainError, invalidField } from './error.ts';
import { type MemberId, newId, type OrganizationId } from './id.ts';
import { digestLink, type LinkValue, mintLinkValue } from './link-value.ts';
import type { OrganizationRole } from './organization.ts';
import type { Creator } from './service-account.ts';
import type { Committed, RequestFacts } from './storage.ts';
import type { MemberChange, SignInUser } from './storage-member.ts';
import { parseEmail, parseName } from './text.ts';

/** A person who belongs to an organization, or is invited to. */
export interface Member {
  readonly id: MemberId;
  readonly organizationId: OrganizationId;
  /** The e-mail until the person has joined. */
  readonly displayName: string;
  readonly email: string;
  readonly status: 'invited' | 'active';
  readonly organizationRole: OrganizationRole;
  /** Who it is to sign-in; null before joining. */
  readonly userId: string | null;
  readonly createdAt: number;
  readonly createdBy: Creator;
  readonly updatedAt: number;
  readonly version: number;
}

export const INVITATION_LIFETIME_MS = 7 * DAY_MS;
/** People that one call may invite. */
export const INVITATIONS_MAX = 50;

/** An invited member, with the value of the link that lets the person in. */
export interface IssuedInvitation extends Committed<Member> {
  readonly value: LinkValue;
}

export async function inviteMember(
  domain: Domain,
  caller: Authorized<'member.create'>,
  input: { readonly email: string; readonly organizationRole: OrganizationRole },
): Promise<IssuedInvitation> {
  requirePersonRole(input.organizationRole);
  const at = domain.storage.now();
  const value = mintLinkValue(domain.random);
  const member = {
    id: newId('member', { now: () => at }, domain.random),
    email: parseEmail(input.email, '/emails'),
    organizationRole: input.organizationRole,
  };
  const committed = await domain.storage.inviteMember(
    mutationContext(domain, caller, { at }),
    member,
    invitationOf(domain, value, at),
  );
  return { ...committed, value };
}

/** Ends the link before, and makes another one. */
export async function resendInvitation(
  domain: Domain,
  caller: Authorized<'member.create'>,
  id: MemberId,
): Promise<IssuedInvitation> {
  const at = domain.storage.now();
  const value = mintLinkValue(domain.random);
  const context = mutationContext(domain, caller, { at });
  const committed = await domain.storage.resendInvitation(context, id, invitationOf(domain, value, at));
  return { ...committed, value };
}

export async function updateMember(
  domain: Domain,
  caller: Authorized<'member.update'>,
  id: MemberId,
  input: { readonly displayName?: string; readonly organizationRole?: OrganizationRole },
  options: MutationOptions = {},
): Promise<Committed<Member>> {
  const { displayName, organizationRole } = input;
  if (organizationRole !== undefined) requirePersonRole(organizationRole);
  const change: MemberChange = {
    ...(displayName !== undefined && { displayName: parseName(displayName, '/displayName') }),
    ...(organizationRole !== undefined && { organizationRole }),
  };
  return domain.storage.updateMember(mutationContext(domain, caller, options), id, change);
}

/** The person is out: sessions, tokens and memberships end before this is answered. */
export async function deleteMember(
  domain: Domain,
  caller: Authorized<'member.delete'>,
  id: MemberId,
  options: MutationOptions = {},
): Promise<Committed<null>> {
  return domain.storage.deleteMember(mutationContext(domain, caller, options), id);
}

/** Whoever holds the link joins, under the e-mail that was invited. Throws `invitation.invalid`, `user.email_taken`. */
export async function acceptInvitation(
  domain: Domain,
  value: LinkValue,
  user: Omit<SignInUser, 'email'>,
  request: RequestFacts,
): Promise<Committed<Member>> {
  const digest = digestLink('invitation', value, domain.keys.current);
  const found = await domain.storage.findInvitation(digest);
  if (!found) throw new DomainError('invitation.invalid');
  const { memberId, organizationId } = found;
  const context = plainContext(domain, organizationId, { kind: 'invited', memberId }, request);
  return domain.storage.joinMember(context, { memberId, digest, user });
}

function invitationOf(domain: Domain, value: LinkValue, at: number) {
  return { digest: digestLink('invitation', value, domain.keys.current), expiresAt: at + INVITATION_LIFETIME_MS };
}

/** Verifiers are programs. */
function requirePersonRole(role: OrganizationRole): void {
  if (role === 'verifier') throw invalidField('/organizationRole', 'must be member or admin: verifiers are programs');
}

/**
 * The first person of an installation, an admin; undefined where somebody has been there before, whoever was removed since.
 */
export async function createFirstMember(domain: Domain, user: SignInUser): Promise<Committed<Member> | undefined> {
  const { storage, random } = domain;
  const organization = await storage.findUnpeopledOrganization();
  if (!organization) return undefined;
  const context = plainContext(domain, organization.id, { kind: 'operator' });
  const id = newId('member', storage, random);
  return storage.createMember(context, { id, organizationRole: 'admin', user });
}
