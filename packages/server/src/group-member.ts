import { type GroupMembership, removeGroupMember, setGroupMember, type WorkspaceGrant } from '@postern/core';
import type { FastifyInstance } from 'fastify';
import Type from 'typebox';
import { gone, ok } from './answer.ts';
import { GROUP_ROLES } from './decision.ts';
import { GROUP_TAG, GROUP_URL } from './group.ts';
import { parsePageQuery, representPage } from './page.ts';
import { parsePrincipalId, placeTarget } from './place.ts';
import { declareRoute } from './route.ts';
import { Closed, LIST_FIELDS, NamedRef, OneOf, PageOf, PrincipalRef, RefTo, SEARCH_FIELD } from './schema.ts';
import type { Server } from './server.ts';

const GroupMemberSchema = Closed({ principal: RefTo(PrincipalRef), role: OneOf(GROUP_ROLES) }, { $id: 'GroupMember' });
const GroupMemberPage = PageOf(GroupMemberSchema, 'GroupMemberPage');
const GroupMemberInput = Closed(
  { role: OneOf(GROUP_ROLES, { description: 'A manager manages the members of the group and their group roles' }) },
  { $id: 'GroupMemberInput' },
);
const GroupWorkspaces = Closed(
  { items: Type.Array(Closed({ workspace: RefTo(NamedRef), role: RefTo(NamedRef) })) },
  { $id: 'GroupWorkspaces', description: 'The workspace roles that the group carries, by workspace name' },
);

export const GROUP_MEMBER_SCHEMAS = [GroupMemberSchema, GroupMemberPage, GroupMemberInput, GroupWorkspaces];

const MEMBERS_URL = `${GROUP_URL}/members` as const;
const MEMBER_URL = `${MEMBERS_URL}/:principal` as const;

export function groupMemberRoutes(app: FastifyInstance, server: Server): void {
  declareRoute(app, server, {
    method: 'GET',
    url: MEMBERS_URL,
    operation: 'listGroupMembers',
    tag: GROUP_TAG,
    summary: 'List the members of a group, by name',
    permission: 'group.read',
    at: 'group',
    query: Closed({ ...LIST_FIELDS, ...SEARCH_FIELD }),
    answers: { 200: { description: 'A page of members', body: GroupMemberPage } },
    async act({ caller, query, found: { group } }) {
      const scope = { organizationId: caller.record.organization.id, list: `groups/${group.id}/members` };
      const page = await server.storage.listGroupMembers(scope.organizationId, group.id, {
        ...parsePageQuery(query, scope, server.keys),
        search: query.search ?? null,
      });
      return ok(representPage(page, representGroupMember, query, scope, server.keys));
    },
  });

  declareRoute(app, server, {
    method: 'PUT',
    url: MEMBER_URL,
    operation: 'setGroupMember',
    tag: GROUP_TAG,
    summary: 'Put a principal into a group, or change its group role',
    description: 'Gives all that the group carries: the caller must hold that, too.',
    permission: 'group_member.update',
    at: 'group',
    audit: { action: 'group_member.set', target: placeTarget },
    body: GroupMemberInput,
    answers: { 200: { description: 'The membership', body: GroupMemberSchema } },
    async act({ caller, params, body, found: { group } }) {
      const member = { principalId: parsePrincipalId(params.principal), role: body.role };
      const { result, receipt } = await setGroupMember(server, caller, group.id, member);
      return ok(representGroupMember(result), { receipt });
    },
  });

  declareRoute(app, server, {
    method: 'DELETE',
    url: MEMBER_URL,
    operation: 'removeGroupMember',
    tag: GROUP_TAG,
    summary: 'Take a principal out of a group, and with it the access that the group gave',
    permission: 'group_member.update',
    at: 'group',
    audit: { action: 'group_member.remove', target: placeTarget },
    answers: { 204: { description: 'It is out', body: null } },
    async act({ caller, params, found: { group } }) {
      const { receipt } = await removeGroupMember(server, caller, group.id, parsePrincipalId(params.principal));
      return gone({ receipt });
    },
  });

  declareRoute(app, server, {
    method: 'GET',
    url: `${GROUP_URL}/workspaces`,
    operation: 'listGroupWorkspaces',
    tag: GROUP_TAG,
    summary: 'List the workspace roles that a group carries',
    permission: 'group.read',
    at: 'group',
    answers: { 200: { description: 'All of them', body: GroupWorkspaces } },
    async act({ caller, found: { group } }) {
      const grants = await server.storage.listGroupWorkspaces(caller.record.organization.id, group.id);
      return ok({ items: grants.map(representGrant) });
    },
  });
}

function representGroupMember({ principal, role }: GroupMembership): Type.Static<typeof GroupMemberSchema> {
  return { principal, role };
}

function representGrant({ workspaceId, workspaceName, role }: WorkspaceGrant) {
  return { workspace: { id: workspaceId, name: workspaceName }, role: { id: role.id, name: role.name } };
}
