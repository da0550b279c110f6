import {
  type Access,
  compileAccess,
  type GroupFacts,
  ORGANIZATION,
  type Place,
  type WorkspaceGrant,
} from './access.ts';
import type { GroupId, PrincipalId, RoleId, WorkspaceId } from './id.ts';
import type { OrganizationRole } from './organization.ts';
import type { PermissionName } from './permission.ts';
import { accessOf, type PrincipalFacts } from './principal.ts';
import type { GroupRole, RoleFacts } from './role.ts';
import type { PrincipalRecord } from './storage-access.ts';

/** What one preview may ask: so many changes, and so many principals that they touch. */
export const PREVIEW_CHANGES_MAX = 20;
export const PREVIEW_PRINCIPALS_MAX = 1_000;

interface Named<Id> {
  readonly id: Id;
  readonly name: string;
}

/** A hypothetical change; a role of null takes it away. */
export type AccessChange =
  | {
      readonly kind: 'organization_role';
      readonly principalId: PrincipalId;
      readonly role: OrganizationRole;
    }
  | {
      readonly kind: 'group_member';
      readonly principalId: PrincipalId;
      /** With the workspace roles that it carries now. */
      readonly group: Named<GroupId> & { readonly carried: readonly WorkspaceGrant[] };
      readonly role: GroupRole | null;
    }
  | {
      readonly kind: 'workspace_group';
      readonly group: Named<GroupId>;
      readonly workspace: Named<WorkspaceId>;
      readonly role: RoleFacts | null;
    }
  | {
      readonly kind: 'workspace_member';
      readonly principalId: PrincipalId;
      readonly workspace: Named<WorkspaceId>;
      readonly role: RoleFacts | null;
    }
  | { readonly kind: 'role'; readonly id: RoleId; readonly permissions: readonly PermissionName[] };

/** A permission at a place, with the place's name (of the organization: its own). */
export interface PlacedPermission {
  readonly permission: PermissionName;
  readonly where: { readonly kind: Place['kind']; readonly id: string; readonly name: string };
}

/** What changes for one principal; whoever neither gains nor loses anything is not told of. */
export interface AccessDifference {
  readonly principal: Pick<PrincipalFacts, 'kind' | 'id' | 'displayName'>;
  readonly gains: readonly PlacedPermission[];
  readonly losses: readonly PlacedPermission[];
}

// Who is in a group must be settled before what the group carries is, and roles before what is in them.
const ORDER: Readonly<Record<AccessChange['kind'], number>> = {
  organization_role: 0,
  group_member: 1,
  workspace_group: 2,
  workspace_member: 3,
  role: 4,
};

/**
 * Who would gain and lose what, and where, if all these changes were made at once; of two about the same thing the later
 * one counts. Pure: `records` are all whom the changes may touch, and nothing else is looked at.
 */
export function previewAccess(
  records: readonly PrincipalRecord[],
  changes: readonly AccessChange[],
): readonly AccessDifference[] {
  const ordered = changes.toSorted((one, other) => ORDER[one.kind] - ORDER[other.kind]);
  return records.flatMap((record) => {
    const { kind, id, displayName } = record.principal;
    const after = ordered.reduce(applyChange, record.principal);
    if (after === record.principal) return [];
    const { gains, losses } = compare(record, after);
    return gains.length + losses.length === 0 ? [] : [{ principal: { kind, id, displayName }, gains, losses }];
  });
}

function applyChange(principal: PrincipalFacts, change: AccessChange): PrincipalFacts {
  switch (change.kind) {
    case 'organization_role':
      return change.principalId === principal.id ? { ...principal, organizationRole: change.role } : principal;
    case 'group_member':
      return change.principalId === principal.id ? setGroup(principal, change.group, change.role) : principal;
    case 'workspace_group': {
      const { group, workspace, role } = change;
      return principal.groups.some(({ id }) => id === group.id)
        ? setGrant(principal, workspace, role, group)
        : principal;
    }
    case 'workspace_member':
      return change.principalId === principal.id ? setGrant(principal, change.workspace, change.role, null) : principal;
    case 'role': {
      if (!principal.grants.some(({ role }) => role.id === change.id)) return principal;
      const { permissions } = change;
      const grants = principal.grants.map((grant) =>
        grant.role.id === change.id ? { ...grant, role: { ...grant.role, permissions } } : grant,
      );
      return { ...principal, grants };
    }
  }
}

function setGroup(
  principal: PrincipalFacts,
  { id, name, carried }: Named<GroupId> & { readonly carried: readonly WorkspaceGrant[] },
  role: GroupRole | null,
): PrincipalFacts {
  const groups: readonly GroupFacts[] = principal.groups.filter((group) => group.id !== id);
  if (role === null) {
    return { ...principal, groups, grants: principal.grants.filter(({ group }) => group?.id !== id) };
  }
  const isIn = groups.length < principal.groups.length;
  const grants = isIn
    ? principal.grants
    : [...principal.grants, ...carried.map((grant) => ({ ...grant, group: { id, name } }))];
  return { ...principal, groups: [...groups, { id, name, role }], grants };
}

/** The role in the workspace from one source: given directly (`group` null), or carried by that group. */
function setGrant(
  principal: PrincipalFacts,
  workspace: Named<WorkspaceId>,
  role: RoleFacts | null,
  group: Named<GroupId> | null,
): PrincipalFacts {
  const others = principal.grants.filter(
    (grant) => grant.workspaceId !== workspace.id || grant.group?.id !== group?.id,
  );
  if (role === null) return { ...principal, grants: others };
  const source = group && { id: group.id, name: group.name };
  const grant = { workspaceId: workspace.id, workspaceName: workspace.name, role, group: source };
  return { ...principal, grants: [...others, grant] };
}

function compare(
  { principal, organization }: PrincipalRecord,
  changed: PrincipalFacts,
): Pick<AccessDifference, 'gains' | 'losses'> {
  const before = accessOf({ principal, organization });
  const { organizationRole, groups, grants } = changed;
  const after = compileAccess({ organizationRole, groups, grants, registered: organization.registered });
  const places = placesOf(principal, changed, organization);
  return { gains: difference(after, before, places), losses: difference(before, after, places) };
}

interface NamedPlace {
  readonly place: Place;
  readonly where: PlacedPermission['where'];
}

function placesOf(
  before: PrincipalFacts,
  after: PrincipalFacts,
  organization: PrincipalRecord['organization'],
): readonly NamedPlace[] {
  const places = new Map<string, NamedPlace>();
  for (const { id, name } of [...before.groups, ...after.groups]) {
    places.set(id, { place: { kind: 'group', id }, where: { kind: 'group', id, name } });
  }
  for (const { workspaceId: id, workspaceName: name } of [...before.grants, ...after.grants]) {
    places.set(id, { place: { kind: 'workspace', id }, where: { kind: 'workspace', id, name } });
  }
  const { id, name } = organization;
  return [{ place: ORGANIZATION, where: { kind: 'organization', id, name } }, ...places.values()];
}

/** What `one` holds and `other` does not. */
function difference(one: Access, other: Access, places: readonly NamedPlace[]): PlacedPermission[] {
  return places.flatMap(({ place, where }) => {
    const held = other.held(place);
    return [...one.held(place)].filter((name) => !held.has(name)).map((permission) => ({ permission, where }));
  });
}
