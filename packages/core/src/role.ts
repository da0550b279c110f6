import type { RoleId } from './id.ts';
import { builtInPermissions, type PermissionName } from './permission.ts';

/** The built-in workspace roles, by name; their names are their ids. */
export type BuiltInRole = 'viewer' | 'member' | 'manager';

/** A workspace role as decisions read it. `all`: every workspace permission, registered ones included. */
export interface RoleFacts {
  readonly id: BuiltInRole | RoleId;
  readonly name: string;
  readonly permissions: 'all' | readonly PermissionName[];
}

export const BUILT_IN_ROLES: Readonly<Record<BuiltInRole, RoleFacts>> = {
  viewer: { id: 'viewer', name: 'viewer', permissions: ['workspace.read', 'workspace_member.read'] },
  member: { id: 'member', name: 'member', permissions: ['workspace.read', 'workspace_member.read', 'workspace.run'] },
  manager: { id: 'manager', name: 'manager', permissions: 'all' },
};

/** The role that somebody gets where none is named. */
export const DEFAULT_WORKSPACE_ROLE: BuiltInRole = 'member';

/** What a group role gives in its group. */
export type GroupRole = 'member' | 'manager';

export const GROUP_ROLE_PERMISSIONS: Readonly<Record<GroupRole, ReadonlySet<PermissionName>>> = {
  member: new Set(['group.read']),
  manager: new Set(['group.read', 'group_member.update']),
};

/** All permissions of a role in an organization with these registered names. */
export function rolePermissions(role: RoleFacts, registered: ReadonlySet<PermissionName>): ReadonlySet<PermissionName> {
  return new Set(role.permissions === 'all' ? [...builtInPermissions('workspace'), ...registered] : role.permissions);
}

/** A workspace role as it is listed: built in, or made by the organization. */
export interface Role {
  readonly id: BuiltInRole | RoleId;
  readonly name: string;
  readonly builtIn: boolean;
  /** Sorted; of the built-in manager, all workspace permissions there are. */
  readonly permissions: readonly PermissionName[];
  readonly version: number;
}

/** A permission name that the organization registered for its own APIs. */
export interface RegisteredPermission {
  readonly name: PermissionName;
  readonly description: string;
  readonly version: number;
}
