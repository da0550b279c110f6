import { type Because, compileAccess, ORGANIZATION, type Place } from './access.ts';
import { decide, type Missing } from './decision.ts';
import type { PermissionName } from './permission.ts';
import { subjectOfPrincipal } from './principal.ts';
import type { Restrictions } from './restriction.ts';
import type { GroupRole } from './role.ts';
import type { PrincipalRecord } from './storage-access.ts';

/** A permission that an account holds somewhere, with every source of it. */
export interface HeldPermission {
  readonly permission: PermissionName;
  readonly because: readonly Because[];
  /** What takes it away for now, from the account or from the token that was asked about; null: nothing does. */
  readonly withheldBy: Missing['withheldBy'];
}

/** All that an account may do, and why. */
export interface AccessReport {
  /** In the organization as a whole; of an admin, that is everything, in every workspace and group. */
  readonly organization: readonly HeldPermission[];
  readonly groups: readonly {
    readonly id: string;
    readonly name: string;
    readonly role: GroupRole;
    readonly permissions: readonly HeldPermission[];
  }[];
  /** Those in which it has a role of its own or through a group, by name. */
  readonly workspaces: readonly {
    readonly id: string;
    readonly name: string;
    readonly permissions: readonly HeldPermission[];
  }[];
}

/** Why this principal may do what it may do, and what `restrictions` take away from it; null: no token is asked about. */
export function reportAccess(record: PrincipalRecord, restrictions: Restrictions | null): AccessReport {
  const subject = subjectOfPrincipal(record, restrictions);
  const { access } = subject;
  const { facts } = access;
  // A decision is done with the first role that holds everything; a report names the other sources beside it.
  const beside = facts.organizationRole === 'admin' ? compileAccess({ ...facts, organizationRole: 'member' }) : null;

  function held(place: Place): HeldPermission[] {
    return [...access.held(place)].sort().map((permission) => {
      const decision = decide(subject, permission, place);
      return {
        permission,
        because: [...access.sources(permission, place), ...(beside?.sources(permission, place) ?? [])],
        withheldBy: decision.allowed ? null : decision.missing.withheldBy,
      };
    });
  }

  const workspaces = new Map(facts.grants.map((grant) => [grant.workspaceId, grant.workspaceName]));
  return {
    organization: held(ORGANIZATION),
    groups: facts.groups.map(({ id, name, role }) => ({ id, name, role, permissions: held({ kind: 'group', id }) })),
    workspaces: [...workspaces].map(([id, name]) => ({ id, name, permissions: held({ kind: 'workspace', id }) })),
  };
}
