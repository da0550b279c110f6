/**
 * The built-in permission catalogue: `noun.verb`, closed. Each has a scope: the organization as a whole, or one
 * workspace. Checks name a permission, never a role.
 */
export const PERMISSIONS = {
  'organization.read': 'See the organization and its policy',
  'service_account.create': 'Create service accounts',
  'service_account.read': 'See service accounts',
  'service_account.update': 'Rename service accounts and change their organization role',
  'service_account.disable': 'Disable service accounts, which deletes their tokens',
  'service_account.enable': 'Enable service accounts',
  'service_account.delete': 'Delete service accounts for good',
  'token.create': 'Create tokens',
  'token.read': 'See tokens, their use and their callers',
  'token.update': 'Rename tokens and shorten their expiry',
  'token.refresh': 'Refresh tokens and end overlaps',
  'token.delete': 'Delete and revoke tokens',
  'token.introspect': "Verify other principals' tokens",
  'access.check': 'Ask what a principal may do',
  'changes.read': 'Follow the change log',
  'audit.read': 'Read the audit log',
} as const satisfies Record<string, string>;

/** A permission of the built-in catalogue; all of these are scoped to the organization. */
export type Permission = keyof typeof PERMISSIONS;

/** A permission that somebody asks about: built in, or a name that nobody holds yet. */
export type PermissionName = string;

export const PERMISSION_NAMES = Object.keys(PERMISSIONS) as readonly Permission[];

/** `noun.verb`, lower case; what may stand where a permission is asked for. */
export const PERMISSION_PATTERN = '^[a-z][a-z0-9_]{0,63}\\.[a-z][a-z0-9_]{0,63}$';
