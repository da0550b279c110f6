import { DomainError } from './error.ts';
import { ORGANIZATION_ROLE_PERMISSIONS, ORGANIZATION_ROLES, type OrganizationRole } from './organization.ts';
import { PERMISSION_NAMES, type Permission, type PermissionName } from './permission.ts';
import type { PrincipalFacts } from './principal.ts';

/** One source of a permission. */
export interface Because {
  readonly source: 'organization_role';
  readonly role: OrganizationRole;
}

/** What is not held, and where. */
export interface Missing {
  readonly permission: PermissionName;
  readonly scope: 'organization';
}

export type Decision =
  | { readonly allowed: true; readonly because: readonly Because[] }
  | { readonly allowed: false; readonly missing: Missing };

/**
 * The one access decision: may this principal do that? It answers for every route, for `/tokens/verify` and for the
 * check inside each mutation. Denies unless a source says otherwise.
 */
export function decide(principal: Pick<PrincipalFacts, 'organizationRole'>, permission: PermissionName): Decision {
  return (
    DECISIONS[principal.organizationRole].get(permission) ?? {
      allowed: false,
      missing: { permission, scope: 'organization' },
    }
  );
}

/** All organization-scoped permissions that the principal holds, in the catalogue's order. */
export function heldPermissions(principal: Pick<PrincipalFacts, 'organizationRole'>): readonly PermissionName[] {
  return HELD[principal.organizationRole];
}

/** Throws `permission.missing` unless `decide` allows. */
export function requirePermission(principal: Pick<PrincipalFacts, 'organizationRole'>, permission: Permission): void {
  const decision = decide(principal, permission);
  if (!decision.allowed) throw permissionMissing(decision.missing);
}

/**
 * Granting compares permission sets, never ranks: all that the given role and the replaced one hold must be within what
 * the actor holds. Throws `permission.missing` naming the first that is not.
 */
export function requireGrantable(
  actor: Pick<PrincipalFacts, 'organizationRole'>,
  ...roles: readonly OrganizationRole[]
): void {
  for (const role of roles) {
    for (const permission of ORGANIZATION_ROLE_PERMISSIONS[role]) {
      const decision = decide(actor, permission);
      if (!decision.allowed) throw permissionMissing(decision.missing);
    }
  }
}

function permissionMissing(missing: Missing): DomainError {
  return new DomainError('permission.missing', {
    permission: missing.permission,
    detail: `The permission ${missing.permission} in the ${missing.scope} is missing.`,
  });
}

// Decided once per role and permission, so that the hot path allocates nothing.
const DECISIONS = byRole(
  (role) =>
    new Map<PermissionName, Decision>(
      PERMISSION_NAMES.filter((permission) => ORGANIZATION_ROLE_PERMISSIONS[role].has(permission)).map((permission) => [
        permission,
        Object.freeze({
          allowed: true,
          because: Object.freeze([Object.freeze({ source: 'organization_role', role })]),
        }) as Decision,
      ]),
    ),
);

const HELD = byRole((role) => Object.freeze([...DECISIONS[role].keys()]));

function byRole<Value>(make: (role: OrganizationRole) => Value): Record<OrganizationRole, Value> {
  return Object.fromEntries(ORGANIZATION_ROLES.map((role) => [role, make(role)])) as Record<OrganizationRole, Value>;
}
