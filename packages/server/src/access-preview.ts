import {
  type AccessChange,
  type AccessDifference,
  BUILT_IN_ROLES,
  type BuiltInRole,
  DomainError,
  type GroupId,
  ORGANIZATION_ROLES,
  type OrganizationId,
  PERMISSIONS_MAX,
  PREVIEW_CHANGES_MAX,
  PREVIEW_PRINCIPALS_MAX,
  type PrincipalSelection,
  previewAccess,
  type RoleFacts,
  type RoleId,
} from '@postern/core';
import type { FastifyInstance } from 'fastify';
import Type from 'typebox';
import { ok } from './answer.ts';
import { GROUP_ROLES } from './decision.ts';
import { parseGroupId, parsePrincipalId } from './place.ts';
import { parseRoleReference } from './role.ts';
import { declareRoute } from './route.ts';
import { Closed, IdText, Nullable, OneOf, PermissionText, PrincipalRef, RefTo, WorkspaceText } from './schema.ts';
import type { Server } from './server.ts';

/** The access check with changes that nobody has made yet. */

const TAKEN = 'null takes it away';
const RoleText = IdText({ description: `The name of a built-in role, or the id of a custom one; ${TAKEN}` });

const OrganizationRoleChange = Closed(
  { kind: OneOf(['organization_role']), principalId: IdText(), role: OneOf(ORGANIZATION_ROLES) },
  { $id: 'OrganizationRoleChange' },
);
const GroupMemberChange = Closed(
  {
    kind: OneOf(['group_member']),
    groupId: IdText(),
    principalId: IdText(),
    role: Nullable(OneOf(GROUP_ROLES, { description: TAKEN })),
  },
  { $id: 'GroupMemberChange' },
);
const WorkspaceGroupChange = Closed(
  { kind: OneOf(['workspace_group']), workspace: WorkspaceText(), groupId: IdText(), role: Nullable(RoleText) },
  { $id: 'WorkspaceGroupChange' },
);
const WorkspaceMemberChange = Closed(
  { kind: OneOf(['workspace_member']), workspace: WorkspaceText(), principalId: IdText(), role: Nullable(RoleText) },
  { $id: 'WorkspaceMemberChange' },
);
const RoleChange = Closed(
  {
    kind: OneOf(['role']),
    roleId: IdText(),
    permissions: Type.Array(PermissionText(), { maxItems: PERMISSIONS_MAX }),
  },
  { $id: 'RolePermissionsChange', description: 'The permissions that a custom role would hold' },
);
const CHANGES = [
  OrganizationRoleChange,
  GroupMemberChange,
  WorkspaceGroupChange,
  WorkspaceMemberChange,
  RoleChange,
] as const;
type Asked = { readonly [At in keyof typeof CHANGES]: Type.Static<(typeof CHANGES)[At]> }[number];

const AccessPreviewInput = Closed(
  {
    changes: Type.Array(Type.Unsafe<Asked>(Type.Union(CHANGES.map((change) => RefTo(change)))), {
      minItems: 1,
      maxItems: PREVIEW_CHANGES_MAX,
      description: 'All made at once; of two about the same thing the later one counts',
    }),
  },
  { $id: 'AccessPreviewInput' },
);
const PlacedPermissionSchema = Closed(
  {
    permission: Type.String(),
    where: Closed({
      kind: OneOf(['organization', 'group', 'workspace']),
      id: Type.String(),
      name: Type.String(),
    }),
  },
  { $id: 'PlacedPermission' },
);
const AccessPreview = Closed(
  {
    items: Type.Array(
      Closed({
        principal: RefTo(PrincipalRef),
        gains: Type.Array(RefTo(PlacedPermissionSchema)),
        losses: Type.Array(RefTo(PlacedPermissionSchema)),
      }),
      { description: 'Whoever would gain or lose anything' },
    ),
    complete: Type.Boolean({
      description: `False where the changes touch more than ${PREVIEW_PRINCIPALS_MAX} principals: the others were not looked at`,
    }),
  },
  { $id: 'AccessPreview' },
);

export const ACCESS_PREVIEW_SCHEMAS = [...CHANGES, AccessPreviewInput, PlacedPermissionSchema, AccessPreview];

