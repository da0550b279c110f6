import { type Access, type Because, ORGANIZATION, type Place } from './access.ts';
import { DomainError } from './error.ts';
import type { WorkspaceId } from './id.ts';
import type { OrganizationRole } from './organization.ts';
import { ORGANIZATION_ROLE_PERMISSIONS } from './organization.ts';
import { PERMISSION_NAMES, type PermissionName, type PermissionScope } from './permission.ts';
import type { Restrictions } from './restriction.ts';
import { type RoleFacts, rolePermissions } from './role.ts';

/** Who asks: what the principal holds as things are now, and what narrows the credential that it uses. */
export interface Subject {
  readonly access: Access;
  readonly restrictions: Restrictions | null;
  /** Why it can do nothing for now, whatever it holds; null: it can. */
  readonly suspended: 'disabled' | 'plan' | null;
}

/** What is not held, where, why not, and who could change that. */
export interface Missing {
  readonly permission: PermissionName;
  readonly scope: PermissionScope;
  /** The workspace or group that was asked about. */
  readonly placeId: string | null;
  /** The account holds it, but its token is restricted to other permissions or to workspaces, or the account is suspended. */
  readonly withheldBy: 'token_permissions' | 'token_workspaces' | 'disabled' | 'plan' | null;
  readonly grantableBy: readonly ('organization_admin' | 'group_manager' | 'workspace_manager')[];
}

export type Decision =
  | { readonly allowed: true; readonly because: readonly Because[] }
  | { readonly allowed: false; readonly missing: Missing };

/**
 * The one access decision: may this subject do that there? It answers for every route, for verification, for the console's
 * "why", and for the check inside each mutation. Effective permissions are the union of organization role, direct role and
 * each group's role, intersected with the credential's restrictions. Denies unless a source says otherwise.
 */
export function decide(subject: Subject, permission: PermissionName, place: Place = ORGANIZATION): Decision {
  const because = subject.access.sources(permission, place);
  if (because.length === 0) return { allowed: false, missing: missing(permission, place, null) };
  const withheld = withheldBy(subject, permission, place);
  if (withheld) return { allowed: false, missing: missing(permission, place, withheld) };
  return { allowed: true, because };
}

/** All that the subject may do at the place. */
export function heldPermissions(subject: Subject, place: Place = ORGANIZATION): readonly PermissionName[] {
  return [...subject.access.held(place)].filter((permission) => !withheldBy(subject, permission, place));
}

/** Throws `permission.missing` unless `decide` allows. */
export function requirePermission(subject: Subject, permission: PermissionName, place: Place = ORGANIZATION): void {
  const decision = decide(subject, permission, place);
  if (!decision.allowed) throw permissionMissing(decision.missing);
}

/**
 * Granting compares permission sets, never ranks: all that the role holds must be within what the actor holds there, through
 * this credential. Answers the first that is not; undefined: the role can be given.
 */
export function missingToGrant(actor: Subject, workspaceId: WorkspaceId, role: RoleFacts): Missing | undefined {
  const place: Place = { kind: 'workspace', id: workspaceId };
  for (const permission of rolePermissions(role, actor.access.facts.registered)) {
    const decision = decide(actor, permission, place);
    if (!decision.allowed) return decision.missing;
  }
  return undefined;
}

/** Throws `permission.missing` unless the actor can grant all of them: the given role, and the replaced or removed one. */
export function requireGrantable(
  actor: Subject,
  workspaceId: WorkspaceId,
  ...roles: readonly (RoleFacts | null)[]
): void {
  for (const role of roles) {
    const missing = role && missingToGrant(actor, workspaceId, role);
    if (missing) throw permissionMissing(missing);
  }
}

/** The same for organization roles. Admin holds everything everywhere, so only such a subject gives or takes it. */
export function requireOrganizationRoleGrantable(actor: Subject, ...roles: readonly OrganizationRole[]): void {
  for (const role of roles) {
    const permissions = role === 'admin' ? PERMISSION_NAMES : ORGANIZATION_ROLE_PERMISSIONS[role];
    for (const permission of permissions) requirePermission(actor, permission);
  }
}

/** Adding somebody (oneself included) to a group gives all that the group carries. */
export function requireGroupGrantable(
  actor: Subject,
  carried: readonly { readonly workspaceId: WorkspaceId; readonly role: RoleFacts }[],
): void {
  for (const { workspaceId, role } of carried) requireGrantable(actor, workspaceId, role);
}

function withheldBy(
  { restrictions, suspended }: Subject,
  permission: PermissionName,
  place: Place,
): Missing['withheldBy'] {
  if (suspended) return suspended;
  if (!restrictions) return null;
  const { permissions, workspaces } = restrictions;
  // A token restricted to workspaces loses everything that is not in one of them.
  if (workspaces && !(place.kind === 'workspace' && workspaces.includes(place.id))) return 'token_workspaces';
  return permissions && !permissions.includes(permission) ? 'token_permissions' : null;
}

const GRANTABLE_BY = {
  organization: ['organization_admin'],
  group: ['organization_admin', 'group_manager'],
  workspace: ['organization_admin', 'workspace_manager'],
} as const satisfies Record<PermissionScope, Missing['grantableBy']>;

function missing(permission: PermissionName, place: Place, withheldBy: Missing['withheldBy']): Missing {
  return {
    permission,
    scope: place.kind,
    placeId: place.kind === 'organization' ? null : place.id,
    withheldBy,
    grantableBy: GRANTABLE_BY[place.kind],
  };
}

const WITHHELD: Readonly<Record<NonNullable<Missing['withheldBy']>, string>> = {
  token_permissions: 'The token is restricted to other permissions.',
  token_workspaces: 'The token is restricted to certain workspaces.',
  disabled: 'The account is disabled.',
  plan: "The organization's plan does not include service accounts.",
};

/** The refusal that goes with a decision: `permission.missing`. */
export function permissionMissing(what: Missing): DomainError {
  const where = what.placeId === null ? `the ${what.scope}` : `${what.scope} ${what.placeId}`;
  const why = what.withheldBy === null ? '' : ` ${WITHHELD[what.withheldBy]}`;
  return new DomainError('permission.missing', {
    permission: what.permission,
    where: { kind: what.scope, id: what.placeId },
    detail: `The permission ${what.permission} in ${where} is missing.${why}`,
  });
}
