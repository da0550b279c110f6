import type { GroupId, WorkspaceId } from './id.ts';
import { ORGANIZATION_ROLE_PERMISSIONS, type OrganizationRole } from './organization.ts';
import {
  builtInPermissions,
  PERMISSION_NAMES,
  type PermissionName,
  type PermissionScope,
  permissionScope,
} from './permission.ts';
import { GROUP_ROLE_PERMISSIONS, type GroupRole, type RoleFacts, rolePermissions } from './role.ts';

/** A group that a principal is in, and the workspace roles that the group carries. */
export interface GroupFacts {
  readonly id: GroupId;
  readonly name: string;
  readonly role: GroupRole;
}

/** One workspace role that a principal has: given to it, or carried by a group that it is in. */
export interface WorkspaceGrant {
  readonly workspaceId: WorkspaceId;
  readonly workspaceName: string;
  readonly role: RoleFacts;
  /** null: given directly. */
  readonly group: { readonly id: GroupId; readonly name: string } | null;
}

/** All that an access decision reads of a principal, as things are now. */
export interface AccessFacts {
  readonly organizationRole: OrganizationRole;
  readonly groups: readonly GroupFacts[];
  readonly grants: readonly WorkspaceGrant[];
  /** Names that the organization registered for its own APIs. */
  readonly registered: ReadonlySet<PermissionName>;
}

/** Where something is to be done. */
export type Place =
  | { readonly kind: 'organization' }
  | { readonly kind: 'group'; readonly id: GroupId }
  | { readonly kind: 'workspace'; readonly id: WorkspaceId };

export const ORGANIZATION: Place = { kind: 'organization' };

/** One source of a permission. */
export type Because =
  | { readonly source: 'organization_role'; readonly role: OrganizationRole }
  | {
      readonly source: 'group_role';
      readonly role: GroupRole;
      readonly group: { readonly id: GroupId; readonly name: string };
    }
  | {
      readonly source: 'workspace_role';
      readonly role: RoleName;
      readonly group: { readonly id: GroupId; readonly name: string } | null;
    };

interface RoleName {
  readonly id: string;
  readonly name: string;
}

/** A principal's facts, turned into sets once, so that each decision is a look-up. */
export interface Access {
  readonly facts: AccessFacts;
  /** Every source of the permission at the place; empty where it is not held. */
  sources(permission: PermissionName, place: Place): readonly Because[];
  /** All that is held at the place. */
  held(place: Place): ReadonlySet<PermissionName>;
}

const NOTHING: readonly Because[] = [];

export function compileAccess(facts: AccessFacts): Access {
  const { organizationRole, registered } = facts;
  const organization = ORGANIZATION_ROLE_PERMISSIONS[organizationRole];
  const everywhere: readonly Because[] = [{ source: 'organization_role', role: organizationRole }];
  const groups = new Map(facts.groups.map((group) => [group.id, group]));
  const workspaces = new Map<WorkspaceId, Map<PermissionName, Because[]>>();
  for (const { workspaceId, role, group } of facts.grants) {
    const held = workspaces.get(workspaceId) ?? new Map<PermissionName, Because[]>();
    workspaces.set(workspaceId, held);
    const because: Because = { source: 'workspace_role', role: { id: role.id, name: role.name }, group };
    for (const permission of rolePermissions(role, registered)) {
      const sources = held.get(permission);
      if (sources) sources.push(because);
      else held.set(permission, [because]);
    }
  }

  function sources(permission: PermissionName, place: Place): readonly Because[] {
    const scope = permissionScope(permission, registered);
    if (scope === undefined) return NOTHING;
    if (organizationRole === 'admin')
      return scope === place.kind || place.kind === 'organization' ? everywhere : NOTHING;
    if (scope !== place.kind) return NOTHING;
    if (place.kind === 'organization') return organization.has(permission) ? everywhere : NOTHING;
    if (place.kind === 'workspace') return workspaces.get(place.id)?.get(permission) ?? NOTHING;
    const group = groups.get(place.id);
    if (!group || !GROUP_ROLE_PERMISSIONS[group.role].has(permission)) return NOTHING;
    return [{ source: 'group_role', role: group.role, group: { id: group.id, name: group.name } }];
  }

  return {
    facts,
    sources,
    held: (place) => new Set(candidates(place.kind, facts).filter((name) => sources(name, place).length > 0)),
  };
}

/** Names that can be held at a place of this kind. */
function candidates(kind: PermissionScope, { registered }: AccessFacts): readonly PermissionName[] {
  if (kind === 'group') return builtInPermissions('group');
  if (kind === 'workspace') return [...builtInPermissions('workspace'), ...registered];
  return [...PERMISSION_NAMES, ...registered];
}
