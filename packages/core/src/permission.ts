/** Where a permission is held and asked about. */
export type PermissionScope = 'organization' | 'group' | 'workspace';

interface CatalogueEntry {
  readonly scope: PermissionScope;
  readonly description: string;
}

/**
 * The built-in permission catalogue: `noun.verb`, closed. Checks name a permission, never a role. Besides these, an
 * organization registers names for its own APIs; those are workspace permissions.
 */
export const PERMISSIONS = {
  'organization.read': { scope: 'organization', description: 'See the organization and its policy' },
  'organization.update': { scope: 'organization', description: 'Rename the organization and set its token policy' },
  'member.create': { scope: 'organization', description: 'Invite people' },
  'member.read': { scope: 'organization', description: 'See members' },
  'member.update': { scope: 'organization', description: 'Rename members and change their organization role' },
  'member.delete': { scope: 'organization', description: 'Remove members' },
  'service_account.create': { scope: 'organization', description: 'Create service accounts' },
  'service_account.read': { scope: 'organization', description: 'See service accounts' },
  'service_account.update': {
    scope: 'organization',
    description: 'Rename service accounts and change their organization role',
  },
  'service_account.disable': {
    scope: 'organization',
    description: 'Disable service accounts, which deletes their tokens',
  },
  'service_account.enable': { scope: 'organization', description: 'Enable service accounts' },
  'service_account.delete': { scope: 'organization', description: 'Delete service accounts for good' },
  'token.create': { scope: 'organization', description: 'Create tokens' },
  'token.read': { scope: 'organization', description: 'See tokens, their use and their callers' },
  'token.update': {
    scope: 'organization',
    description: 'Rename tokens, shorten their expiry and narrow their restrictions',
  },
  'token.refresh': { scope: 'organization', description: 'Refresh tokens and end overlaps' },
  'token.delete': { scope: 'organization', description: 'Delete and revoke tokens' },
  'token.introspect': { scope: 'organization', description: "Verify other principals' tokens" },
  'access.check': { scope: 'organization', description: 'Ask what a principal may do, and what a change would do' },
  'changes.read': { scope: 'organization', description: 'Follow the change log' },
  'node.read': { scope: 'organization', description: 'See the processes that serve, and how far each has come' },
  'audit.read': { scope: 'organization', description: 'Read the audit log' },
  'role.create': { scope: 'organization', description: 'Create custom workspace roles' },
  'role.read': { scope: 'organization', description: 'See workspace roles' },
  'role.update': { scope: 'organization', description: 'Change custom workspace roles' },
  'role.delete': { scope: 'organization', description: 'Delete custom workspace roles' },
  'permission.create': { scope: 'organization', description: "Register permissions for the organization's own APIs" },
  'permission.read': { scope: 'organization', description: 'See the permission catalogue' },
  'permission.update': { scope: 'organization', description: 'Describe registered permissions' },
  'permission.delete': { scope: 'organization', description: 'Remove registered permissions' },
  'group.create': { scope: 'organization', description: 'Create groups' },
  'group.list': { scope: 'organization', description: 'See all groups' },
  'group.update': { scope: 'organization', description: 'Rename groups' },
  'group.delete': { scope: 'organization', description: 'Delete groups, and with them the access that they gave' },
  'workspace.create': { scope: 'organization', description: 'Create workspaces' },
  'workspace.list': { scope: 'organization', description: 'See all workspaces' },
  'workspace.delete': { scope: 'organization', description: 'Delete workspaces' },
  'group.read': { scope: 'group', description: 'See the group and its members' },
  'group_member.update': {
    scope: 'group',
    description: 'Add and remove members of the group and set their group roles',
  },
  'workspace.read': { scope: 'workspace', description: 'See the workspace and what is in it' },
  'workspace.run': { scope: 'workspace', description: 'Run things in the workspace' },
  'workspace.update': { scope: 'workspace', description: 'Rename and describe the workspace' },
  'workspace_member.read': { scope: 'workspace', description: 'See who has access to the workspace' },
  'workspace_member.update': { scope: 'workspace', description: 'Give, change and take roles in the workspace' },
} as const satisfies Record<string, CatalogueEntry>;

/** A permission of the built-in catalogue. */
export type Permission = keyof typeof PERMISSIONS;

/** A permission that somebody asks about: built in, registered, or a name that nobody holds. */
export type PermissionName = string;

export const PERMISSION_NAMES = Object.keys(PERMISSIONS) as readonly Permission[];

/** `noun.verb`, lower case; what may stand where a permission is asked for or registered. */
export const PERMISSION_PATTERN = '^[a-z][a-z0-9_]{0,63}\\.[a-z][a-z0-9_]{0,63}$';

const PERMISSION = new RegExp(PERMISSION_PATTERN);

export function isPermissionName(text: string): boolean {
  return PERMISSION.test(text);
}

/** Permissions that one registration, role or restriction may name. */
export const PERMISSIONS_MAX = 100;

/** The scope of a permission; registered ones are workspace permissions, and unknown names have none. */
export function permissionScope(
  name: PermissionName,
  registered: ReadonlySet<PermissionName>,
): PermissionScope | undefined {
  if (Object.hasOwn(PERMISSIONS, name)) return PERMISSIONS[name as Permission].scope;
  return registered.has(name) ? 'workspace' : undefined;
}

/** The built-in permissions of a scope, in the catalogue's order. */
export function builtInPermissions(scope: PermissionScope): readonly Permission[] {
  return PERMISSION_NAMES.filter((name) => PERMISSIONS[name].scope === scope);
}
