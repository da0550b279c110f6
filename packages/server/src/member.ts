import {
  type Authorized,
  DomainError,
  deleteMember,
  formatTime,
  INVITATIONS_MAX,
  inviteMember,
  type LinkValue,
  type Member,
  type MemberId,
  parseEmail,
  parseId,
  recordRefusal,
  reportAccess,
  requireRecentSignIn,
  resendInvitation,
  updateMember,
} from '@postern/core';
import type { FastifyInstance } from 'fastify';
import Type from 'typebox';
import { AccessReportSchema, findUse, representReport } from './access.ts';
import { gone, ok } from './answer.ts';
import { invitationMail } from './mail-text.ts';
import { parsePageQuery, representPage } from './page.ts';
import { declareRoute } from './route.ts';
import { Closed, Creator, EmailText, LIST_FIELDS, Name, OneOf, PageOf, RefTo, SEARCH_FIELD, Time } from './schema.ts';
import type { Server } from './server.ts';

/** Roles of people: verifiers are programs. */
const MEMBER_ROLES = ['member', 'admin'] as const;

const FIELDS = {
  id: Type.String(),
  displayName: Type.String({ description: 'The e-mail, until the person has joined' }),
  email: Type.String(),
  status: OneOf(['invited', 'active']),
  organizationRole: Type.String(),
  createdAt: Time(),
  createdBy: RefTo(Creator),
  updatedAt: Time(),
};
const MemberSchema = Closed(FIELDS, { $id: 'Member', description: 'A person who belongs to the organization' });
const MemberPage = PageOf(MemberSchema, 'MemberPage');
const InvitationSchema = Closed(
  {
    member: RefTo(MemberSchema),
    link: Type.String({ description: 'Lets the person join, once, within 7 days; shown in this answer only' }),
    delivery: OneOf(['sent', 'failed', 'not_configured'], {
      description:
        'Whether the mail server took the mail with the link. Where it did not, hand the link over, or send it again',
    }),
  },
  { $id: 'Invitation' },
);
const InvitationOutcome = Closed(
  {
    email: Type.String(),
    invitation: Type.Optional(RefTo(InvitationSchema)),
    code: Type.Optional(Type.String({ description: 'Why the person was not invited: an error code' })),
  },
  { $id: 'InvitationOutcome' },
);
const Invitations = Closed(
  { items: Type.Array(RefTo(InvitationOutcome), { description: 'One for each e-mail, in order' }) },
  { $id: 'Invitations' },
);
const MembersInput = Closed(
  {
    emails: Type.Array(EmailText(), { minItems: 1, maxItems: INVITATIONS_MAX }),
    organizationRole: Type.Optional(OneOf(MEMBER_ROLES, { default: 'member' })),
  },
  { $id: 'MembersInput' },
);
const MemberUpdate = Closed(
  { displayName: Type.Optional(Name()), organizationRole: Type.Optional(OneOf(MEMBER_ROLES)) },
  { $id: 'MemberUpdate', description: 'Fields that are absent stay as they are' },
);

export const MEMBER_SCHEMAS = [
  MemberSchema,
  MemberPage,
  InvitationSchema,
  InvitationOutcome,
  Invitations,
  MembersInput,
  MemberUpdate,
];

const URL = '/api/v1/members';
const MEMBER_URL = `${URL}/:member` as const;
const TAG = 'Members';
const MEMBER = { description: 'The member', body: MemberSchema };

