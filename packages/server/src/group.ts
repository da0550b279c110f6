import { createGroup, deleteGroup, formatTime, type Group, updateGroup } from '@postern/core';
import type { FastifyInstance } from 'fastify';
import Type from 'typebox';
import { created, gone, ok } from './answer.ts';
import { parsePageQuery, representPage } from './page.ts';
import { parseGroupId, placeTarget } from './place.ts';
import { declareRoute } from './route.ts';
import { Closed, Description, LIST_FIELDS, Name, Nullable, PageOf, SEARCH_FIELD, Time } from './schema.ts';
import type { Server } from './server.ts';

const GroupSchema = Closed(
  {
    id: Type.String(),
    name: Type.String(),
    description: Type.String(),
    externalId: Nullable(Type.String()),
    memberCount: Type.Integer(),
    createdAt: Time(),
    updatedAt: Time(),
  },
  { $id: 'Group' },
);
const GroupPage = PageOf(GroupSchema, 'GroupPage');

const INPUT_FIELDS = {
  name: Name({ description: 'Unique in the organization, compared without regard to case, width and spaces' }),
  description: Type.Optional(Description()),
  externalId: Type.Optional(Nullable(Name({ description: 'Unique in the organization, for declarative tools' }))),
};
const GroupInput = Closed(INPUT_FIELDS, { $id: 'GroupInput' });
const GroupUpdate = Closed(
  { ...INPUT_FIELDS, name: Type.Optional(INPUT_FIELDS.name) },
  { $id: 'GroupUpdate', description: 'Fields that are absent stay as they are' },
);

export const GROUP_SCHEMAS = [GroupSchema, GroupPage, GroupInput, GroupUpdate];

const GROUPS_URL = '/api/v1/groups';
export const GROUP_URL = `${GROUPS_URL}/:group` as const;
export const GROUP_TAG = 'Groups';
const GROUP = { description: 'The group', body: GroupSchema };

export function groupRoutes(app: FastifyInstance, server: Server): void {
  declareRoute(app, server, {
    method: 'POST',
    url: GROUPS_URL,
    operation: 'createGroup',
    tag: GROUP_TAG,
    summary: 'Create a group',
    permission: 'group.create',
    audit: { action: 'group.create', target: () => null },
    idempotent: true,
    body: GroupInput,
    answers: { 201: GROUP },
    async act({ caller, body, options }) {
      const { result, receipt } = await createGroup(server, caller, body, options);
      return created(`${GROUPS_URL}/${result.id}`, representGroup(result), { version: result.version, receipt });
    },
  });

  declareRoute(app, server, {
    method: 'GET',
    url: GROUPS_URL,
    operation: 'listGroups',
    tag: GROUP_TAG,
    summary: 'List all groups, by name',
    permission: 'group.list',
    query: Closed({ ...LIST_FIELDS, ...SEARCH_FIELD }),
    answers: { 200: { description: 'A page of groups', body: GroupPage } },
    async act({ caller, query }) {
      const scope = { organizationId: caller.record.organization.id, list: 'groups' };
      const page = await server.storage.listGroups(scope.organizationId, {
        ...parsePageQuery(query, scope, server.keys),
        search: query.search ?? null,
      });
      return ok(representPage(page, representGroup, query, scope, server.keys));
    },
  });

  declareRoute(app, server, {
    method: 'GET',
    url: GROUP_URL,
    operation: 'getGroup',
    tag: GROUP_TAG,
    summary: 'Read a group',
    permission: 'group.read',
    at: 'group',
    answers: { 200: GROUP },
    act: ({ found: { group } }) => ok(representGroup(group), { version: group.version }),
  });

  declareRoute(app, server, {
    method: 'PATCH',
    url: GROUP_URL,
    operation: 'updateGroup',
    tag: GROUP_TAG,
    summary: 'Change a group',
    permission: 'group.update',
    audit: { action: 'group.update', target: placeTarget },
    conditional: true,
    body: GroupUpdate,
    answers: { 200: GROUP },
    async act({ caller, params, body, options }) {
      const { result, receipt } = await updateGroup(server, caller, parseGroupId(params.group), body, options);
      return ok(representGroup(result), { version: result.version, receipt });
    },
  });

  declareRoute(app, server, {
    method: 'DELETE',
    url: GROUP_URL,
    operation: 'deleteGroup',
    tag: GROUP_TAG,
    summary: 'Delete a group, and with it the access that it gave',
    permission: 'group.delete',
    audit: { action: 'group.delete', target: placeTarget },
    conditional: true,
    answers: { 204: { description: 'It is gone', body: null } },
    async act({ caller, params, options }) {
      const { receipt } = await deleteGroup(server, caller, parseGroupId(params.group), options);
      return gone({ receipt });
    },
  });
}

function representGroup(group: Group): Type.Static<typeof GroupSchema> {
  return {
    id: group.id,
    name: group.name,
    description: group.description,
    externalId: group.externalId,
    memberCount: group.memberCount,
    createdAt: formatTime(group.createdAt),
    updatedAt: formatTime(group.updatedAt),
  };
}
