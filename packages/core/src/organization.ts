import type { OrganizationId } from './id.ts';
import { builtInPermissions, type PermissionName } from './permission.ts';
import type { Quarantine } from './revocation.ts';
import type { TokenPolicy } from './token-policy.ts';

export type Plan = 'community' | 'commercial' | 'enterprise';

export const PLANS: readonly Plan[] = ['community', 'commercial', 'enterprise'];

/** Who is a principal of an organization as a whole. */
export type OrganizationRole = 'admin' | 'member' | 'verifier';

export const ORGANIZATION_ROLES: readonly OrganizationRole[] = ['member', 'admin', 'verifier'];

/** Roles as permission sets; nothing outside this table knows what a role may do. */
export const ORGANIZATION_ROLE_PERMISSIONS: Readonly<Record<OrganizationRole, ReadonlySet<PermissionName>>> = {
  admin: new Set(builtInPermissions('organization')),
  member: new Set(),
  verifier: new Set(['token.introspect', 'access.check', 'changes.read']),
};

/** Whether the plan includes service accounts; where it does not, they and their tokens are paused, and nothing is deleted. */
export function planIncludesServiceAccounts(plan: Plan): boolean {
  return plan !== 'community';
}

/** What becomes of a token whose value somebody reports as leaked: it ends at once, or is only noted in the audit log. */
export type LeakResponse = 'revoke' | 'notify';

export const LEAK_RESPONSES: readonly LeakResponse[] = ['revoke', 'notify'];

export interface Organization {
  readonly id: OrganizationId;
  readonly name: string;
  readonly plan: Plan;
  readonly tokenPolicy: TokenPolicy;
  readonly leakResponse: LeakResponse;
  readonly quarantine: Quarantine;
  /** Milliseconds since the epoch, as every time in the domain. */
  readonly createdAt: number;
  /** Grows by one with each change; the ETag. */
  readonly version: number;
}
