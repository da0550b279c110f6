import {
  DEFAULT_WORKSPACE_ROLE,
  listGrantableRoles,
  removeWorkspaceGroup,
  removeWorkspaceMember,
  setWorkspaceGroup,
  setWorkspaceMember,
  type WorkspaceGroupRole,
  type WorkspaceMembership,
} from '@postern/core';
import type { FastifyInstance } from 'fastify';
import Type from 'typebox';
import { gone, ok } from './answer.ts';
import { parsePageQuery, representPage } from './page.ts';
import { parseGroupId, parsePrincipalId, placeTarget } from './place.ts';
import { parseRoleReference, RoleList, representRole } from './role.ts';
import { declareRoute } from './route.ts';
import { Closed, IdText, LIST_FIELDS, NamedRef, PageOf, PrincipalRef, RefTo, SEARCH_FIELD } from './schema.ts';
import type { Server } from './server.ts';
import { WORKSPACE_TAG, WORKSPACE_URL } from './workspace.ts';

/** Who has access to a workspace: principals with a role of their own, and groups that carry one; and which roles can be given. */

const WorkspaceMemberSchema = Closed(
  { principal: RefTo(PrincipalRef), role: RefTo(NamedRef) },
  { $id: 'WorkspaceMember', description: 'A role that is given directly' },
);
const WorkspaceMemberPage = PageOf(WorkspaceMemberSchema, 'WorkspaceMemberPage');
const WorkspaceGroupSchema = Closed(
  { group: RefTo(NamedRef), role: RefTo(NamedRef) },
  { $id: 'WorkspaceGroup', description: 'A role that everybody in the group has' },
);
const WorkspaceGroupPage = PageOf(WorkspaceGroupSchema, 'WorkspaceGroupPage');
const WorkspaceRoleInput = Closed(
  {
    role: Type.Optional(
      IdText({
        default: DEFAULT_WORKSPACE_ROLE,
        description: 'The name of a built-in role, or the id of a custom one',
      }),
    ),
  },
  { $id: 'WorkspaceRoleInput' },
);

export const WORKSPACE_MEMBER_SCHEMAS = [
  WorkspaceMemberSchema,
  WorkspaceMemberPage,
  WorkspaceGroupSchema,
  WorkspaceGroupPage,
  WorkspaceRoleInput,
];

const MEMBERS_URL = `${WORKSPACE_URL}/members` as const;
const GROUPS_URL = `${WORKSPACE_URL}/groups` as const;
const ROLES_URL = `${WORKSPACE_URL}/roles` as const;
const LIST = Closed({ ...LIST_FIELDS, ...SEARCH_FIELD });