export function memberRoutes(app: FastifyInstance, server: Server): void {
  declareRoute(app, server, {
    method: 'POST',
    url: URL,
    operation: 'inviteMembers',
    tag: TAG,
    summary: 'Invite people',
    description: 'Each e-mail by itself: one that cannot be invited does not keep the others from it.',
    permission: 'member.create',
    audit: { action: 'member.invite', target: () => null },
    body: MembersInput,
    answers: { 200: { description: 'What became of each', body: Invitations } },
    async act({ caller, body }) {
      const { organizationRole = 'member' } = body;
      if (organizationRole === 'admin') requireRecentSignIn(caller, server.storage.now());
      // Before the first is invited: a mistyped one must not leave links behind that nobody was shown.
      const emails = body.emails.map((email, index) => parseEmail(email, `/emails/${index}`));
      const items = [];
      for (const email of emails) items.push(await inviteOne(server, caller, { email, organizationRole }));
      // All at once, when all are invited: a slow mail server keeps nobody longer than for one mail.
      return ok({ items: await Promise.all(items.map((item) => deliver(server, caller, item))) });
    },
  });

  declareRoute(app, server, {
    method: 'GET',
    url: URL,
    operation: 'listMembers',
    tag: TAG,
    summary: 'List members, by name',
    permission: 'member.read',
    query: Closed({
      ...LIST_FIELDS,
      ...SEARCH_FIELD,
      status: Type.Optional(FIELDS.status),
      organizationRole: Type.Optional(OneOf(MEMBER_ROLES)),
    }),
    answers: { 200: { description: 'A page of members', body: MemberPage } },
    async act({ caller, query }) {
      const scope = { organizationId: caller.record.organization.id, list: 'members' };
      const page = await server.storage.listMembers(scope.organizationId, {
        ...parsePageQuery(query, scope, server.keys),
        search: query.search ?? null,
        status: query.status ?? null,
        organizationRole: query.organizationRole ?? null,
      });
      return ok(representPage(page, representMember, query, scope, server.keys));
    },
  });

  declareRoute(app, server, {
    method: 'GET',
    url: MEMBER_URL,
    operation: 'getMember',
    tag: TAG,
    summary: 'Read a member',
    permission: 'member.read',
    answers: { 200: MEMBER },
    async act({ caller, params }) {
      const member = await server.storage.findMember(caller.record.organization.id, parseMemberId(params.member));
      if (!member) throw new DomainError('member.not_found');
      return ok(representMember(member), { version: member.version });
    },
  });

  declareRoute(app, server, {
    method: 'PATCH',
    url: MEMBER_URL,
    operation: 'updateMember',
    tag: TAG,
    summary: "Rename a member, or change the member's organization role",
    permission: 'member.update',
    audit: { action: 'member.update', target: memberTarget },
    conditional: true,
    body: MemberUpdate,
    answers: { 200: MEMBER },
    async act({ caller, params, body, options }) {
      if (body.organizationRole === 'admin') requireRecentSignIn(caller, server.storage.now());
      const { result, receipt } = await updateMember(server, caller, parseMemberId(params.member), body, options);
      return ok(representMember(result), { version: result.version, receipt });
    },
  });

  declareRoute(app, server, {
    method: 'DELETE',
    url: MEMBER_URL,
    operation: 'deleteMember',
    tag: TAG,
    summary: 'Remove a member: sessions, tokens and memberships end with this answer',
    permission: 'member.delete',
    audit: { action: 'member.delete', target: memberTarget },
    conditional: true,
    answers: { 204: { description: 'The person is out', body: null } },
    async act({ caller, params, options }) {
      const { receipt } = await deleteMember(server, caller, parseMemberId(params.member), options);
      return gone({ receipt });
    },
  });

  declareRoute(app, server, {
    method: 'POST',
    url: `${MEMBER_URL}/resend`,
    operation: 'resendInvitation',
    tag: TAG,
    summary: 'Make a new invitation; the one before ends',
    permission: 'member.create',
    audit: { action: 'member.resend', target: memberTarget },
    answers: { 200: { description: 'The invitation', body: InvitationSchema } },
    async act({ caller, params }) {
      const { result, value, receipt } = await resendInvitation(server, caller, parseMemberId(params.member));
      const item = { email: result.email, issued: { member: result, link: linkOf(server, value) } };
      const { invitation } = await deliver(server, caller, item);
      return ok(invitation, { receipt });
    },
  });

  declareRoute(app, server, {
    method: 'GET',
    url: `${MEMBER_URL}/access`,
    operation: 'getMemberAccess',
    tag: 'Access',
    summary: 'All that a member may do, with every source of it',
    permission: 'member.read',
    answers: { 200: { description: 'The access', body: AccessReportSchema } },
    async act({ caller, params }) {
      const id = parseMemberId(params.member);
      const record = await server.storage.findPrincipal(caller.record.organization.id, id);
      if (!record) throw new DomainError('member.not_found');
      return ok(representReport(reportAccess(record, null), await findUse(server, caller, id)));
    },
  });
}

/** Somebody who is invited, or why not. */
interface Invited {
  readonly email: string;
  readonly issued?: { readonly member: Member; readonly link: string };
  readonly code?: string;
}

/** What became of one. That it is a member already is told beside the others, and leaves its own event. */
async function inviteOne(
  server: Server,
  caller: Authorized<'member.create'>,
  input: { readonly email: string; readonly organizationRole: (typeof MEMBER_ROLES)[number] },
): Promise<Invited> {
  const { email } = input;
  try {
    const { result, value } = await inviteMember(server, caller, input);
    return { email, issued: { member: result, link: linkOf(server, value) } };
  } catch (error) {
    if (!(error instanceof DomainError) || error.kind !== 'conflict') throw error;
    await recordRefusal(server, caller, { action: 'member.invite', target: null }, error);
    return { email, code: error.code };
  }
}

function parseMemberId(text: string): MemberId {
  const id = parseId('member', text);
  if (!id) throw new DomainError('member.not_found');
  return id;
}

function memberTarget({ member }: { readonly member: string }) {
  const id = parseId('member', member);
  return id ? { kind: 'member' as const, id, displayName: null } : null;
}

/** The value stands behind the `#`: browsers send that part to nobody. */
function linkOf(server: Server, value: LinkValue): string {
  return `${server.issuer()}/invitation#${value.reveal()}`;
}

/** Mails the link, which is committed by now: what becomes of the mail is told and changes nothing. */
async function deliver(
  { sendMail }: Server,
  { record }: Authorized<'member.create'>,
  { email, issued, code }: Invited,
): Promise<Type.Static<typeof InvitationOutcome>> {
  if (!issued) return { email, ...(code && { code }) };
  const { member, link } = issued;
  const delivery = sendMail ? await sendMail(invitationMail(email, record.organization.name, link)) : 'not_configured';
  return { email, invitation: { member: representMember(member), link, delivery } };
}

function representMember(member: Member): Type.Static<typeof MemberSchema> {
  return {
    id: member.id,
    displayName: member.displayName,
    email: member.email,
    status: member.status,
    organizationRole: member.organizationRole,
    createdAt: formatTime(member.createdAt),
    createdBy: member.createdBy,
    updatedAt: formatTime(member.updatedAt),
  };
}