export function accessPreviewRoutes(app: FastifyInstance, server: Server): void {
  declareRoute(app, server, {
    method: 'POST',
    url: '/api/v1/access/preview',
    operation: 'previewAccess',
    tag: 'Access',
    summary: 'Who would gain and lose what, if these changes were made?',
    permission: 'access.check',
    alsoFails: [404],
    body: AccessPreviewInput,
    answers: { 200: { description: 'The differences; nothing was changed', body: AccessPreview } },
    async act({ caller, body }) {
      const organizationId = caller.record.organization.id;
      const changes = await Promise.all(
        body.changes.map((asked) => READERS[asked.kind](server, organizationId, asked as never)),
      );
      const selection = selectionOf(changes);
      const records = await server.storage.listPrincipals(organizationId, selection, PREVIEW_PRINCIPALS_MAX + 1);
      requireAll(
        selection,
        records.map(({ principal }) => principal.id),
      );
      const complete = records.length <= PREVIEW_PRINCIPALS_MAX;
      const items = previewAccess(records.slice(0, PREVIEW_PRINCIPALS_MAX), changes);
      return ok({ items: items.map(representDifference), complete });
    },
  });
}

type Reader<Kind extends Asked['kind']> = (
  server: Server,
  organizationId: OrganizationId,
  asked: Extract<Asked, { readonly kind: Kind }>,
) => Promise<AccessChange>;

const READERS: { readonly [Kind in Asked['kind']]: Reader<Kind> } = {
  organization_role: async (_server, _organizationId, { kind, principalId, role }) => ({
    kind,
    principalId: parsePrincipalId(principalId),
    role,
  }),
  async group_member(server, organizationId, { kind, principalId, groupId, role }) {
    const group = await findGroup(server, organizationId, groupId);
    const carried = await server.storage.listGroupWorkspaces(organizationId, group.id);
    return { kind, principalId: parsePrincipalId(principalId), group: { ...group, carried }, role };
  },
  workspace_group: async (server, organizationId, { kind, groupId, workspace, role }) => ({
    kind,
    group: await findGroup(server, organizationId, groupId),
    workspace: await findWorkspace(server, organizationId, workspace),
    role: await findRole(server, organizationId, role),
  }),
  workspace_member: async (server, organizationId, { kind, principalId, workspace, role }) => ({
    kind,
    principalId: parsePrincipalId(principalId),
    workspace: await findWorkspace(server, organizationId, workspace),
    role: await findRole(server, organizationId, role),
  }),
  async role(server, organizationId, { kind, roleId, permissions }) {
    const role = await findRole(server, organizationId, roleId);
    if (!role || Object.hasOwn(BUILT_IN_ROLES, role.id)) throw new DomainError('role.not_found');
    return { kind, id: role.id as RoleId, permissions };
  },
};

async function findGroup({ storage }: Server, organizationId: OrganizationId, text: string) {
  const group = await storage.findGroup(organizationId, parseGroupId(text));
  if (!group) throw new DomainError('group.not_found');
  return { id: group.id, name: group.name };
}

async function findWorkspace({ storage }: Server, organizationId: OrganizationId, reference: string) {
  const workspace = await storage.findWorkspace(organizationId, reference);
  if (!workspace) throw new DomainError('workspace.not_found');
  return { id: workspace.id, name: workspace.name };
}

async function findRole(
  { storage }: Server,
  organizationId: OrganizationId,
  text: string | null,
): Promise<RoleFacts | null> {
  if (text === null) return null;
  const id = parseRoleReference(text);
  if (Object.hasOwn(BUILT_IN_ROLES, id)) return BUILT_IN_ROLES[id as BuiltInRole];
  const role = await storage.findRole(organizationId, id);
  if (!role) throw new DomainError('role.not_found');
  return { id: role.id, name: role.name, permissions: role.permissions };
}

/** All whom the changes may touch. */
function selectionOf(changes: readonly AccessChange[]): PrincipalSelection {
  const groupIds = new Set<GroupId>();
  const roleIds = new Set<RoleId>();
  const ids = new Set<PrincipalSelection['ids'][number]>();
  for (const change of changes) {
    if (change.kind === 'role') roleIds.add(change.id);
    else if (change.kind === 'workspace_group') groupIds.add(change.group.id);
    else ids.add(change.principalId);
  }
  return { ids: [...ids], groupIds: [...groupIds], roleIds: [...roleIds] };
}

function requireAll({ ids }: PrincipalSelection, found: readonly string[]): void {
  if (found.length <= PREVIEW_PRINCIPALS_MAX && ids.some((id) => !found.includes(id)))
    throw new DomainError('principal.not_found');
}

function representDifference({ principal, gains, losses }: AccessDifference) {
  return { principal, gains: [...gains], losses: [...losses] };
}