export function workspaceMemberRoutes(app: FastifyInstance, server: Server): void {
  declareRoute(app, server, {
    method: 'GET',
    url: MEMBERS_URL,
    operation: 'listWorkspaceMembers',
    tag: WORKSPACE_TAG,
    summary: 'List principals with a role of their own in a workspace, by name',
    permission: 'workspace_member.read',
    at: 'workspace',
    query: LIST,
    answers: { 200: { description: 'A page of members', body: WorkspaceMemberPage } },
    async act({ caller, query, found: { workspace } }) {
      const scope = { organizationId: caller.record.organization.id, list: `workspaces/${workspace.id}/members` };
      const page = await server.storage.listWorkspaceMembers(scope.organizationId, workspace.id, {
        ...parsePageQuery(query, scope, server.keys),
        search: query.search ?? null,
      });
      return ok(representPage(page, representMember, query, scope, server.keys));
    },
  });

  declareRoute(app, server, {
    method: 'PUT',
    url: `${MEMBERS_URL}/:principal`,
    operation: 'setWorkspaceMember',
    tag: WORKSPACE_TAG,
    summary: 'Give a principal a role in a workspace, or another one',
    description: 'The caller must hold all that the role holds, and all that the role before it held.',
    permission: 'workspace_member.update',
    at: 'workspace',
    audit: { action: 'workspace_member.set', target: placeTarget },
    body: WorkspaceRoleInput,
    bodyOptional: true,
    answers: { 200: { description: 'The membership', body: WorkspaceMemberSchema } },
    async act({ caller, params, body, found: { workspace } }) {
      const member = { principalId: parsePrincipalId(params.principal), roleId: parseRoleReference(body.role) };
      const { result, receipt } = await setWorkspaceMember(server, caller, workspace.id, member);
      return ok(representMember(result), { receipt });
    },
  });

  declareRoute(app, server, {
    method: 'DELETE',
    url: `${MEMBERS_URL}/:principal`,
    operation: 'removeWorkspaceMember',
    tag: WORKSPACE_TAG,
    summary: "Take a principal's own role in a workspace",
    description: 'What groups give it there stays.',
    permission: 'workspace_member.update',
    at: 'workspace',
    audit: { action: 'workspace_member.remove', target: placeTarget },
    answers: { 204: { description: 'It has none any more', body: null } },
    async act({ caller, params, found: { workspace } }) {
      const principalId = parsePrincipalId(params.principal);
      const { receipt } = await removeWorkspaceMember(server, caller, workspace.id, principalId);
      return gone({ receipt });
    },
  });

  declareRoute(app, server, {
    method: 'GET',
    url: GROUPS_URL,
    operation: 'listWorkspaceGroups',
    tag: WORKSPACE_TAG,
    summary: 'List groups that carry a role in a workspace, by name',
    permission: 'workspace_member.read',
    at: 'workspace',
    query: LIST,
    answers: { 200: { description: 'A page of groups', body: WorkspaceGroupPage } },
    async act({ caller, query, found: { workspace } }) {
      const scope = { organizationId: caller.record.organization.id, list: `workspaces/${workspace.id}/groups` };
      const page = await server.storage.listWorkspaceGroups(scope.organizationId, workspace.id, {
        ...parsePageQuery(query, scope, server.keys),
        search: query.search ?? null,
      });
      return ok(representPage(page, representGroup, query, scope, server.keys));
    },
  });

  declareRoute(app, server, {
    method: 'PUT',
    url: `${GROUPS_URL}/:groupId`,
    operation: 'setWorkspaceGroup',
    tag: WORKSPACE_TAG,
    summary: 'Let a group carry a role in a workspace, or another one',
    description: 'The caller must hold all that the role holds, and all that the role before it held.',
    permission: 'workspace_member.update',
    at: 'workspace',
    audit: { action: 'workspace_group.set', target: placeTarget },
    body: WorkspaceRoleInput,
    bodyOptional: true,
    answers: { 200: { description: 'The grant', body: WorkspaceGroupSchema } },
    async act({ caller, params, body, found: { workspace } }) {
      const grant = { groupId: parseGroupId(params.groupId), roleId: parseRoleReference(body.role) };
      const { result, receipt } = await setWorkspaceGroup(server, caller, workspace.id, grant);
      return ok(representGroup(result), { receipt });
    },
  });

  declareRoute(app, server, {
    method: 'DELETE',
    url: `${GROUPS_URL}/:groupId`,
    operation: 'removeWorkspaceGroup',
    tag: WORKSPACE_TAG,
    summary: 'Take the role that a group carries in a workspace',
    permission: 'workspace_member.update',
    at: 'workspace',
    audit: { action: 'workspace_group.remove', target: placeTarget },
    answers: { 204: { description: 'It carries none any more', body: null } },
    async act({ caller, params, found: { workspace } }) {
      const { receipt } = await removeWorkspaceGroup(server, caller, workspace.id, parseGroupId(params.groupId));
      return gone({ receipt });
    },
  });

  declareRoute(app, server, {
    method: 'GET',
    url: ROLES_URL,
    operation: 'listWorkspaceRoles',
    tag: WORKSPACE_TAG,
    summary: 'List the roles that the caller can give in a workspace',
    description: 'Those that hold nothing but what the caller holds there.',
    permission: 'workspace_member.update',
    at: 'workspace',
    answers: { 200: { description: 'All of them', body: RoleList } },
    async act({ caller, found: { workspace } }) {
      const roles = await listGrantableRoles(server, caller, workspace.id);
      return ok({ items: roles.map(representRole) });
    },
  });
}

function representMember({ principal, role }: WorkspaceMembership): Type.Static<typeof WorkspaceMemberSchema> {
  return { principal, role };
}

function representGroup({ group, role }: WorkspaceGroupRole): Type.Static<typeof WorkspaceGroupSchema> {
  return { group, role };
}
