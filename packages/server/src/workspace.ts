import {
  createWorkspace,
  deleteWorkspace,
  formatTime,
  listReadableWorkspaces,
  updateWorkspace,
  WORKSPACE_NAME_PATTERN,
  type Workspace,
} from '@postern/core';
import type { FastifyInstance } from 'fastify';
import Type from 'typebox';
import { created, gone, ok } from './answer.ts';
import { parsePageQuery, representPage } from './page.ts';
import { findPlace, placeTarget } from './place.ts';
import { declareRoute } from './route.ts';
import { Closed, Description, LIST_FIELDS, Name, Nullable, PageOf, SEARCH_FIELD, Time } from './schema.ts';
import type { Server } from './server.ts';

const WorkspaceSchema = Closed(
  {
    id: Type.String(),
    name: Type.String(),
    displayName: Type.String(),
    description: Type.String(),
    externalId: Nullable(Type.String()),
    createdAt: Time(),
    updatedAt: Time(),
  },
  { $id: 'Workspace' },
);
const WorkspacePage = PageOf(WorkspaceSchema, 'WorkspacePage');

const INPUT_FIELDS = {
  name: Type.String({
    pattern: WORKSPACE_NAME_PATTERN,
    description: 'Unique in the organization, whatever the case; stands in addresses',
  }),
  displayName: Type.Optional(Name({ description: 'Absent = the name' })),
  description: Type.Optional(Description()),
  externalId: Type.Optional(Nullable(Name({ description: 'Unique in the organization, for declarative tools' }))),
};
const WorkspaceInput = Closed(INPUT_FIELDS, { $id: 'WorkspaceInput' });
const WorkspaceUpdate = Closed(
  { ...INPUT_FIELDS, name: Type.Optional(INPUT_FIELDS.name) },
  { $id: 'WorkspaceUpdate', description: 'Fields that are absent stay as they are' },
);

export const WORKSPACE_SCHEMAS = [WorkspaceSchema, WorkspacePage, WorkspaceInput, WorkspaceUpdate];

const WORKSPACES_URL = '/api/v1/workspaces';
export const WORKSPACE_URL = `${WORKSPACES_URL}/:workspace` as const;
export const WORKSPACE_TAG = 'Workspaces';
const WORKSPACE = { description: 'The workspace', body: WorkspaceSchema };

export function workspaceRoutes(app: FastifyInstance, server: Server): void {
  declareRoute(app, server, {
    method: 'POST',
    url: WORKSPACES_URL,
    operation: 'createWorkspace',
    tag: WORKSPACE_TAG,
    summary: 'Create a workspace',
    permission: 'workspace.create',
    audit: { action: 'workspace.create', target: () => null },
    idempotent: true,
    body: WorkspaceInput,
    answers: { 201: WORKSPACE },
    async act({ caller, body, options }) {
      const { result, receipt } = await createWorkspace(server, caller, body, options);
      const facts = { version: result.version, receipt };
      return created(`${WORKSPACES_URL}/${result.id}`, representWorkspace(result), facts);
    },
  });

  declareRoute(app, server, {
    method: 'GET',
    url: WORKSPACES_URL,
    operation: 'listWorkspaces',
    tag: WORKSPACE_TAG,
    summary: 'List the workspaces that the caller may read, by name',
    permission: null,
    reason: 'Everybody may ask which workspaces are theirs; others are not listed.',
    query: Closed({ ...LIST_FIELDS, ...SEARCH_FIELD }),
    answers: { 200: { description: 'A page of workspaces', body: WorkspacePage } },
    async act({ caller, query }) {
      const scope = { organizationId: caller.record.organization.id, list: 'workspaces' };
      const page = await listReadableWorkspaces(server, caller, {
        ...parsePageQuery(query, scope, server.keys),
        search: query.search ?? null,
      });
      return ok(representPage(page, representWorkspace, query, scope, server.keys));
    },
  });

  declareRoute(app, server, {
    method: 'GET',
    url: WORKSPACE_URL,
    operation: 'getWorkspace',
    tag: WORKSPACE_TAG,
    summary: 'Read a workspace',
    permission: 'workspace.read',
    at: 'workspace',
    answers: { 200: WORKSPACE },
    act: ({ found: { workspace } }) => ok(representWorkspace(workspace), { version: workspace.version }),
  });

  declareRoute(app, server, {
    method: 'PATCH',
    url: WORKSPACE_URL,
    operation: 'updateWorkspace',
    tag: WORKSPACE_TAG,
    summary: 'Change a workspace',
    permission: 'workspace.update',
    at: 'workspace',
    audit: { action: 'workspace.update', target: placeTarget },
    conditional: true,
    body: WorkspaceUpdate,
    answers: { 200: WORKSPACE },
    async act({ caller, body, options, found: { workspace } }) {
      const { result, receipt } = await updateWorkspace(server, caller, workspace.id, body, options);
      return ok(representWorkspace(result), { version: result.version, receipt });
    },
  });

  declareRoute(app, server, {
    method: 'DELETE',
    url: WORKSPACE_URL,
    operation: 'deleteWorkspace',
    tag: WORKSPACE_TAG,
    summary: 'Delete a workspace, and all access to it',
    permission: 'workspace.delete',
    audit: { action: 'workspace.delete', target: placeTarget },
    conditional: true,
    answers: { 204: { description: 'It is gone', body: null } },
    async act({ caller, params, options }) {
      const { workspace } = await findPlace(server, caller, 'workspace', params);
      const { receipt } = await deleteWorkspace(server, caller, workspace.id, options);
      return gone({ receipt });
    },
  });
}

function representWorkspace(workspace: Workspace): Type.Static<typeof WorkspaceSchema> {
  return {
    id: workspace.id,
    name: workspace.name,
    displayName: workspace.displayName,
    description: workspace.description,
    externalId: workspace.externalId,
    createdAt: formatTime(workspace.createdAt),
    updatedAt: formatTime(workspace.updatedAt),
  };
}
